#!/usr/bin/env python3
"""The smart-contract store: records, state as bytes, executions; who may write, what is refused, and a Redis that lies.

STRIKEBOOK is the path of the program.
"""
import http.client
import subprocess
import threading
import unittest
from urllib.parse import quote

from checks import TIME, ServiceCase
from service import Databases, Service, eventually

KEY = "the operator's key"
BEARER = {"Authorization": f"Bearer {KEY}"}
FACTS = {"name": "Vault", "description": "holds things", "contractType": "vault", "deploymentTx": "0x" + "ab" * 32,
         "deploymentTime": "2026-01-02T03:04:05.678Z", "owner": "0x" + "11" * 20, "isActive": True}
_last = [0]


def new_address():
    _last[0] += 1
    return f"0x{_last[0]:040x}"


def execution(number=0, **changes):
    return {"executionId": f"e{number}", "functionName": "deposit", "caller": "0x" + "22" * 20,
            "timestamp": f"2026-01-02T03:04:{number % 60:02}.000Z", "gasUsed": str(21_000 + number),
            "success": True} | changes


class StoreCase(ServiceCase):
    flags = ("--offer-rate-limit", "0", "--operator-key", KEY)

    def write(self, method, path, body, type=None, **headers):
        if type:
            headers["Content-Type"] = type
        return self.service.request(method, path, body, BEARER | headers)

    def put(self, path, body, type="application/octet-stream"):
        return self.write("PUT", path, body, type if isinstance(body, bytes) else None)

    def contract(self, **changes):
        address = new_address()
        answer = self.put(f"/smart-contracts/{address}", FACTS | changes)
        self.assertEqual(answer.status, 201, answer)
        return f"/smart-contracts/{address}"


class Records(StoreCase):
    def test_a_record_reads_as_written_and_is_replaced_whole(self):
        path = self.contract()
        shown = self.service.get(path).json
        self.assertLessEqual(FACTS.items(), shown.items())
        self.assertRegex(shown["createdAt"], TIME)
        replaced = self.put(path, {"name": "New", "contractType": "vault"})
        self.assertEqual(replaced.status, 200)
        again = self.service.get(path).json
        self.assertEqual(again, replaced.json)
        self.assertEqual((again["name"], again["description"], again["owner"], again["deploymentTx"],
                          again["deploymentTime"], again["isActive"]), ("New", "", None, None, None, True))
        self.assertEqual(again["createdAt"], shown["createdAt"])

    def test_addresses_read_in_any_case_and_answer_in_one(self):
        mixed = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
        self.assertEqual(self.put(f"/smart-contracts/{mixed.lower()}", FACTS).json["address"], mixed)
        self.assertEqual(self.service.get(f"/smart-contracts/{mixed}").json["address"], mixed)
        self.assert_problem(self.service.get(f"/smart-contracts/{mixed[:-1]}B"), 400, "invalid_parameter", "address")
        self.assert_problem(self.service.get("/smart-contracts/vault"), 400, "invalid_parameter", "address")
        self.assert_problem(self.service.get("/smart-contracts/0x" + "fe" * 20), 404, "contract_not_found")

    def test_a_broken_body_names_its_field(self):
        path = f"/smart-contracts/{new_address()}"
        for changes, field in (({"name": ""}, "name"), ({"name": "x" * 257}, "name"), ({"contractType": 1}, "contractType"),
                               ({"deploymentTx": "0x12"}, "deploymentTx"), ({"deploymentTime": "yesterday"}, "deploymentTime"),
                               ({"owner": "0x1"}, "owner"), ({"isActive": "yes"}, "isActive"), ({"more": 1}, "more"),
                               ({"description": "x" * 8193}, "description")):
            self.assert_problem(self.put(path, FACTS | changes), 400, field=field)
        self.assert_problem(self.put(path, {"name": "x"}), 400, "missing_field", "contractType")
        self.assert_problem(self.write("PUT", path, b"{", "application/json"), 400, "invalid_json")
        self.assert_problem(self.write("PUT", path, b"{}", "text/plain"), 415)
        self.assert_problem(self.service.get(path), 404)

    def test_the_list_pages_through_all_in_order(self):
        made = {self.contract().rsplit("/", 1)[1] for _ in range(7)}
        seen, cursor = [], ""
        while True:
            page = self.service.get(f"/smart-contracts?limit=3{cursor}").json
            self.assertLessEqual(len(page["smartContracts"]), 3)
            seen += [contract["address"].lower() for contract in page["smartContracts"]]
            if page["nextCursor"] is None:
                break
            cursor = "&cursor=" + page["nextCursor"]
        self.assertEqual(seen, sorted(set(seen)))
        self.assertLessEqual(made, set(seen))
        self.assert_problem(self.service.get("/smart-contracts?cursor=" + "ab" * 30), 400, "invalid_cursor", "cursor")
        self.assert_problem(self.service.get("/smart-contracts?limit=0"), 400, field="limit")
        self.assert_problem(self.service.get("/smart-contracts?owner=1"), 400, "unknown_parameter")

    def test_only_the_operator_writes(self):
        path = self.contract()
        for method, way, body in (("PUT", path, FACTS), ("PUT", path + "/state/a", b"x"), ("DELETE", path + "/state/a", None),
                                  ("PUT", path + "/state", {"state": {"a": "0x00"}}), ("POST", path + "/executions", execution())):
            kind = {"Content-Type": "application/octet-stream"} if isinstance(body, bytes) else {}
            self.assert_problem(self.service.request(method, way, body, kind), 401)
            self.assert_problem(
                self.service.request(method, way, body, kind | {"Authorization": "Bearer wrong"}), 403)
        self.assertEqual(self.service.get(path + "/state").json, {"state": [], "nextCursor": None})
        self.assertEqual(self.service.get(path + "/executions").json, {"executions": [], "nextCursor": None})


