#!/usr/bin/env python3
"""Cancels at a running service: by hash and by time, before their offer, of another's offer, repeated; and expiry.

STRIKEBOOK is the path of the program.
"""
import time
import unittest

from checks import TIME, ServiceCase
from eth_utils import keccak
from service import eventually
from signing import CANCEL_TYPE, Maker, encode, hexed


class ByHash(ServiceCase):
    def test_a_cancelled_offer_leaves_the_book_and_says_so(self):
        maker = Maker("cancel")
        kept, gone = self.post_offer(maker, 1), self.post_offer(maker, 2)
        reply = self.cancel(maker.cancel(gone))
        self.assertEqual(list(reply), ["results", "signer", "bindingOnChain", "seq"])
        self.assertEqual((reply["signer"], reply["bindingOnChain"]), (maker.address, False))
        self.assertEqual(reply["results"], [{"offerHash": gone, "status": "cancelled", "seq": reply["seq"]}])
        shown = self.offer(gone)
        self.assertEqual((shown["status"], shown["filled"]), ("cancelled", "0"))
        self.assertRegex(shown["cancelledAt"], TIME)
        listed = [row["offerHash"] for row in self.service.rows("weth?side=call")]
        self.assertIn(kept, listed)
        self.assertNotIn(gone, listed)

    def test_a_repeated_cancel_changes_nothing(self):
        maker = Maker("twice")
        hash = self.post_offer(maker, 1)
        first = self.cancel(maker.cancel(hash))["results"][0]
        for body in (maker.cancel(hash), maker.cancel(hash) | {"writer": maker.address}):
            again = self.cancel(body)["results"][0]
            self.assertEqual((again["status"], again["seq"]), ("already_cancelled", first["seq"]))

    def test_one_message_cancels_five_hundred_and_no_more(self):
        maker = Maker("many")
        bodies = [maker.post_body(n, underlying="0x" + "89" * 20) for n in range(500)]
        self.assertEqual(self.service.post("/offers/batch", {"offers": [body for body, _ in bodies]}).status, 200)
        hashes = [hash for _, hash in bodies]
        results = self.cancel(maker.cancel(*hashes))["results"]
        self.assertEqual([r["offerHash"] for r in results], hashes)
        self.assertEqual({r["status"] for r in results}, {"cancelled"})
        self.assertEqual(len({r["seq"] for r in results}), 500)
        self.assert_problem(self.service.post("/offers/cancel", maker.cancel(*hashes, "0x" + "00" * 32)), 400,
                            "invalid_hash_count")
        self.assertEqual(self.service.rows("0x" + "89" * 20 + "?side=call"), [])

    def test_a_cancel_that_names_anothers_offer_cancels_nothing(self):
        maker, other = Maker("mine"), Maker("theirs")
        mine, theirs = self.post_offer(maker, 1), self.post_offer(other, 1)
        for body in (maker.cancel(mine, theirs), maker.cancel(theirs), maker.cancel(theirs) | {"writer": maker.address}):
            self.assert_problem(self.service.post("/offers/cancel", body), 422)
        self.assert_problem(self.service.post("/offers/cancel", maker.cancel(mine) | {"writer": other.address}), 422,
                            "signature_mismatch", "signature")
        self.assertEqual([self.offer(hash)["status"] for hash in (mine, theirs)], ["open", "open"])

    def test_a_cancel_before_its_offer_bites_when_it_comes(self):
        maker = Maker("early")
        body, hash = maker.post_body(1)
        first = self.cancel(maker.cancel(hash))["results"][0]
        self.assertEqual(first["status"], "tombstoned")
        self.assertEqual(self.cancel(maker.cancel(hash))["results"][0], first)
        answer = self.service.post("/offers", body)
        self.assertEqual((answer.status, answer.json["status"]), (201, "cancelled"), answer)
        self.assertEqual((self.service.post("/offers", body).status, self.offer(hash)["status"]), (200, "cancelled"))
        self.assertNotIn(hash, [row["offerHash"] for row in self.service.rows("weth?side=call")])

    def test_a_strangers_cancel_before_an_offer_does_not_bite(self):
        maker, stranger = Maker("victim"), Maker("early stranger")
        body, hash = maker.post_body(1)
        reply = self.cancel(stranger.cancel(hash))
        self.assertEqual((reply["results"][0]["status"], reply["signer"]), ("tombstoned", stranger.address))
        self.assertEqual(self.service.post("/offers", body).json["status"], "open")
        self.assertEqual(self.offer(hash)["status"], "open")

    def test_a_cancel_of_an_expired_offer_is_recorded(self):
        maker = Maker("too late")
        hash = self.post_offer(maker, 1, deadline=int(time.time()) + 1)
        eventually("its expiry", lambda: self.service.get(f"/offers?writer={maker.address}&status=expired").json["offers"])
        before = self.service.get("/health").json["seq"]
        first = self.cancel(maker.cancel(hash))["results"][0]
        self.assertEqual(first["status"], "expired")
        self.assertGreater(first["seq"], before)
        self.assertEqual(self.cancel(maker.cancel(hash))["results"][0]["seq"], first["seq"])

    def test_a_malformed_cancel_is_refused(self):
        maker = Maker("malformed cancel")
        good = maker.cancel("0x" + "01" * 32)
        for name, body, code in (
                ("no hashes", maker.cancel(), "invalid_hash_count"),
                ("a hash twice", maker.cancel("0x" + "01" * 32, "0x" + "01" * 32), "duplicate_hash"),
                ("no message", {"signature": good["signature"]}, "missing_field"),
                ("no signature", {"message": good["message"]}, "missing_field"),
                ("a short hash", good | {"message": {"offerHashes": ["0x01"]}}, "invalid_hex"),
                ("no list", good | {"message": {"offerHashes": "0x" + "01" * 32}}, "invalid_type"),
                ("an empty message", good | {"message": {}}, None), ("no object", good | {"message": []}, "invalid_type"),
                ("both messages", good | {"message": good["message"] | {"issuedBefore": 1}}, None),
                ("more", good | {"more": 1}, "unknown_field"),
                ("a broken writer", good | {"writer": "0x12"}, "invalid_address"),
                ("writer 0", good | {"writer": "0x" + "00" * 20}, "zero_address")):
            with self.subTest(name):
                self.assert_problem(self.service.post("/offers/cancel", body), 400, code)
        self.assert_problem(self.service.post("/offers/cancel", encode(good) + b" " * 65_536), 413, "body_too_large")
        self.assert_problem(self.service.request("POST", "/offers/cancel", encode(good), {"Content-Type": "text/plain"}), 415)
        self.assert_problem(self.service.post("/offers/cancel", good | {"signature": "0x" + "11" * 64 + "1d"}), 422,
                            "signature_v", "signature")

    def test_a_cancel_signed_in_another_domain_is_anothers(self):
        maker = Maker("other domain")
        hash = self.post_offer(maker, 1)
        wrong = keccak(b"\x19\x01" + bytes(32) + keccak(CANCEL_TYPE + keccak(bytes.fromhex(hash[2:]))))
        body = maker.cancel(hash) | {"signature": hexed(maker.sign(wrong))}
        self.assert_problem(self.service.post("/offers/cancel", body | {"writer": maker.address}), 422,
                            "signature_mismatch", "signature")
        self.assert_problem(self.service.post("/offers/cancel", body), 422)
        self.assertEqual(self.offer(hash)["status"], "open")


