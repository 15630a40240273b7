#!/usr/bin/env python3
"""The commands of makers and takers: offer new, sign, verify, post and cancel; book, quote and demo.

STRIKEBOOK is the path of the program.
"""
import json
import os
import pty
import re
import subprocess
import time
import unittest

from checks import ServiceCase
from eth_account import Account
from program import clean_environment, key_file, lines_file, run
from service import PROGRAM, Service
from signing import CONTRACT, DAY, FIELDS, USDC, WBTC, WETH, Maker, hexed, offer_hash, typed

DOMAIN = ("--chain-id", "31337", "--verifying-contract", CONTRACT)
OFFER = ("--underlying", "weth", "--side", "call", "--collateral", "1.5weth", "--premium-per-day", "8usdc", "--max-days", "30")


class Life(ServiceCase):
    """An offer's whole life by commands, checked by eth-account and over HTTP."""

    def setUp(self):
        self.url = f"http://127.0.0.1:{self.service.port}"

    def test_from_new_to_cancelled(self):
        maker = Maker("life")
        key = key_file(maker)
        offer = run("offer", "new", *OFFER, "--underlying", "wbtc", "--collateral", "1.5wbtc", "--min-fill", "0.5WBTC",
                    "--min-days", "7", "--deadline", "+14d", "--key-file", key).json
        self.assertEqual(list(offer), [name for _, name in FIELDS])
        self.assertEqual(offer | {"deadline": 0}, {
            "writer": maker.address, "underlying": WBTC, "collateralAmount": "150000000", "stablecoin": USDC,
            "isCall": True, "premiumPerDay": "8000000", "minDuration": 7, "maxDuration": 30,
            "minFillAmount": "50000000", "deadline": 0, "configHash": "0x" + "00" * 32})
        self.assertAlmostEqual(offer["deadline"], time.time() + 14 * DAY, delta=60)

        signed = run("offer", "sign", "-", "--key-file", key, given=json.dumps(offer, indent=2)).json
        integers = {name: int(offer[name]) if kind == "uint256" else offer[name] for kind, name in FIELDS}
        self.assertEqual(signed, {"offer": offer, "signature": hexed(maker.eth_account_signature(integers))})
        hash = offer_hash(integers)

        verified = run("offer", "verify", "-", "--json", given=json.dumps(signed)).json
        self.assertEqual((verified["valid"], verified["signer"], verified["offerHash"], verified["note"]),
                         (True, maker.address, hash, None))
        posted = run("offer", "post", "-", "--url", self.url, given=json.dumps(signed))
        self.assertIn(f"open  {hash}", posted.text)
        again = run("offer", "post", "-", "--json", given=json.dumps(signed), STRIKEBOOK_URL=self.url).json
        self.assertEqual((again["offerHash"], again["status"]), (hash, "open"))
        self.assertEqual(self.offer(hash)["signature"], signed["signature"])
        # What the service shows of an offer can be verified as it is.
        run("offer", "verify", "-", given=json.dumps(self.offer(hash)))

        self.assertIn(f"{hash[:10]}…{hash[-5:]}", run("book", "wbtc", "--side", "call", "--url", self.url).text)
        quote = run("quote", "wbtc", "--side", "call", "--amount", "1.5wbtc", "--duration", "14", "--url", self.url)
        self.assertIn(hash, quote.text)
        self.assertIn("1.5 WBTC for 14 days: 112 USDC", quote.text)

        cancelled = run("offer", "cancel", hash, hash, "--key-file", key, "--url", self.url)
        self.assertEqual(cancelled.text.count(f"cancelled  {hash}"), 1)
        self.assertEqual(self.offer(hash)["status"], "cancelled")
        self.assertEqual(run("book", "wbtc", "--side", "call", "--json", "--url", self.url).json["calls"]["rows"], [])

    def test_cancel_all_reaches_what_was_accepted_and_nobody_else(self):
        maker, other = Maker("all"), Maker("all, another")
        mine = [self.post_offer(maker, n) for n in range(3)]
        others = self.post_offer(other)
        result = run("offer", "cancel", "--all", "--key-file", key_file(maker), "--url", self.url, "--json").json
        self.assertEqual(sorted(r["offerHash"] for r in result["results"]), sorted(mine))
        self.assertEqual(self.offer(others)["status"], "open")
        before = run("offer", "cancel", "--all", "--issued-before", int(time.time()) - DAY, "--key-file", key_file(other),
                     "--url", self.url)
        self.assertIn("no open offer", before.text)
        self.assertEqual(self.offer(others)["status"], "open")

    def test_six_hundred_hashes_are_two_messages(self):
        maker = Maker("many")
        named = [hexed(n.to_bytes(32, "big")) for n in range(1, 601)]
        answers = run("offer", "cancel", *named, "--key-file", key_file(maker), "--url", self.url, "--json").lines
        self.assertEqual([len(answer["results"]) for answer in answers], [500, 100])

    def test_posting_many_names_each_that_is_refused(self):
        maker = Maker("batch")
        bodies = [maker.post_body(n)[0] for n in range(150)]
        bodies[40]["offer"]["premiumPerDay"] = "0"
        bodies[120]["signature"] = "0x" + "11" * 65
        done = run("offer", "post", lines_file("many.jsonl", bodies), "--url", self.url, code=1)
        lines = done.text.splitlines()
        self.assertEqual(len([line for line in lines if "open" in line]), 148)
        self.assertRegex("\n".join(lines), r"offer 41: refused: .*\(code zero_premium, field premiumPerDay\)")
        self.assertRegex("\n".join(lines), r"offer 121: refused: .*\(code signature_v, field signature\)")
        self.assertIn("2 of 150", done.errors)
        run("offer", "post", "-", "--url", self.url, given=json.dumps(bodies[:3]))

    def test_a_refusal_is_a_sentence_with_its_code_and_diagnosis(self):
        maker = Maker("refused")
        offer = maker.offer()
        body = maker.body(offer) | {"signature": hexed(maker.eth_account_signature(offer, chainId=1))}
        done = run("offer", "post", "-", "--url", self.url, given=json.dumps(body), code=1)
        self.assertRegex(done.errors, r"code signature_mismatch, field signature(.|\n)*matches if chainId = 1")
        done = run("offer", "cancel", "0x" + "12" * 32, "--key-file", key_file(maker), "--url", self.url,
                   "--chain-id", "5", code=2)
        self.assertIn("signs for chain 31337", done.errors)

    def test_a_book_is_a_table_and_its_json_the_services_own(self):
        maker = Maker("table")
        token = "0x" + "77" * 20
        self.post_offer(maker, 1, underlying=token, premiumPerDay=3_000_000, minDuration=7)
        self.post_offer(maker, 2, underlying=token, isCall=False, collateralAmount=2_500_000_000, minFillAmount=1)
        arguments = ("book", token, "--url", self.url)
        text = run(*arguments).text
        self.assertNotIn("\x1b", text)
        for shown in ("calls", "puts", "USDC/day per USDC", "2,500", "7–30"):
            self.assertIn(shown, text)
        self.assertEqual(run(*arguments, "--json").text.strip(), self.service.get(f"/orderbook/{token}?limit=20").body.decode())
        self.assertIn("no offers", run("book", token, "--duration", "40", "--side", "call", "--url", self.url).text)
        self.assertIn("refused:", run("book", "nothing", "--url", self.url, code=1).errors)
        self.assertIn("\x1b[1m", on_terminal(*arguments))
        self.assertNotIn("\x1b", on_terminal(*arguments, NO_COLOR="1"))

    def test_a_reader_that_leaves_is_no_error_message(self):
        with subprocess.Popen([PROGRAM, "demo", "--help"], stdout=subprocess.PIPE) as program:
            program.stdout.close()
        process = subprocess.Popen([PROGRAM, "book", "weth", "--url", self.url], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, env=clean_environment())
        process.stdout.close()
        errors = process.stderr.read()
        process.stderr.close()
        self.assertEqual((process.wait(20), errors), (1, b""))