class State(StoreCase):
    def test_bytes_in_the_same_bytes_out(self):
        path = self.contract()
        for number, value in enumerate((b"", b"\0", bytes(range(256)), b"\xff\xfe{}", bytes(1 << 20))):
            at = f"{path}/state/k{number}"
            self.assert_problem(self.service.get(at), 404, "state_not_found", "key")
            self.assertEqual(self.put(at, value).status, 201)
            answer = self.service.get(at)
            self.assertEqual((answer.status, answer.body), (200, value))
            self.assertEqual(answer.headers["Content-Type"], "application/octet-stream")
            self.assertEqual(self.put(at, value + b"!" if number < 4 else b"").status, 200)
        self.assertEqual(self.service.get(path + "/state/k0").body, b"!")
        self.assertEqual(self.put(path + "/state/big", bytes((1 << 20) + 1)).status, 413)
        # Without a media type bytes are bytes.
        connection = http.client.HTTPConnection("127.0.0.1", self.service.port)
        connection.request("PUT", path + "/state/plain", b"\1\2", BEARER)
        self.assertEqual(connection.getresponse().status, 201)
        connection.close()
        self.assert_problem(self.write("PUT", path + "/state/json", {"a": 1}), 415)

    def test_any_text_is_a_key(self):
        path = self.contract()
        keys = ["a/b", "a b", "100%", "%41", "ключ", "a?b=c&d", "..", "x" * 1024, "\t", "A", "a", "+"]
        for key in keys:
            self.assertEqual(self.put(f"{path}/state/{quote(key, safe='')}", key.encode()).status, 201, key)
        for key in keys:
            self.assertEqual(self.service.get(f"{path}/state/{quote(key, safe='')}").body, key.encode(), key)
        listed, cursor = [], ""
        while True:
            page = self.service.get(f"{path}/state?limit=5{cursor}").json
            listed += [(row["key"], row["size"]) for row in page["state"]]
            if page["nextCursor"] is None:
                break
            cursor = "&cursor=" + page["nextCursor"]
        self.assertEqual(listed, [(key, len(key.encode())) for key in sorted(keys, key=str.encode)])
        self.assert_problem(self.put(f"{path}/state/{'x' * 1025}", b"x"), 400, "invalid_length", "key")
        self.assert_problem(self.put(f"{path}/state/a%00b", b"x"), 400, "invalid_length", "key")
        self.assert_problem(self.put(f"{path}/state/%ff", b"x"), 400, "invalid_parameter", "key")

    def test_a_deleted_value_is_gone(self):
        path = self.contract()
        self.put(path + "/state/a", b"1")
        gone = self.write("DELETE", path + "/state/a", None)
        self.assertEqual((gone.status, gone.body), (204, b""))
        self.assert_problem(self.service.get(path + "/state/a"), 404, "state_not_found")
        self.assert_problem(self.write("DELETE", path + "/state/a", None), 404, "state_not_found")
        nowhere = f"/smart-contracts/{new_address()}"
        self.assert_problem(self.write("DELETE", nowhere + "/state/a", None), 404, "contract_not_found")
        self.assert_problem(self.put(nowhere + "/state/a", b"1"), 404, "contract_not_found")
        self.assert_problem(self.service.get(nowhere + "/state/a"), 404, "contract_not_found")

    def test_many_at_once_are_written_all_or_none(self):
        path = self.contract()
        self.put(path + "/state/old", b"1")
        values = {f"k{n:03}": "0x" + f"{n:02x}" * n for n in range(200)}
        answer = self.put(path + "/state", {"state": values | {"old": None, "never": None}})
        self.assertEqual(answer.status, 200, answer)
        statuses = {row["key"]: row["status"] for row in answer.json["results"]}
        self.assertEqual((statuses["k000"], statuses["old"], statuses["never"]), (201, 204, 404))
        self.assertEqual(self.service.get(path + "/state/k017").body, bytes([17] * 17))
        self.assert_problem(self.service.get(path + "/state/old"), 404)
        self.assert_problem(self.put(path + "/state", {"state": {"a": "0x00", "b": "0x0"}}), 400, "invalid_hex", "b")
        self.assert_problem(self.service.get(path + "/state/a"), 404)
        self.assert_problem(self.put(path + "/state", {"state": {}}), 400, "batch_size", "state")