class ByTime(ServiceCase):
    def test_everything_accepted_before_is_cancelled_and_nothing_after(self):
        maker, other = Maker("all"), Maker("not all")
        hashes = [self.post_offer(maker, n) for n in range(3)]
        theirs = self.post_offer(other, 1)
        self.assertEqual(self.cancel(maker.cancel_all(int(time.time()) - 100))["results"], [])
        self.assertEqual([self.offer(hash)["status"] for hash in hashes], ["open"] * 3)
        time.sleep(1.001)
        reply = self.cancel(maker.cancel_all(int(time.time())))
        self.assertEqual([(r["offerHash"], r["status"]) for r in reply["results"]],
                         [(hash, "cancelled") for hash in hashes])
        self.assertEqual((reply["signer"], reply["bindingOnChain"]), (maker.address, False))
        self.assertEqual(self.offer(theirs)["status"], "open")
        later = self.post_offer(maker, 9)
        self.assertEqual(self.offer(later)["status"], "open")
        self.assertEqual(self.cancel(maker.cancel_all(int(time.time()) - 50))["results"], [])
        self.assertEqual(self.offer(later)["status"], "open")

    def test_a_moment_up_to_a_minute_ahead_reaches_offers_posted_until_then(self):
        maker = Maker("ahead")
        before = self.post_offer(maker, 1)
        limit = int(time.time()) + 3
        reply = self.cancel(maker.cancel_all(limit))
        self.assertEqual([r["offerHash"] for r in reply["results"]], [before])
        body, hash = maker.post_body(2)
        self.assertEqual((self.service.post("/offers", body).json["status"], time.time() < limit), ("cancelled", True))
        self.assertNotIn(hash, [row["offerHash"] for row in self.service.rows("weth?side=call")])
        eventually("the moment passes", lambda: time.time() > limit)
        self.assertEqual(self.service.post("/offers", body).json["status"], "cancelled")
        self.assertEqual(self.offer(self.post_offer(maker, 3))["status"], "open")

    def test_sixty_seconds_ahead_are_allowed_and_not_more(self):
        maker = Maker("minute")
        now = int(time.time())
        self.assert_problem(self.service.post("/offers/cancel", maker.cancel_all(now + 70)), 400, "issued_before_too_late",
                            "issuedBefore")
        self.assert_problem(self.service.post("/offers/cancel", maker.cancel_all(now * 1000)), 400,
                            "issued_before_too_late")
        self.assert_problem(self.service.post("/offers/cancel", maker.cancel_all(2**64 - 1)), 400)
        # At the edge, whatever the second is by the time it is read: one of the two is 61 ahead or just was.
        now = int(time.time())
        answers = [self.service.post("/offers/cancel", maker.cancel_all(now + 60 + more)).status for more in (0, 1)]
        if int(time.time()) == now:
            self.assertEqual(answers, [200, 400])
        self.assertEqual(answers[0], 200)

    def test_the_watermark_is_never_lowered(self):
        maker = Maker("never lowered")
        high = int(time.time()) + 55
        self.cancel(maker.cancel_all(high))
        self.cancel(maker.cancel_all(high - 50))
        self.cancel(maker.cancel_all(high))
        self.assertEqual(self.service.post("/offers", maker.post_body(1)[0]).json["status"], "cancelled")

    def test_only_the_writer_moves_it(self):
        maker, thief = Maker("owner"), Maker("thief")
        hash = self.post_offer(maker, 1)
        body = thief.cancel_all(int(time.time()) + 30, writer=maker.address)
        self.assert_problem(self.service.post("/offers/cancel", body), 422, "signature_mismatch", "signature")
        self.assertEqual(self.offer(hash)["status"], "open")

    def test_it_replays_as_nothing(self):
        maker = Maker("replay")
        body = maker.cancel_all(int(time.time()))
        self.cancel(body)
        time.sleep(1.001)
        hash = self.post_offer(maker, 1)
        seq = self.service.get("/health").json["seq"]
        self.assertEqual(self.cancel(body)["results"], [])
        self.assertEqual((self.offer(hash)["status"], self.service.get("/health").json["seq"]), ("open", seq))


