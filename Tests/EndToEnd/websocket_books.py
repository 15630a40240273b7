#!/usr/bin/env python3
"""The live book: a client that adds up what it is told holds the service's book, through thousands of changes, cuts,
restarts and replays.

STRIKEBOOK is the path of the program.
"""
import asyncio
import json
import random
import threading
import time
import unittest

import websockets

from checks import ServiceCase
from live import Live, LiveBook, follow
from service import Service, eventually
from signing import WBTC, WETH, Maker

CHANNELS = [f"orderbook:{token}:{side}" for token in ("weth", "wbtc") for side in ("call", "put")] + ["offers"]


LARGE = "0x" + "77" * 20


class Trader:
    """Posts, cancels and (where it is `fickle`) lets expire at random, over HTTP."""

    def __init__(self, service, seed, underlyings=(WETH, WBTC), fickle=False):
        self.service, self.rng, self.maker = service, random.Random(seed), Maker(f"live {seed}")
        self.underlyings, self.fickle = underlyings, fickle
        self.open, self.number, self.operations = [], 0, 0

    def _body(self):
        self.number += 1
        changes = {}
        if self.fickle and self.rng.random() < 0.3:
            changes["deadline"] = int(time.time()) + self.rng.randrange(2, 5)
        body, hash = self.maker.post_body(
            self.number, underlying=self.rng.choice(self.underlyings), isCall=self.rng.random() < 0.5,
            premiumPerDay=self.rng.randrange(1, 500), collateralAmount=self.rng.choice((10**17, 10**18, 3 * 10**18)),
            **changes)
        self.open.append(hash)
        return body

    def step(self):
        if self.open and self.rng.random() < 0.4:
            count = min(len(self.open), self.rng.randrange(1, 30))
            gone = [self.open.pop(self.rng.randrange(len(self.open))) for _ in range(count)]
            answer = self.service.post("/offers/cancel", self.maker.cancel(*gone))
            assert answer.status == 200, answer
        elif self.rng.random() < 0.5:
            count = self.rng.randrange(2, 120)
            answer = self.service.post("/offers/batch", {"offers": [self._body() for _ in range(count)]})
            assert answer.status == 200 and all(r["status"] == 201 for r in answer.json["results"]), answer
        else:
            count = 1
            assert (answer := self.service.post("/offers", self._body())).status == 201, answer
        self.operations += count