class Offline(unittest.TestCase):
    """What needs no service."""

    def test_verify_holds_eth_accounts_offers_and_diagnoses_the_rest(self):
        maker = Maker("doctor")
        offer = maker.offer()
        good = maker.body(offer) | {"signature": hexed(maker.eth_account_signature(offer))}
        self.assertIn(offer_hash(offer), run("offer", "verify", "-", given=json.dumps(good)).text)
        for changes, diagnosis in (({"chainId": 1}, "chainId = 1"), ({"version": "2"}, "version 2")):
            bad = good | {"signature": hexed(maker.eth_account_signature(offer, **changes))}
            done = run("offer", "verify", "-", given=json.dumps(bad), code=5)
            self.assertIn("matches", done.text)
            self.assertIn(diagnosis, done.text)
            shown = run("offer", "verify", "-", "--json", given=json.dumps(bad), code=5).json
            self.assertEqual((shown["valid"], shown["code"], shown["expected"]), (False, "signature_mismatch", maker.address))
        run("offer", "verify", "-", "--chain-id", "1", "--verifying-contract", CONTRACT,
            given=json.dumps(good | {"signature": hexed(maker.eth_account_signature(offer, chainId=1))}))
        both = run("offer", "verify", lines_file("both.jsonl", [good, bad]), "--json", code=5)
        self.assertEqual([line["valid"] for line in both.lines], [True, False])
        run("offer", "verify", "-", given='{"offer": {}}', code=5)
        run("offer", "verify", "-", given="no JSON", code=1)

    def test_terms_that_would_be_refused_now_are_a_note(self):
        maker = Maker("note")
        body, _ = maker.post_body(deadline=1_600_000_000)
        self.assertEqual(run("offer", "verify", "-", "--json", given=json.dumps(body)).json["note"]["code"], "deadline_passed")

    def test_our_signature_recovers_with_eth_account(self):
        key = Account.create()
        offer = run("offer", "new", *OFFER, STRIKEBOOK_PRIVATE_KEY=bytes(key.key).hex()).text
        signed = run("offer", "sign", "-", *DOMAIN, given=offer, STRIKEBOOK_PRIVATE_KEY="0x" + bytes(key.key).hex()).json
        values = {name: int(signed["offer"][name]) if kind == "uint256" else signed["offer"][name] for kind, name in FIELDS}
        self.assertEqual(Account.recover_message(typed(FIELDS, values), signature=signed["signature"]), key.address)

    def test_amounts_are_exact_or_refused(self):
        writer = ("--writer", "0x" + "21" * 20)
        for amount, units in (("1.5weth", "1500000000000000000"), ("1.5 WETH", "1500000000000000000"),
                              ("0.000000000000000001weth", "1"), ("17", "17"), ("2weth", "2" + "0" * 18)):
            offer = run("offer", "new", *OFFER, *writer, "--collateral", amount).json
            self.assertEqual((offer["collateralAmount"], offer["minFillAmount"]), (units, units))
        put = run("offer", "new", *OFFER, *writer, "--side", "put", "--collateral", "2500.5usdc").json
        self.assertEqual((put["collateralAmount"], put["isCall"]), ("2500500000", False))
        for amount in ("1.5", "1.5usdc", "1e18", "-1", "0.0000000000000000001weth", "weth", ".5weth", "1.weth", "0x10", "1_0",
                       str(2**256), "01"):
            self.assertIn("--collateral", run("offer", "new", *OFFER, *writer, "--collateral", amount, code=2).errors, amount)
        for flags, named in ((("--max-days", "366"), "maxDuration"), (("--min-fill", "2weth"), "minFillAmount"),
                             (("--deadline", "tomorrow"), "--deadline"), (("--underlying", "nothing"), "--underlying"),
                             (("--config-hash", "0x00"), "--config-hash"), (("--deadline", "1600000000"), "deadline"),
                             (("--underlying", WETH[:-1] + "G"), "--underlying")):
            self.assertIn(named, run("offer", "new", *OFFER, *writer, *flags, code=2).errors)

    def test_a_key_is_never_shown_and_not_read_where_others_could(self):
        maker = Maker("secret")
        secret = bytes(maker.account.key).hex()
        offer = run("offer", "new", *OFFER, "--key-file", key_file(maker)).text
        outputs = [run("offer", "sign", "-", "--key-file", key_file(maker, 0o644), given=offer, code=2),
                   run("offer", "sign", "-", given=offer, code=2, STRIKEBOOK_PRIVATE_KEY=secret + "00"),
                   run("offer", "sign", "-", given=offer, code=2, STRIKEBOOK_PRIVATE_KEY="zz" + secret),
                   run("offer", "sign", "-", given=offer, STRIKEBOOK_PRIVATE_KEY=secret),
                   run("offer", "sign", "-", "--key-file", key_file(Maker("another")), given=offer, code=2),
                   run("offer", "sign", "-", "--private-key", "0x12", given=offer, code=2),
                   run("offer", "sign", "-", given=offer, code=2)]
        for output in outputs:
            self.assertNotIn(secret, output.text + output.errors)
        self.assertIn("chmod 600", outputs[0].errors)
        self.assertIn("--key-file FILE", outputs[-1].errors)

    def test_every_command_shows_an_example(self):
        names = re.findall(r"^  ([a-z]+)  ", run("--help").text.partition("SUBCOMMANDS")[2], re.M)
        self.assertLess({"offer", "book", "quote", "log", "export", "import", "demo"}, set(names))
        for name in names:
            inner = re.findall(r"^  ([a-z]+)  ", run(name, "--help").text.partition("SUBCOMMANDS")[2], re.M)
            for command in [(name,), *((name, sub) for sub in inner)]:
                self.assertRegex(run(*command, "--help").text, r"(?s)Example: .*strikebook\s" + r"\s".join(command), command)


