#!/usr/bin/env python3
"""Batches of offers, and a deployment with a list of tokens.

STRIKEBOOK is the path of the program.
"""
import json
import unittest

from checks import ServiceCase
from eth_utils import to_checksum_address
from service import Service, scratch
from signing import USDC, Maker


class Batches(ServiceCase):
    def test_each_item_has_its_answer_in_order_and_one_bad_item_spoils_none(self):
        maker = Maker("batch")
        first, last = maker.post_body(1), maker.post_body(2)
        broken = maker.post_body(3)[0]
        results = self.service.post("/offers/batch", {"offers": [
            first[0], broken | {"signature": "0x" + "11" * 65}, maker.post_body(4, premiumPerDay=0)[0], 7, {},
            first[0], broken | {"more": 1}, last[0]]}).json["results"]
        self.assertEqual([r["status"] for r in results], [201, 422, 400, 400, 400, 200, 400, 201])
        self.assertEqual([r.get("offerHash") for r in results],
                         [first[1], None, None, None, None, first[1], None, last[1]])
        for result in results[1:5]:
            self.assertLessEqual({"code", "detail"}, result.keys())
        self.assertEqual((results[2]["code"], results[2]["field"]), ("zero_premium", "premiumPerDay"))
        self.assertLess(results[0]["seq"], results[7]["seq"])

    def test_what_is_wrong_with_the_text_of_one_item_spoils_none(self):
        good = [self.text(Maker("texts").post_body(number)[0]) for number in (1, 2)]
        twice = good[0].replace('"offer":', '"signature": "0x00", "offer":')
        body = b'{"offers": [' + ", ".join([good[0], twice, '{"offer": "\\ud800"}', good[1]]).encode() + b"]}"
        results = self.service.post("/offers/batch", body).json["results"]
        self.assertEqual([r["status"] for r in results], [201, 400, 400, 201])
        self.assertEqual(results[1]["field"], "signature")

    @staticmethod
    def text(body):
        return json.dumps(body)

    def test_five_hundred_are_taken_and_one_more_is_refused(self):
        maker = Maker("full batch")
        bodies = [maker.post_body(n, underlying="0x" + "88" * 20) for n in range(501)]
        answer = self.service.post("/offers/batch", {"offers": [body for body, _ in bodies]})
        self.assert_problem(answer, 400, "batch_size", "offers")
        self.assertEqual(self.service.get(f"/offers?writer={maker.address}").json["offers"], [])
        answer = self.service.post("/offers/batch", {"offers": [body for body, _ in bodies[:500]]})
        self.assertEqual(answer.status, 200, answer)
        results = answer.json["results"]
        self.assertEqual([r["offerHash"] for r in results], [hash for _, hash in bodies[:500]])
        self.assertEqual({r["status"] for r in results}, {201})
        self.assertEqual([r["seq"] for r in results], list(range(results[0]["seq"], results[0]["seq"] + 500)))

    def test_a_batch_that_is_no_list_of_offers_is_refused(self):
        for body in ({}, {"offers": []}, {"offers": {}}, {"offers": [], "more": 1}, []):
            self.assert_problem(self.service.post("/offers/batch", body), 400)
        self.assert_problem(self.service.post("/offers/batch", b'{"offers": [' + b" " * 2**20 + b"]}"), 413)


class ListedTokens(unittest.TestCase):
    def test_a_list_of_tokens_closes_the_book_to_all_others(self):
        file = scratch("tokens.json")
        file.write_text(json.dumps([
            {"symbol": "ABC", "address": "0x" + "a1" * 20, "decimals": 8, "stablecoin": False},
            {"symbol": "USD", "address": "0x" + "a2" * 20, "decimals": 6, "stablecoin": True}]))
        service = Service("--tokens", str(file), "--redis-url", "none", "--offer-rate-limit", "0")
        maker = Maker("tokens")
        listed = {"underlying": to_checksum_address("0x" + "a1" * 20), "stablecoin": to_checksum_address("0x" + "a2" * 20)}
        for changes, code, field in (({}, "token_not_listed", "underlying"),
                                     (listed | {"stablecoin": USDC}, "token_not_listed", "stablecoin")):
            answer = service.post("/offers", maker.post_body(1, **changes)[0])
            self.assertEqual((answer.status, answer.json["code"], answer.json["field"]), (400, code, field))
        self.assertEqual(service.post("/offers", maker.post_body(1, **listed)[0]).status, 201)
        self.assertEqual([row["underlying"] for row in service.rows("abc?side=call")], [listed["underlying"]])
        self.assertEqual(service.get("/orderbook/weth").status, 404)
        self.assertFalse(service.get("/protocol").json["limits"]["anyToken"])
        service.end()


if __name__ == "__main__":
    unittest.main()
