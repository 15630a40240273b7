#!/usr/bin/env python3
"""Two services on one database: both write at once, each sees the other's, one leads, and the lead passes on.

STRIKEBOOK is the path of the program.
"""
import random
import signal
import threading
import time
import unittest

from log_chain import verify
from service import Databases, Service, eventually
from signing import Maker, encode


class Replicas(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.databases = Databases()
        cls.flags = ("--database-url", cls.databases.url, "--redis-url", cls.databases.redis_url, "--offer-rate-limit", "0",
                     "--migrate", "on")
        cls.services = [Service(*cls.flags), Service(*cls.flags)]

    def leaders(self):
        return [service for service in self.services if service.get("/stats").json["leader"] == 1]

    def same_books(self):
        paths = ["/orderbook/weth?pricing=off", "/orderbook/weth?side=call&limit=1000&pricing=off",
                 "/orderbook/weth?sort=-premium&pricing=off", "/depth/weth"]
        looks = [[(a.body, a.headers["ETag"]) for a in map(service.get, paths)] for service in self.services]
        return looks[0] == looks[1] and all(tag for _, tag in looks[0]) and looks[0]

    def test_1_both_write_at_once_and_the_log_has_no_gap(self):
        answers, errors = [], []

        def write(number):
            rng, maker = random.Random(number), Maker(f"replica {number}")
            for count in range(60):
                service = rng.choice(self.services) if number % 2 else self.services[number // 2 % 2]
                body, hash = maker.post_body(count, premiumPerDay=rng.randrange(1, 1000), isCall=rng.random() < 0.7)
                answer = service.post("/offers", body)
                if answer.status != 201:
                    errors.append(answer)
                answers.append((answer.json["seq"], hash))
                if rng.random() < 0.4:
                    answer = rng.choice(self.services).post("/offers/cancel", maker.cancel(hash))
                    if answer.status != 200 or answer.json["results"][0]["status"] != "cancelled":
                        errors.append(answer)
                if rng.random() < 0.2:
                    # What one took the other knows, whether it has followed or not.
                    answer = rng.choice(self.services).post("/offers", body)
                    if answer.status != 200 or answer.json["offerHash"] != hash:
                        errors.append(answer)

        threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(errors, [])
        seqs = [seq for seq, _ in answers]
        self.assertEqual((len(seqs), len(set(seqs))), (480, 480))
        rows = verify(self.databases.query)
        created = {related: seq for seq, kind, related in rows if kind == "offer_created"}
        self.assertEqual(created, {hash: seq for seq, hash in answers})
        eventually("both show the same books", self.same_books, 5)
        self.assertEqual(*[service.get("/health").json["seq"] for service in self.services])

    def test_2_each_sees_the_others_offers_and_cancels_within_a_second(self):
        maker = Maker("seen")
        slowest = 0
        for number in range(20):
            here, there = self.services[number % 2], self.services[1 - number % 2]
            body, hash = maker.post_body(number, premiumPerDay=1)

            def listed():
                return hash in [row["offerHash"] for row in there.get("/orderbook/weth?side=call").json["calls"]["rows"]]

            self.assertEqual(here.post("/offers", body).status, 201)
            begin = time.monotonic()
            eventually("the other lists it", listed, 5)
            self.assertEqual(here.post("/offers/cancel", maker.cancel(hash)).status, 200)
            middle = time.monotonic()
            eventually("the other hides it", lambda: not listed(), 5)
            slowest = max(slowest, middle - begin, time.monotonic() - middle)
        self.assertLess(slowest, 1)

    def test_3_cursors_and_tags_of_one_hold_at_the_other(self):
        first, second = self.services
        page = first.get("/orderbook/weth?side=call&limit=10&pricing=off")
        cursor = page.json["calls"]["nextCursor"]
        path = f"/orderbook/weth?side=call&limit=10&pricing=off&cursor={cursor}"
        self.assertEqual(first.get(path).body, second.get(path).body)
        self.assertEqual(second.get("/orderbook/weth?side=call&limit=10&pricing=off", If_None_Match=page.headers["ETag"]).status, 304)

    def test_4_a_cancel_at_one_binds_an_offer_posted_to_the_other(self):
        first, second = self.services
        maker = Maker("crossed")
        body, hash = maker.post_body(1)
        first.post("/offers/cancel", maker.cancel(hash))
        self.assertEqual(second.post("/offers", body).json["status"], "cancelled")
        second.post("/offers/cancel", maker.cancel_all(int(time.time()) + 30))
        self.assertEqual(first.post("/offers", maker.post_body(2)[0]).json["status"], "cancelled")

    def test_5_both_take_the_same_offer_once(self):
        maker = Maker("the same")
        for number in range(15):
            body, _ = maker.post_body(number)
            text, answers, barrier = encode(body), [], threading.Barrier(6)

            def post(service):
                barrier.wait()
                answers.append(service.post("/offers", text))

            threads = [threading.Thread(target=post, args=(self.services[n % 2],)) for n in range(6)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(sorted(answer.status for answer in answers), [200] * 5 + [201])
            self.assertEqual(len({answer.json["seq"] for answer in answers}), 1)

    def test_5_one_that_is_frozen_does_not_hold_up_the_other_for_long(self):
        stop, told, refused, slowest = threading.Event(), {}, {}, [0, 0]

        def write(number):
            place = number % 2
            maker = Maker(f"frozen {number}")
            for count in range(100_000):
                if stop.is_set():
                    return
                body, hash = maker.post_body(count)
                begin = time.monotonic()
                answer = self.services[place].post("/offers", body)
                slowest[place] = max(slowest[place], time.monotonic() - begin)
                if answer.status in (200, 201):
                    told[hash] = answer.json["seq"]
                else:
                    refused[hash] = (answer.status, answer.json["code"])

        threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for pause in (0.31, 0.57, 0.83):
            time.sleep(pause)
            self.services[0].process.send_signal(signal.SIGSTOP)
            time.sleep(3)
            self.services[0].process.send_signal(signal.SIGCONT)
        time.sleep(0.5)
        stop.set()
        for thread in threads:
            thread.join()
        # The database ends a transaction that stands idle for two seconds.
        self.assertLess(slowest[1], 3)
        created = {related: seq for seq, kind, related in verify(self.databases.query) if kind == "offer_created"}
        self.assertEqual({hash: created.get(hash) for hash in told}, told)
        self.assertEqual({status for status, _ in refused.values()} - {503}, set())
        self.assertEqual({hash for hash, (_, code) in refused.items() if code == "not_stored"} & created.keys(), set())
        eventually("the books agree", self.same_books)

    def test_6_one_leads_and_the_lead_passes_on(self):
        eventually("one leads", lambda: len(self.leaders()) == 1)
        maker = Maker("leaders")
        for number in (signal.SIGKILL, signal.SIGTERM):
            leader = self.leaders()[0]
            follower = next(service for service in self.services if service is not leader)
            deadline = int(time.time()) + 3
            body, hash = maker.post_body(int(number), deadline=deadline)
            self.assertEqual(leader.post("/offers", body).status, 201)
            leader.stop(number)
            eventually("the other leads", lambda: follower.get("/stats").json["leader"] == 1, 10)
            eventually("it logs the expiry", lambda: follower.get(f"/offers?hashes={hash}&status=expired").json["offers"], 10)
            self.services[self.services.index(leader)] = Service(*self.flags)
            eventually("the books agree", self.same_books)
            self.assertEqual(len(self.leaders()), 1)

    def test_7_in_the_end_the_log_is_whole(self):
        rows = verify(self.databases.query)
        closed = [related for _, kind, related in rows if kind in ("offer_cancelled", "offer_expired")]
        self.assertEqual(len(closed), len(set(closed)), "an offer was closed twice")


if __name__ == "__main__":
    unittest.main()