class Books(ServiceCase):
    def books(self, live, channels=CHANNELS):
        return [LiveBook(live.subscribe(channel)) for channel in channels]

    def assert_is_rest(self, book):
        """The book of an orderbook channel is what REST shows at the same seq."""
        _, token, side = book.channel.split(":")
        rows = self.service.rows(f"{token}?side={side}&limit=1000&pricing=off", side + "s")
        answer = self.service.get(f"/orderbook/{token}?side={side}&limit=1").json
        self.assertEqual((book.seq, book.sorted()), (answer["seq"], rows), book.channel)

    def newest(self, channel):
        """The seq of a channel's newest change, as REST has it."""
        sides = [channel.split(":")[1:]] if channel != "offers" else [
            (token, side) for token in ("weth", "wbtc", LARGE) for side in ("call", "put")]
        return max(self.service.get(f"/orderbook/{token}?side={side}&limit=1").json["seq"] for token, side in sides)

    def settled(self, live, books):
        """Reads until every book is at its newest change and a heartbeat has confirmed it there."""
        def done(book, seq):
            if book.seq != seq:
                book.beats = 0
            return book.seq == seq and book.beats
        ends = [(book, self.newest(book.channel)) for book in books]
        for book in books:
            book.beats = 0
        take_all(live, books, lambda: all([done(book, seq) for book, seq in ends]))

    def test_1_random_operations_add_up_to_the_book(self):
        live, late = Live(self.service), Live(self.service)
        books, late_books = self.books(live), None
        traders = [Trader(self.service, seed, fickle=True) for seed in range(3)]
        begin = time.monotonic()

        def operations():
            return sum(trader.operations for trader in traders)

        def trade(trader):
            # Until those who came late have seen some of it too.
            while (operations() <= 2_500 or time.monotonic() < begin + 5) and time.monotonic() < begin + 60:
                trader.step()

        threads = [threading.Thread(target=trade, args=(trader,)) for trader in traders]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            take(live, books)
            if late_books is not None:
                take(late, late_books)
            elif time.monotonic() - begin > 3:
                late_books = self.books(late)
        for thread in threads:
            thread.join()
        # The short offers have expired too.
        eventually("the sweep is done", lambda: not any(
            row["deadline"] < time.time() for token in ("weth", "wbtc") for side in ("call", "put")
            for row in self.service.rows(f"{token}?side={side}&limit=1000", side + "s")))
        self.settled(live, books)
        self.settled(late, late_books)
        for book in books[:4] + late_books[:4]:
            self.assert_is_rest(book)
        self.assertEqual(len(books[4].rows), sum(len(book.rows) for book in books[:4]))
        self.assertEqual(books[4].rows, late_books[4].rows)
        self.assertGreater(operations(), 2_000)
        self.assertGreater(sum(len(delta["changes"]) for delta in books[4].deltas), 2_000)
        # Every channel tells of the same changes, in the same order.
        for book in books[:4]:
            mine = [change["offerHash"] for delta in book.deltas for change in delta["changes"]]
            token, side = book.channel.split(":")[1:]
            seen = set(mine)
            self.assertEqual(mine, [change["offerHash"] for delta in books[4].deltas for change in delta["changes"]
                                    if change["offerHash"] in seen])

    def test_2_another_client_library_holds_the_same_book(self):
        async def run():
            url = f"ws://127.0.0.1:{self.service.port}/ws"
            async with websockets.connect(url, max_size=None) as socket:
                welcome = json.loads(await socket.recv())
                self.assertEqual((welcome["type"], welcome["heartbeatSeconds"]), ("welcome", 5))
                await socket.send(json.dumps({"type": "subscribe", "channel": "orderbook:weth:call"}))
                book = LiveBook(json.loads(await socket.recv())["channel"])
                for message in range(200):
                    if message % 10 == 0 and message < 100:
                        await asyncio.to_thread(Trader(self.service, 100 + message, (WETH,)).step)
                    book.take(json.loads(await socket.recv()))
                    if book.beats:
                        return book
        book = asyncio.run(run())
        self.assertGreater(book.beats, 0)

    def test_3_a_client_that_was_cut_misses_nothing(self):
        trader = Trader(self.service, 300)
        for channel in ("orderbook:weth:call", "offers"):
            live = Live(self.service)
            cut, whole = LiveBook(live.subscribe(channel)), None
            for number in range(6):
                for _ in range(4):
                    trader.step()
                while number == 0 and cut.seq is None or live.kept:
                    cut.take(live.receive())
                if whole is None:
                    whole = LiveBook(cut.channel)
                    whole.rows, whole.seq = dict(cut.rows), cut.seq
                for _ in range(trader.rng.randrange(4)):
                    cut.take(live.receive())
                live.close()
                # Away while others trade.
                for _ in range(4):
                    trader.step()
                live = Live(self.service)
                live.subscribe(channel, fromSeq=cut.seq, **({"epoch": live.welcome["epoch"]} if number % 2 else {}))
            self.settled(live, [cut])
            again = Live(self.service)
            again.subscribe(channel, fromSeq=whole.seq)
            self.settled(again, [whole])
            self.assertEqual(cut.resyncs + whole.resyncs, [])
            self.assertGreater(len(cut.deltas), 40)
            self.assertEqual(cut.deltas, whole.deltas)
            self.assertEqual(cut.rows, whole.rows)
            if channel != "offers":
                self.assert_is_rest(cut)

    def test_4_what_cannot_be_replayed_begins_again(self):
        for reason, resume in (("another epoch", {"fromSeq": 0, "epoch": "00" * 8}), ("in the future", {"fromSeq": 2**60})):
            live = Live(self.service)
            live.send(type="subscribe", channel="orderbook:weth:call", **resume)
            kinds = [live.receive() for _ in range(3)]
            self.assertEqual([message["type"] for message in kinds], ["subscribed", "resync", "snapshot"])
            self.assertEqual(kinds[1]["reason"], reason)
            self.assertEqual(kinds[1]["channel"], kinds[2]["channel"])
            self.assertEqual(kinds[2]["epoch"], live.welcome["epoch"])

    def test_5_from_the_newest_change_there_is_nothing_to_tell(self):
        live = Live(self.service)
        first = LiveBook(live.subscribe("orderbook:weth:call"))
        first.take(live.until("snapshot"))
        again = Live(self.service)
        again.subscribe("orderbook:weth:call", fromSeq=first.seq, epoch=first.epoch)
        again.send(type="ping")
        self.assertEqual(again.receive(), {"type": "pong"})
        # To subscribe again is to begin again.
        live.send(type="subscribe", channel="orderbook:weth:call")
        self.assertEqual(live.until("snapshot")["seq"], first.seq)

    def test_6_after_a_restart_the_log_still_tells_what_was_missed(self):
        service = Service("--offer-rate-limit", "0")
        trader = Trader(service, 600)
        for _ in range(4):
            trader.step()
        live = Live(service)
        book = LiveBook(live.subscribe("orderbook:weth:put"))
        book.take(live.until("snapshot"))
        live.close()
        for _ in range(10):
            trader.step()
        self.assertEqual(service.stop(), 0)
        again = Service("--offer-rate-limit", "0", data=service.data)
        self.addCleanup(again.end)
        live = Live(again)
        live.subscribe("orderbook:weth:put", fromSeq=book.seq, epoch=book.epoch)
        follow(live, book, lambda: book.beats)
        self.assertEqual(book.resyncs, [])
        self.assertGreater(len(book.deltas), 0)
        rows = again.rows("weth?side=put&limit=1000&pricing=off", "puts")
        self.assertEqual(book.sorted(), rows)

    def test_7_a_large_book_comes_in_frames_of_bounded_size(self):
        maker = Maker("large")
        for start in range(0, 1_500, 500):
            bodies = [maker.post_body(number, underlying=LARGE)[0] for number in range(start, start + 500)]
            self.assertEqual(self.service.post("/offers/batch", {"offers": bodies}).status, 200)
        live = Live(self.service)
        book = LiveBook(live.subscribe(f"orderbook:{LARGE}:call"))
        live.socket.settimeout(20)
        sizes, fin = [], False
        while not fin:
            fin, opcode, payload = live.read_frame()
            self.assertEqual(opcode, 0 if sizes else 1)
            sizes.append(len(payload))
        self.assertGreater(len(sizes), 10)
        self.assertLess(max(sizes), 80_000)
        live.send(type="subscribe", channel=book.channel)
        book.take(live.until("snapshot"))
        self.assertEqual(len(book.rows), 1_500)


def take(live, books):
    message = live.receive()
    for book in books:
        book.take(message)


def take_all(live, books, done, seconds=20):
    limit = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < limit
        take(live, books)


if __name__ == "__main__":
    unittest.main()
