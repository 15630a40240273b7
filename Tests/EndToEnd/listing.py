#!/usr/bin/env python3
"""`GET /offers` of a running service: every filter, paging, refusals.

STRIKEBOOK is the path of the program.
"""
import time
import unittest

from checks import ServiceCase
from service import eventually
from signing import OTHER_STABLE, USDC, Maker


class Listing(ServiceCase):
    def test_offers_are_listed_by_every_filter(self):
        makers, underlying = [Maker("list 1"), Maker("list 2")], "0x" + "a6" * 20
        hashes = []
        for number in range(24):
            low = 1 + 10 * (number % 4)
            hashes.append(self.post_offer(
                makers[number % 2], number, underlying=underlying, isCall=number % 3 == 0, minDuration=low, maxDuration=low + 5,
                stablecoin=(USDC, OTHER_STABLE)[number % 5 == 0],
                deadline=int(time.time()) + (1 if number >= 20 else 9_000)))
        gone = hashes[:4]
        self.cancel(makers[0].cancel(*gone[0::2]))
        self.cancel(makers[1].cancel(*gone[1::2]))
        base = f"/offers?underlying={underlying}"
        eventually("four expire", lambda: len(self.service.get(base + "&status=expired").json["offers"]) == 4)
        reply = self.service.get(base).json
        self.assertEqual(list(reply), ["offers", "nextCursor", "seq", "asOf"])
        every = reply["offers"]
        self.assertEqual([offer["offerHash"] for offer in every], hashes)
        self.assertEqual([offer["seq"] for offer in every], sorted(offer["seq"] for offer in every))
        for query, keeps in (
                (f"&writer={makers[0].address}", lambda o: o["offer"]["writer"] == makers[0].address),
                ("&side=call", lambda o: o["offer"]["isCall"]), ("&side=put", lambda o: not o["offer"]["isCall"]),
                ("&stablecoin=usdc", lambda o: o["offer"]["stablecoin"] == USDC),
                ("&status=open", lambda o: o["status"] == "open"), ("&status=cancelled", lambda o: o["offerHash"] in gone),
                ("&status=expired", lambda o: o["status"] == "expired"), ("&status=filled", lambda o: False),
                ("&status=partially_filled", lambda o: False),
                ("&minDuration=20", lambda o: o["offer"]["maxDuration"] >= 20),
                ("&maxDuration=20", lambda o: o["offer"]["minDuration"] <= 20),
                (f"&createdAfter={every[9]['createdAt']}", lambda o: o["createdAt"] >= every[9]["createdAt"]),
                (f"&createdAfter={int(time.time()) + 100}", lambda o: False),
                ("&createdAfter=0", lambda o: True),
                ("&hashes=" + ",".join(hashes[3:6]), lambda o: o["offerHash"] in hashes[3:6]),
                (f"&hashes={every[7]['structHash']},{every[8]['encodedHash']}", lambda o: o["offerHash"] in hashes[7:9]),
                (f"&side=call&status=open&writer={makers[1].address}",
                 lambda o: o["offer"]["isCall"] and o["status"] == "open" and o["offer"]["writer"] == makers[1].address)):
            with self.subTest(query[:60]):
                answer = self.service.get(base + query)
                self.assertEqual(answer.status, 200, answer)
                kept = [offer["offerHash"] for offer in answer.json["offers"]]
                expected = [offer["offerHash"] for offer in every if keeps(offer)]
                if "createdAfter=2" in query:  # its milliseconds are cut, so that offer itself may be after it
                    self.assertIn(kept, (expected, [h for h in expected if h != hashes[9]]))
                else:
                    self.assertEqual(kept, expected)
                pages, cursor = [], ""
                while cursor is not None:
                    page = self.service.get(f"{base}{query}&limit=5{cursor}").json
                    pages += [offer["offerHash"] for offer in page["offers"]]
                    cursor = page["nextCursor"] and "&cursor=" + page["nextCursor"]
                self.assertEqual(pages, kept)

    def test_each_broken_filter_names_its_parameter(self):
        for query, field in (
                ("status=closed", "status"), ("writer=weth", "writer"), ("side=x", "side"), ("limit=0", "limit"),
                ("createdAfter=yesterday", "createdAfter"), ("createdAfter=2026-02-30T00:00:00.000Z", "createdAfter"),
                ("createdAfter=-1", "createdAfter"), ("hashes=", "hashes"), ("hashes=0x12", "hashes"), ("cursor=00", "cursor"),
                ("minDuration=0", "minDuration")):
            with self.subTest(query[:40]):
                self.assert_problem(self.service.get("/offers?" + query), 400, field=field)
        self.assert_problem(self.service.get("/offers?sort=premium"), 400, "unknown_parameter", "sort")
        first = self.service.get("/offers?limit=1").json["nextCursor"]
        self.assert_problem(self.service.get(f"/offers?side=call&cursor={first}"), 400, "invalid_cursor", "cursor")
        self.assertEqual(self.service.get("/offers", If_None_Match=self.service.get("/offers").headers["ETag"]).status, 304)


if __name__ == "__main__":
    unittest.main()
