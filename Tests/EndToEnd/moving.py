#!/usr/bin/env python3
"""Moving a deployment: export and import. What was cancelled never comes back to life.

STRIKEBOOK is the path of the program.
"""
import json
import subprocess
import time
import unittest

from program import clean_environment, lines_file, run
from service import PROGRAM, Service, eventually, scratch
from signing import DAY, SEPARATOR, USDC, WBTC, WETH, Maker, hexed, in_json

FLAGS = ("--offer-rate-limit", "0")
BOOKS = ("weth?side=call", "weth?side=put", "wbtc?side=call", "wbtc?side=put")


def import_file(path, data, *flags, code=0, given=None):
    """What an import into a data directory reports."""
    return run("import", path, "--data-dir", data, "--json", *flags, code=code, given=given).json


def export_lines(data):
    """An export's header and records."""
    header, *records = run("export", "--data-dir", data).lines
    return header, records


def book(service):
    """Every row of the books in their order, without where they stand in the log and what they are worth now."""
    return {name: [{key: value for key, value in row.items() if key not in ("seq", "pricing")}
                   for row in service.rows(name, "calls" if "call" in name else "puts")] for name in BOOKS}


def post(service, body, status=201):
    answer = service.post("/offers", body)
    assert answer.status == status, answer
    return answer.json


def cancel(service, body):
    answer = service.post("/offers/cancel", body)
    assert answer.status == 200, answer
    return answer.json


def whole_second():
    """The next unix second, once it has begun."""
    second = int(time.time()) + 1
    eventually("the next second", lambda: time.time() >= second)
    return second


class Source:
    """A service with offers in every state that can be had without a chain."""

    def __init__(self):
        self.service = Service(*FLAGS)
        makers = [Maker(f"source {n}") for n in range(3)]
        self.expected, self.bodies = {}, {}
        for number in range(40):
            maker = makers[number % 3]
            put = number % 4 == 3
            self.post(maker, number, "open", underlying=(WETH, WBTC)[number % 2], isCall=not put,
                      collateralAmount=10**9 if put else 10**18, minFillAmount=10**(number % 8),
                      premiumPerDay=1_000_000 + number % 7 * 1_000)
        by_hash = [self.post(makers[0], n, "cancelled") for n in range(100, 110)]
        cancel(self.service, makers[0].cancel(*by_hash))
        early, hash = makers[1].post_body(110)
        cancel(self.service, makers[1].cancel(hash))
        assert post(self.service, early)["status"] == "cancelled"
        self.bodies[hash], self.expected[hash] = early, "cancelled"
        # Another's tombstone bites nobody.
        body, hash = makers[1].post_body(111)
        cancel(self.service, makers[2].cancel(hash))
        post(self.service, body)
        self.bodies[hash], self.expected[hash] = body, "open"
        # By time: before the moment, and after it.
        timed = Maker("source, timed")
        for number in range(5):
            self.post(timed, number, "cancelled")
        moment = whole_second()
        cancel(self.service, timed.cancel_all(moment))
        for number in range(5, 8):
            self.post(timed, number, "open")
        expiring = [self.post(makers[2], n, "expired", deadline=int(time.time()) + 2) for n in range(120, 123)]
        for hash in expiring:
            eventually("it expires", lambda: self.status(hash) == "expired")
        self.makers, self.timed = makers, timed

    def post(self, maker, number, status, **changes):
        body, hash = maker.post_body(number, **changes)
        post(self.service, body)
        self.bodies[hash], self.expected[hash] = body, status
        return hash

    def status(self, hash):
        return self.service.get(f"/offers/{hash}").json["status"]


