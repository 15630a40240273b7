#!/usr/bin/env python3
"""log verify and log export against a database of ours: the chain computed here, an edited row, no database at all.

STRIKEBOOK is the path of the program.
"""
import json
import os
import time
import unittest

from eth_utils import keccak
from program import run
from service import Databases, Service, scratch
from signing import SEPARATOR, Maker, hexed


class Log(unittest.TestCase):
    def test_an_exported_log_hashes_and_an_edited_one_is_found(self):
        databases = Databases()
        service, maker = Service("--database-url", databases.url, "--redis-url", "none", "--migrate", "on"), Maker("log")
        hashes = [service.post("/offers", maker.post_body(n)[0]).json["offerHash"] for n in range(5)]
        service.post("/offers/cancel", maker.cancel_all(int(time.time()) + 1))
        where = ("--database-url", databases.url)
        lines = run("log", "export", *where).lines
        previous = hexed(SEPARATOR)
        for number, line in enumerate(lines, 1):
            data = json.dumps(line["data"], separators=(",", ":"), sort_keys=True) if line["data"] else ""
            texts = [line["eventType"], line["relatedId"] or "", line["txHash"] or "", "", str(line["createdAtMicros"]), data]
            self.assertEqual((line["seq"], line["prevHash"]), (number, previous))
            previous = hexed(keccak(
                bytes.fromhex(previous[2:]) + number.to_bytes(8, "big")
                + b"".join(len(t.encode()).to_bytes(4, "big") + t.encode() for t in texts)))
            self.assertEqual(line["hash"], previous)
        self.assertEqual([line["seq"] for line in run("log", "export", "--after", "9", *where).lines], [10, 11])
        sound = run("log", "verify", "--json", "--expect", f"11:{previous}", *where).json
        self.assertEqual((sound["sound"], sound["rows"], sound["head"]), (True, 11, {"seq": 11, "hash": previous}))
        self.assertIn(f"head 11:{previous}", run("log", "verify", *where).text)
        for expected in (f"11:0x{'00' * 32}", f"12:{previous}"):
            self.assertIn("finding", run("log", "verify", "--expect", expected, *where, code=5).text)
        run("log", "verify", "--expect", "eleven", *where, code=2)
        databases.query(f"UPDATE offers SET closed_seq = NULL, closed_reason = NULL WHERE offer_hash = '\\x{hashes[0][2:]}'")
        done = run("log", "verify", "--json", *where, code=5)
        self.assertEqual([finding["kind"] for finding in done.json["findings"]], ["closing_missing"])
        self.assertIn("1 finding", done.errors)

    def test_without_a_database_or_a_schema_it_says_so(self):
        nowhere = f"postgresql:///nothing?host={scratch('nowhere')}"
        for command in (("log", "verify"), ("log", "export"), ("export",), ("import", os.devnull)):
            run(*command, "--database-url", nowhere, code=3)
            run(*command, "--database-url", "postgres://[", code=3)


if __name__ == "__main__":
    unittest.main()