class Executions(StoreCase):
    def test_an_execution_is_recorded_once(self):
        path = self.contract() + "/executions"
        first = self.write("POST", path, execution(1, errorMessage="out of gas", success=False))
        self.assertEqual(first.status, 201, first)
        self.assertEqual(self.service.get(path).json["executions"], [first.json])
        self.assertEqual((first.json["gasUsed"], first.json["errorMessage"]), ("21001", "out of gas"))
        again = self.write("POST", path, execution(1, errorMessage="out of gas", success=False, gasUsed=21001))
        self.assertEqual((again.status, again.json), (200, first.json))
        for changes in ({"gasUsed": "1"}, {"success": True}, {"errorMessage": None}, {"caller": "0x" + "33" * 20},
                        {"functionName": "x"}, {"timestamp": "2026-01-02T03:04:05.679Z"}):
            body = execution(1, errorMessage="out of gas", success=False) | changes
            self.assert_problem(self.write("POST", path, body), 409, "execution_differs", "executionId")
        self.assertEqual(self.service.get(path).json["executions"], [first.json])
        self.assert_problem(self.write("POST", f"/smart-contracts/{new_address()}/executions", execution()), 404,
                            "contract_not_found")

    def test_newest_first_page_by_page_while_more_come(self):
        path = self.contract() + "/executions"
        batch = [execution(n, timestamp=f"2026-01-02T03:{n // 7:02}:00.000Z") for n in range(50)]
        answer = self.write("POST", path, {"executions": batch})
        self.assertEqual([row["status"] for row in answer.json["results"]], [201] * 50)
        expected = [e["executionId"] for e in sorted(batch, key=lambda e: (e["timestamp"], e["executionId"]), reverse=True)]
        seen, cursor = [], ""
        while True:
            page = self.service.get(f"{path}?limit=9{cursor}").json
            seen += [row["executionId"] for row in page["executions"]]
            if page["nextCursor"] is None:
                break
            cursor = "&cursor=" + page["nextCursor"]
            self.write("POST", path, execution(1000 + len(seen), timestamp="2027-01-01T00:00:00Z"))
        self.assertEqual(seen, expected)

    def test_a_list_is_recorded_whole_or_not_at_all(self):
        path = self.contract() + "/executions"
        self.write("POST", path, execution(1))
        mixed = self.write("POST", path, {"executions": [execution(1), execution(2), execution(2)]})
        self.assertEqual((mixed.status, [row["status"] for row in mixed.json["results"]]), (201, [200, 201, 200]))
        self.assert_problem(self.write("POST", path, {"executions": [execution(3), execution(2, gasUsed="9")]}), 409)
        self.assert_problem(self.write("POST", path, {"executions": [execution(3), execution(3, gasUsed="9")]}), 409)
        self.assert_problem(self.write("POST", path, {"executions": [execution(3), execution(4, gasUsed="-1")]}), 400,
                            field="gasUsed")
        self.assert_problem(self.write("POST", path, {"executions": []}), 400, "batch_size")
        self.assert_problem(self.write("POST", path, {"executions": [execution(3)], "more": 1}), 400, field="more")
        self.assertEqual(len(self.service.get(path).json["executions"]), 2)

    def test_two_writers_of_the_same_executions_both_succeed(self):
        path = self.contract() + "/executions"
        batch = [execution(n) for n in range(300)]
        answers = []
        writers = [threading.Thread(target=lambda order=order: answers.append(
            self.write("POST", path, {"executions": order}))) for order in (batch, batch[::-1]) for _ in range(3)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        self.assertEqual({answer.status for answer in answers} - {200, 201}, set(), answers)
        new = [row for answer in answers for row in answer.json["results"] if row["status"] == 201]
        self.assertEqual(len(new), 300)


class Copies(unittest.TestCase):
    """Redis holds copies for outside readers, and nothing that stands there changes an answer."""

    def test_redis_may_hold_anything(self):
        databases = Databases()
        service = Service("--database-url", databases.url, "--redis-url", databases.redis_url, "--migrate", "on",
                          "--operator-key", KEY)
        address = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
        path = f"/smart-contracts/{address}"
        socket = databases.redis_url.removeprefix("unix://")

        def redis(*arguments):
            return subprocess.run(["redis-cli", "-s", socket, *map(str, arguments)], check=True, capture_output=True,
                                  text=True).stdout.strip()

        def write(value):
            answer = service.request("PUT", path + "/state/a", value, BEARER | {"Content-Type": "application/octet-stream"})
            self.assertIn(answer.status, (200, 201))

        self.assertEqual(service.request("PUT", path, FACTS, BEARER).status, 201)
        record, value = f"strikebook:contract:{address}", f"strikebook:state:{address}:a"
        write(b"one")
        eventually("the value is copied", lambda: redis("HGET", value, "value") == "one")
        eventually("the record is copied", lambda: '"name":"Vault"' in redis("HGET", record, "contract"))
        for key in (record, value):
            self.assertTrue(0 < int(redis("TTL", key)) <= 3600)
        for poison in (("SET", value, "poison"), ("HSET", value, "value", "poison"), ("FLUSHALL",),
                       ("HSET", value, "epoch", "x", "revision", "999999", "value", "poison"), ("LPUSH", value, "x")):
            if poison[0] in ("SET", "LPUSH"):
                redis("DEL", value)
            redis(*poison)
            self.assertEqual(service.get(path + "/state/a").body, b"one", poison)
            self.assertEqual(service.get(path).json["name"], "Vault")
            eventually(f"{poison} makes room", lambda: redis("HGET", value, "value") == "one")
        write(b"two")
        eventually("the new value is copied", lambda: redis("HGET", value, "value") == "two")
        self.assertEqual(service.request("DELETE", path + "/state/a", headers=BEARER).status, 204)
        eventually("the copy is gone", lambda: redis("HEXISTS", value, "value") == "0")
        databases.processes[1].terminate()
        databases.processes[1].wait(20)
        write(b"three")
        self.assertEqual(service.get(path + "/state/a").body, b"three")


if __name__ == "__main__":
    unittest.main()