class Expiry(ServiceCase):
    def test_offers_leave_the_book_within_about_a_second_of_their_deadline(self):
        maker, token = Maker("expiry"), "0x" + "90" * 20
        now = int(time.time())
        deadlines = {self.post_offer(maker, n, underlying=token, deadline=now + 2 + n % 3): now + 2 + n % 3
                     for n in range(30)}
        kept = self.post_offer(maker, 99, underlying=token)
        latest = 0
        while len(rows := self.service.rows(token + "?side=call")) > 1:
            for row in rows:
                latest = max(latest, time.time() - deadlines.get(row["offerHash"], time.time()))
        self.assertEqual([row["offerHash"] for row in rows], [kept])
        # The deadline is the last second at which it can be taken: one second of its own, one for the sweep.
        self.assertLess(latest, 3.5)
        self.assertEqual({self.offer(hash)["status"] for hash in deadlines}, {"expired"})
        listed = self.service.get(f"/offers?writer={maker.address}&status=expired").json["offers"]
        self.assertEqual({offer["offerHash"] for offer in listed}, set(deadlines))
        quote = self.service.get(f"/quote?underlying={token}&side=call&amount={10**18}&duration=7").json
        self.assertEqual(quote["candidates"], 1)

    def test_each_expiry_is_logged_once(self):
        maker = Maker("once")
        hashes = [self.post_offer(maker, n, deadline=int(time.time()) + 1) for n in range(5)]
        eventually("they expire", lambda: len(self.service.get(
            f"/offers?writer={maker.address}&status=expired").json["offers"]) == 5)
        seq = self.service.get("/health").json["seq"]
        time.sleep(0.8)
        self.assertEqual(self.service.get("/health").json["seq"], seq)
        self.assertFalse(any(self.service.get(f"/offers/{hash}/explain").json["takeable"] for hash in hashes))


if __name__ == "__main__":
    unittest.main()