class Demonstration(unittest.TestCase):
    def test_it_fills_a_book_the_same_each_time_and_says_when_the_limit_stops_it(self):
        service = Service()
        url = f"http://127.0.0.1:{service.port}"
        self.assertIn("60 offers posted", run("demo", "--url", url).text)
        rows = service.get("/orderbook/weth?limit=1000").json
        self.assertTrue(rows["calls"]["rows"] and rows["puts"]["rows"])
        self.assertGreater(len({row["writer"] for side in ("calls", "puts") for row in rows[side]["rows"]}), 3)
        done = run("demo", "--url", url, "--count", "80", code=1)
        self.assertIn("were there already", done.text)
        self.assertIn("rate limit", done.text)
        service.end()


def on_terminal(*arguments, **environment):
    """What a command writes to a terminal."""
    primary, secondary = pty.openpty()
    variables = {"TERM": "xterm", **environment}
    process = subprocess.Popen([PROGRAM, *arguments], stdout=secondary, stderr=secondary, stdin=subprocess.DEVNULL,
                               env=clean_environment(**variables))
    os.close(secondary)
    text = b""
    while True:
        try:
            piece = os.read(primary, 1 << 16)
        except OSError:
            break
        if not piece:
            break
        text += piece
    os.close(primary)
    assert process.wait(20) == 0, text
    return text.decode()


if __name__ == "__main__":
    unittest.main()