class Moving(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.source = Source()

    def setUp(self):
        # The connection kept from an earlier test may be too old by now.
        self.source.service.local.connection = None

    def statuses(self, service):
        return {hash: service.get(f"/offers/{hash}").json["status"] for hash in self.source.expected}

    def test_a_deployment_moves_whole_and_nothing_comes_back_to_life(self):
        source = self.source
        self.assertEqual(self.statuses(source.service), source.expected)
        path, data = scratch("whole.jsonl"), scratch("whole")
        self.assertEqual(run("export", "--data-dir", source.service.data, "--out", path).text, "")
        report = import_file(path, data)
        counts = {status: list(source.expected.values()).count(status) for status in ("open", "cancelled", "expired")}
        self.assertEqual(report["offers"], {"new": len(source.expected), "existed": 0} | counts)
        self.assertEqual((report["cancels"], report["refused"]), (4, 0))

        head = run("log", "verify", "--data-dir", data, "--json").json["head"]
        again = import_file(path, data)
        self.assertEqual(again["offers"], {"new": 0, "open": 0, "cancelled": 0, "expired": 0, "existed": len(source.expected)})
        self.assertEqual(run("log", "verify", "--data-dir", data, "--json").json["head"], head)

        moved = Service(*FLAGS, data=data)
        self.assertEqual(self.statuses(moved), source.expected)
        self.assertEqual(book(moved), book(source.service))
        self.assertEqual(json.dumps(book(moved)), json.dumps(book(source.service)))
        # Posted again by anybody, each stays what it was.
        for hash, body in source.bodies.items():
            self.assertEqual(post(moved, body, 200)["status"], source.expected[hash])
        # Exported again it is the same, but for where and when it entered the log.
        first, second = (sorted((self.timeless(record) for record in export_lines(service.data)[1]), key=json.dumps)
                         for service in (source.service, moved))
        self.assertEqual(first, second)
        # Makers go on as before.
        kept = [row["offerHash"] for row in moved.rows("weth?side=call")]
        mine = next(h for h in kept if source.bodies[h]["offer"]["writer"] == source.makers[0].address)
        cancel(moved, source.makers[0].cancel(mine))
        self.assertEqual(moved.get(f"/offers/{mine}").json["status"], "cancelled")
        moved.stop()

    @staticmethod
    def timeless(record):
        return {key: value for key, value in record.items() if key not in ("seq", "createdAt", "cancelledAt")}

    def test_an_export_is_in_the_logs_order_and_says_whose_it_is(self):
        header, records = export_lines(self.source.service.data)
        self.assertEqual((header["strikebook"], header["chainId"]), ("export", "31337"))
        self.assertEqual(header["domainSeparator"], hexed(SEPARATOR))
        self.assertEqual((header["offers"], header["cancels"]), (len(self.source.expected), 4))
        self.assertEqual([r["seq"] for r in records], sorted(r["seq"] for r in records))
        offers = [record for record in records if "offer" in record]
        for record in offers[:5]:
            self.assertEqual(record, self.source.service.get(f"/offers/{record['offerHash']}?pricing=off").json)

    def test_a_later_export_closes_what_an_earlier_one_brought_open(self):
        service, maker = Service(*FLAGS), Maker("later")
        (kept, kept_hash), (gone, gone_hash), (named, named_hash) = (maker.post_body(n) for n in range(3))
        post(service, gone)
        post(service, named)
        first, data = lines_file("first.jsonl", run("export", "--data-dir", service.data).lines), scratch("later")
        moment = whole_second()
        # The first import comes after the moment that cancels what it brings.
        self.assertEqual(import_file(first, data)["offers"]["open"], 2)
        cancel(service, maker.cancel_all(moment))
        cancel(service, maker.cancel(named_hash))
        post(service, kept)
        second = lines_file("second.jsonl", run("export", "--data-dir", service.data).lines)
        report = import_file(second, data)
        self.assertEqual(report["offers"], {"new": 1, "open": 1, "cancelled": 0, "expired": 0, "existed": 2})
        shown = {r["offerHash"]: r["status"] for r in export_lines(data)[1] if "offer" in r}
        self.assertEqual(shown, {kept_hash: "open", gone_hash: "cancelled", named_hash: "cancelled"})
        # And the earlier file opens nothing again.
        import_file(first, data)
        self.assertEqual({r["offerHash"]: r["status"] for r in export_lines(data)[1] if "offer" in r}, shown)
        run("log", "verify", "--data-dir", data)
        service.stop()

    def test_every_form_of_a_record_and_what_is_refused(self):
        maker = Maker("forms")
        bodies = [maker.post_body(n) for n in range(12)]
        moment = int(time.time()) - 100
        earlier = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(moment - 50))
        later = moment + 50
        flat = {**bodies[2][0]["offer"], "signature": bodies[2][0]["signature"], "offerHash": bodies[2][1], "status": "open"}
        timed = Maker("forms, timed")
        before, after, unknown = (timed.post_body(n) for n in range(3))
        values = [
            bodies[0][0], bodies[1][0] | {"createdAt": later, "status": "open", "filled": "0"}, flat,
            bodies[3][0] | {"status": "cancelled"}, bodies[4][0] | {"status": "EXPIRED"},
            before[0] | {"createdAt": earlier}, after[0] | {"createdAt": later * 1000}, unknown[0], timed.cancel_all(moment),
            maker.post_body(20, deadline=1_700_000_000)[0], {"offers": [bodies[5][0], bodies[6][0]], "nextCursor": None},
        ]
        broken = [
            (bodies[7][0] | {"signature": "0x" + "22" * 65}, "signature_v"),
            (maker.body(maker.offer(30)) | {"signature": hexed(maker.eth_account_signature(maker.offer(30), chainId=1))},
             "signature_mismatch"),
            (bodies[8][0] | {"offerHash": "0x" + "01" * 32}, "hash_mismatch"), (bodies[8][0] | {"colour": "red"}, "unknown_field"),
            (bodies[8][0] | {"status": "filled"}, "filled_at_source"), (maker.post_body(31, premiumPerDay=0)[0], "zero_premium"),
            (maker.post_body(32, minDuration=400, maxDuration=500)[0], "invalid_duration"), (17, "invalid_type"),
            (timed.cancel_all(int(time.time()) + 3600), "issued_before_too_late"),
            (maker.cancel(bodies[0][1]) | {"signer": timed.address}, "signature_mismatch"),
            ({"strikebook": "export", "version": 1, "chainId": "1", "verifyingContract": USDC}, "other_deployment"),
        ]
        file = lines_file("forms.jsonl", values + [value for value, _ in broken])
        with file.open("a") as lines:
            lines.write("{not JSON\n\n" + '{"offer": 1, "offer": 2}\n' + "x" * (9 << 20) + "\n" + json.dumps(bodies[9][0]))
        report, data = scratch("refused.jsonl"), scratch("forms")
        done = import_file(file, data, "--report", report, code=5)
        self.assertEqual(done["offers"], {"new": 12, "open": 7, "cancelled": 3, "expired": 2, "existed": 0})
        refused = [json.loads(line) for line in report.read_text().splitlines()]
        by_line = {line["line"]: line["code"] for line in refused}
        for number, (_, code) in enumerate(broken, len(values) + 1):
            self.assertEqual(by_line.pop(number), code)
        last = len(values) + len(broken)
        self.assertEqual(by_line, {last + 1: "invalid_json", last + 3: "duplicate_field", last + 4: "record_too_long"})
        self.assertIn("matches if chainId = 1", [d for line in refused for d in line.get("diagnosis", [])])
        self.assertEqual((done["refused"], done["cancels"]), (len(refused), 1))
        shown = {r["offerHash"]: r["status"] for r in export_lines(data)[1] if "offer" in r}
        self.assertEqual([shown[hash] for _, hash in (before, after, unknown)], ["cancelled", "open", "cancelled"])

        array = scratch("array.json")
        array.write_text(json.dumps([body for body, _ in bodies], indent=1))
        self.assertEqual(import_file(array, data)["offers"], {"new": 4, "open": 4, "cancelled": 0, "expired": 0, "existed": 8})
        piped = import_file("-", data, given=array.read_text())
        self.assertEqual(piped["offers"]["existed"], 12)
        text = run("import", file, "--data-dir", data, code=5)
        self.assertIn("2 × signature_mismatch, the first in line 21: The signature recovers to", text.text)

    def test_a_cut_file_and_another_deployments_are_told(self):
        lines = run("export", "--data-dir", self.source.service.data).text.splitlines(keepends=True)
        cut, data = scratch("cut.jsonl"), scratch("cut")
        cut.write_text("".join(lines[:20]))
        done = run("import", cut, "--data-dir", data, code=1)
        self.assertIn("the file was cut", done.errors)
        self.assertIn("19 new", done.text)
        other = scratch("other.jsonl")
        other.write_text("".join(lines).replace('"chainId":"31337"', '"chainId":"10"', 1))
        self.assertIn("chain", run("import", other, "--data-dir", data, code=2).errors)
        run("import", cut, "--data-dir", data, "--chain-id", "10", code=2)
        run("import", scratch("nowhere"), "--data-dir", data, code=2)
        settings = scratch("settings.json")
        settings.write_text('{"chain-id": "10"}')
        run("import", cut, "--data-dir", data, "--config", settings, code=2)
        full = scratch("full.jsonl")
        full.write_text("".join(lines))
        self.assertEqual(import_file(full, data)["offers"]["existed"], 19)

    def test_an_import_that_was_killed_goes_on_where_it_stopped(self):
        service, maker = Service(*FLAGS), Maker("killed")
        bodies = [maker.post_body(n, underlying="0x" + "62" * 20) for n in range(4000)]
        file, name = lines_file("killed.jsonl", [body for body, _ in bodies]), "0x" + "62" * 20 + "?side=call&limit=1000"
        process = subprocess.Popen([PROGRAM, "import", file, "--data-dir", service.data], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, env=clean_environment())
        eventually("the first offers are in", lambda: service.get(f"/orderbook/{name}").json["calls"]["rows"])
        process.kill()
        process.wait(20)
        report = import_file(file, service.data)["offers"]
        self.assertEqual((report["new"] + report["existed"], report["existed"] > 0), (4000, True))
        eventually("the book has them", lambda: len(service.rows(name)) == 4000)
        self.assertEqual([row["offerHash"] for row in service.rows(name)], [hash for _, hash in bodies])
        run("log", "verify", "--data-dir", service.data)
        service.stop()

    def test_a_reader_that_leaves_ends_an_export_and_the_servers_it_started(self):
        data, file = scratch("left"), lines_file("left.jsonl", [Maker("left").post_body(n)[0] for n in range(2000)])
        import_file(file, data)
        for command in ("export", "log export"):
            process = subprocess.Popen([PROGRAM, *command.split(), "--data-dir", data], stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, env=clean_environment())
            process.stdout.read(100)
            process.stdout.close()
            errors = process.stderr.read()
            process.stderr.close()
            self.assertEqual((process.wait(60), errors), (1, b""))
            self.assertFalse((data / "postgres" / "postmaster.pid").exists())

    def test_a_running_service_shows_what_is_imported_into_its_database(self):
        service, maker = Service(*FLAGS), Maker("live")
        bodies = [maker.post_body(n, underlying="0x" + "61" * 20) for n in range(1200)]
        file = lines_file("live.jsonl", [body for body, _ in bodies])
        begin = time.monotonic()
        self.assertEqual(import_file(file, service.data)["offers"]["open"], 1200)
        print(f"1200 offers imported beside a service in {time.monotonic() - begin:.1f} s")
        name = "0x" + "61" * 20 + "?side=call&limit=1000"
        eventually("the book has them", lambda: len(service.rows(name)) == 1200)
        self.assertEqual([row["offerHash"] for row in service.rows(name)], [hash for _, hash in bodies])
        service.stop()


if __name__ == "__main__":
    unittest.main()
