#!/usr/bin/env python3
"""Rate limits of a running service: per client and per writer, by batches, behind proxies, with and without Redis.

STRIKEBOOK is the path of the program.
"""
import unittest

from checks import ServiceCase
from service import Service
from signing import Maker


class Limited(ServiceCase):
    """The default limit, 100 in 15 minutes; each test is a client of its own by its forwarded address."""
    flags = ("--trusted-proxies", "127.0.0.1/32,10.0.0.0/8")
    addresses = iter(range(1, 250))

    def setUp(self):
        self.address = f"203.0.113.{next(Limited.addresses)}"

    def post(self, body, path="/offers", address=None):
        return self.service.post(path, body, X_Forwarded_For=address or self.address)

    def assert_limited(self, answer):
        problem = self.assert_problem(answer, 429, "rate_limited")
        self.assertTrue(problem["detail"].startswith("Too many offers created"))
        self.assertTrue(1 <= int(answer.headers["Retry-After"]) <= 900)

    def test_a_client_may_post_a_hundred_and_is_told_how_many_are_left(self):
        makers = [Maker(f"limit {self.address} {n}") for n in range(3)]
        for number in range(100):
            answer = self.post(makers[number % 3].post_body(number)[0])
            self.assertEqual(answer.status, 201)
            self.assertEqual((answer.headers["RateLimit-Limit"], answer.headers["RateLimit-Remaining"]),
                             ("100", str(99 - number)))
            self.assertTrue(1 <= int(answer.headers["RateLimit-Reset"]) <= 900)
        answer = self.post(makers[0].post_body(100)[0])
        self.assert_limited(answer)
        self.assertEqual(answer.headers["RateLimit-Remaining"], "0")
        self.assert_limited(self.post(makers[0].post_body(1)[0]))
        # Reads and cancels are not limited by it, nor are other clients.
        self.assertEqual(self.service.get("/orderbook/weth", X_Forwarded_For=self.address).status, 200)
        hash = makers[0].post_body(0)[1]
        self.assertEqual(self.post(makers[0].cancel(hash), "/offers/cancel").status, 200)
        self.assertEqual(self.post(Maker("neighbour").post_body(1)[0], address="203.0.113.250").status, 201)

    def test_refused_offers_count_for_the_client_and_not_for_the_writer_they_name(self):
        victim = Maker(f"victim {self.address}")
        forged = victim.post_body(1)[0] | {"signature": "0x" + "11" * 64 + "1b"}
        for _ in range(50):
            self.assertEqual(self.post(forged).status, 422)
            self.assertEqual(self.post(b"{").status, 400)
        self.assert_limited(self.post(forged))
        self.assertEqual(self.post(victim.post_body(1)[0], address="203.0.113.251").status, 201)

    def test_a_writer_may_post_a_hundred_from_anywhere(self):
        maker = Maker(f"busy {self.address}")
        for number in range(100):
            self.assertEqual(self.post(maker.post_body(number)[0], address=f"198.51.100.{number % 5}").status, 201)
        answer = self.post(maker.post_body(100)[0], address="198.51.100.9")
        self.assertIn("writer", self.assert_problem(answer, 429, "rate_limited")["detail"])
        # What is there already is no new offer, open or not.
        self.assertEqual(self.post(maker.post_body(7)[0], address="198.51.100.9").status, 200)
        self.assertEqual(self.post(maker.cancel(maker.post_body(7)[1]), "/offers/cancel").status, 200)
        answer = self.post(maker.post_body(7)[0], address="198.51.100.9")
        self.assertEqual((answer.status, answer.json.get("status")), (200, "cancelled"), answer)
        answer = self.post({"offers": [maker.post_body(7)[0]]}, "/offers/batch", address="198.51.100.9")
        self.assertEqual(answer.json["results"][0]["status"], 200)

    def test_each_item_of_a_batch_counts_and_those_over_the_limit_answer_in_place(self):
        makers = [Maker(f"batch {self.address} {n}") for n in range(2)]
        bodies = [makers[n % 2].post_body(n)[0] for n in range(130)]
        answer = self.post({"offers": bodies}, "/offers/batch")
        self.assertEqual(answer.status, 200)
        results = answer.json["results"]
        self.assertEqual([r["status"] for r in results], [201] * 100 + [429] * 30)
        self.assertEqual({r["code"] for r in results[100:]}, {"rate_limited"})
        self.assertEqual((answer.headers["RateLimit-Limit"], answer.headers["RateLimit-Remaining"]), ("100", "0"))
        self.assert_limited(self.post(bodies[0]))

    def test_the_forwarded_address_is_the_last_that_is_no_proxy(self):
        maker = Maker(f"forwarded {self.address}")
        def left(forwarded):
            return int(self.post(b"{", address=forwarded).headers["RateLimit-Remaining"])
        self.assertEqual(left(self.address), 99)
        self.assertEqual(left(f"192.0.2.66, {self.address}"), 98)
        self.assertEqual(left(f"{self.address}, 10.1.2.3, 10.4.5.6"), 97)
        self.assertEqual(left(f"nonsense, {self.address},10.1.2.3"), 96)
        self.assertEqual(left(f"198.51.100.200, {self.address}"), 95)
        self.assertEqual(left("198.51.100.200"), 99)


class LimitedWithoutRedis(Limited):
    flags = ("--trusted-proxies", "127.0.0.1/32,10.0.0.0/8", "--redis-url", "none")


class Untrusted(unittest.TestCase):
    def test_a_strangers_forwarded_for_is_not_believed(self):
        service = Service("--offer-rate-limit", "5", "--redis-url", "none")
        left = [service.post("/offers", b"{", X_Forwarded_For=f"203.0.113.{n}").headers["RateLimit-Remaining"]
                for n in range(6)]
        self.assertEqual(left, ["4", "3", "2", "1", "0", "0"])
        service.end()


if __name__ == "__main__":
    unittest.main()
