#!/usr/bin/env python3
"""Two services on one database: a client of either hears the same, change by change, and may go from one to the other.

STRIKEBOOK is the path of the program.
"""
import random
import threading
import time
import unittest

from live import Live, LiveBook
from service import Databases, Service
from signing import Maker


class Replicas(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        databases = Databases()
        flags = ("--database-url", databases.url, "--redis-url", databases.redis_url, "--offer-rate-limit", "0",
                 "--migrate", "on")
        cls.services = [Service(*flags), Service(*flags)]

    def trade(self, part, seconds):
        """Both services are written to at once; the number of changes."""
        stop, counts = time.monotonic() + seconds, []

        def write(number):
            rng, maker = random.Random(number), Maker(f"live replica {number} {part}")
            mine, count = [], 0
            while time.monotonic() < stop:
                service = rng.choice(self.services)
                if mine and rng.random() < 0.3:
                    gone = [mine.pop() for _ in range(min(len(mine), rng.randrange(1, 40)))]
                    assert service.post("/offers/cancel", maker.cancel(*gone)).status == 200
                else:
                    bodies = [maker.post_body(f"{count} {n}", isCall=rng.random() < 0.5) for n in range(rng.randrange(1, 150))]
                    mine += [hash for _, hash in bodies]
                    count += len(bodies)
                    answer = service.post("/offers/batch", {"offers": [body for body, _ in bodies]})
                    assert all(result["status"] == 201 for result in answer.json["results"])
            counts.append(count)

        threads = [threading.Thread(target=write, args=(number,)) for number in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sum(counts)

    def newest(self, sides):
        # The one that acknowledged the last change shows it; the other may be a moment behind.
        return max(service.get(f"/orderbook/weth?side={side}&limit=1").json["seq"]
                   for service in self.services for side in sides)

    def reach(self, live, book, seq):
        limit = time.monotonic() + 20
        book.beats = 0
        while book.seq is None or book.seq < seq or not book.beats:
            assert time.monotonic() < limit, (book.seq, seq)
            book.take(live.receive())
            if book.seq != seq:
                book.beats = 0

    def test_clients_of_both_hear_the_same(self):
        lives = [Live(service) for service in self.services]
        self.assertEqual(lives[0].welcome, lives[1].welcome)
        for channel in ("offers", "orderbook:weth:call"):
            books = [LiveBook(live.subscribe(channel)) for live in lives]
            # One that changes sides for each part.
            wanderer, live = LiveBook(books[0].channel), Live(self.services[0])
            live.subscribe(channel)
            wanderer.take(live.until("snapshot"))
            for part in range(2):
                # Short enough for what is not read meanwhile to fit into a client's queue.
                self.assertGreater(self.trade(f"{channel} {part}", 0.5), 30)
                live.close()
                live = Live(self.services[(part + 1) % 2])
                live.subscribe(channel, fromSeq=wanderer.seq, epoch=wanderer.epoch)
            seq = self.newest(("call", "put") if channel == "offers" else ("call",))
            for end, book in [*zip(lives, books), (live, wanderer)]:
                self.reach(end, book, seq)
            self.assertGreater(len(books[0].deltas), 10)
            self.assertEqual(books[0].deltas, books[1].deltas)
            self.assertEqual(wanderer.resyncs, [])
            self.assertEqual(wanderer.deltas, books[0].deltas)
            self.assertEqual(books[0].rows, books[1].rows)
            self.assertEqual(wanderer.rows, books[1].rows)


if __name__ == "__main__":
    unittest.main()
