#!/usr/bin/env python3
"""What the chain does, live: fills as deltas of the books, options and settlements as they change, on either of two
services, and a book that is REST's through random takes, reorgs, offers and cancels.

STRIKEBOOK is the path of the program.
"""
import json
import random
import threading
import time
import unittest
from zlib import crc32

from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils import keccak

from live import Live, LiveBook, follow
from service import Databases, Service, eventually, scratch
from signing import DAY, USDC, WETH, Maker, hexed
from websocket_books import Trader, take

KEY = "an operator's key"
HOLDER = Account.from_key(keccak(text="live holder"))
OTHER = Account.from_key(keccak(text="live other"))
TOKENS = [
    {"symbol": "WETH", "address": WETH, "decimals": 18, "stablecoin": False, "startPrice": "2499", "drift": 0, "volatility": 0},
    {"symbol": "USDC", "address": USDC, "decimals": 6, "stablecoin": True, "startPrice": "1", "drift": 0, "volatility": 0}]


class Chain:
    """Events as an outside indexer posts them."""

    def __init__(self, service, tag):
        self.service, self.tag, self.number, self.token = service, tag, 0, crc32(tag.encode()) * 10**6
        self.lock = threading.Lock()

    def block(self, *events, final=False, when=None, service=None):
        """A block of `(name, args)`; its hash."""
        with self.lock:
            self.number += 1
            number = self.number
        block = hexed(keccak(text=f"{self.tag} block {number}"))
        self.post({"events": [
            {"name": name, "blockNumber": number, "blockHash": block, "blockTimestamp": when or int(time.time()),
             "txHash": hexed(keccak(text=f"{self.tag} {number} {index}")), "logIndex": index, "args": args, "final": final}
            for index, (name, args) in enumerate(events)]}, service)
        return block

    def post(self, body, service=None):
        answer = (service or self.service).post("/chain/events", body, Authorization=f"Bearer {KEY}")
        assert answer.status == 200, answer
        return answer.json

    def revert(self, *blocks, service=None):
        self.post({"reverted": list(blocks)}, service)

    def taken(self, hash, amount, taker=HOLDER.address, strike=2000 * 10**8):
        """An OptionTaken, and the number of its option."""
        with self.lock:
            self.token += 1
            token = self.token
        return token, ("OptionTaken", {
            "tokenId": str(token), "offerHash": hash, "taker": taker, "fillAmount": str(amount), "strikePrice": str(strike),
            "duration": "1"})


class Two(unittest.TestCase):
    longMessage = True
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        if hasattr(Two, "services"):
            return
        tokens = scratch("tokens.json")
        tokens.write_text(json.dumps(TOKENS))
        databases = Databases()
        flags = ("--database-url", databases.url, "--redis-url", databases.redis_url, "--migrate", "on",
                 "--offer-rate-limit", "0", "--tokens", str(tokens), "--any-token", "on")
        Two.services = [Service(*flags, environment={"STRIKEBOOK_OPERATOR_KEY": KEY}) for _ in range(2)]
        Two.service = Two.services[0]

    def post(self, maker, number=0, **changes):
        body, hash = maker.post_body(number, **changes)
        answer = self.service.post("/offers", body)
        self.assertEqual(answer.status, 201, answer)
        return hash

    def price(self, price=2499 * 10**8):
        self.service.post(f"/prices/{WETH}", {"priceE8": str(price)}, Authorization=f"Bearer {KEY}")


class Fills(Two):
    def test_1_a_fill_is_an_update_the_last_one_a_removal_and_a_reorg_brings_it_back(self):
        chain, maker = Chain(self.service, "fills"), Maker("live fills")
        lives = [Live(service) for service in self.services]
        books = [LiveBook(live.subscribe("orderbook:weth:call")) for live in lives]
        for live, book in zip(lives, books):
            follow(live, book, lambda: book.rows is not None)
        hash = self.post(maker)
        chain.block(chain.taken(hash, 4 * 10**17)[1])
        last = chain.block(chain.taken(hash, 6 * 10**17)[1])
        chain.revert(last)
        chain.block(chain.taken(hash, 10**17)[1])
        for live, book in zip(lives, books):
            follow(live, book, lambda: len(book.deltas) == 5)
            changes = [change for delta in book.deltas for change in delta["changes"]]
            self.assertEqual([(change["op"], change["remaining"]) for change in changes], [
                ("add", str(10**18)), ("update", str(6 * 10**17)), ("remove", "0"), ("add", str(6 * 10**17)),
                ("update", str(5 * 10**17))])
            self.assertEqual([change["row"]["filled"] for change in changes if "row" in change],
                             ["0", str(4 * 10**17), str(4 * 10**17), str(5 * 10**17)])
            follow(live, book, lambda: book.beats)
        self.assertEqual(books[0].deltas, books[1].deltas)
        # Who was away for all of it is told the same.
        live = Live(self.services[1])
        again = LiveBook(books[0].channel)
        again.rows, again.seq = {}, books[0].deltas[0]["prevSeq"]
        live.subscribe("orderbook:weth:call", fromSeq=again.seq)
        follow(live, again, lambda: len(again.deltas) == 5)
        self.assertEqual(again.deltas, books[0].deltas)


class Miner:
    """Takes parts of the traders' offers at random, and lets go of blocks."""

    def __init__(self, service, traders, seed):
        self.chain, self.traders, self.rng = Chain(service, f"miner {seed}"), traders, random.Random(seed)
        self.left, self.blocks, self.takes, self.reverts = {}, [], 0, 0

    def step(self):
        if self.blocks and self.rng.random() < 0.3:
            block, taken = self.blocks.pop(self.rng.randrange(len(self.blocks)))
            self.chain.revert(block)
            for hash, amount in taken:
                self.left[hash] += amount
            self.reverts += 1
            return
        events, taken = [], []
        for _ in range(self.rng.randrange(1, 12)):
            trader = self.rng.choice(self.traders)
            try:
                hash = self.rng.choice(trader.open)
            except IndexError:
                continue
            left = self.left.setdefault(hash, 10**17)
            amount = left if self.rng.random() < 0.3 else self.rng.randrange(1, left + 1) if left else 0
            if amount:
                self.left[hash] -= amount
                events.append(self.chain.taken(hash, amount)[1])
                taken.append((hash, amount))
        if events:
            self.blocks.append((self.chain.block(*events), taken))
            self.takes += len(events)


class Random(Two):
    def test_2_books_are_rests_through_random_takes_reorgs_offers_and_cancels(self):
        sides = ("call", "put")
        lives = [Live(service) for service in self.services]
        books = [[LiveBook(live.subscribe(f"orderbook:weth:{side}")) for side in sides] for live in lives]
        traders = [Trader(self.service, seed, underlyings=(WETH,), fickle=True) for seed in ("chain 1", "chain 2")]
        miner = Miner(self.services[1], traders, 7)
        limit = time.monotonic() + 60
        over = threading.Event()

        def operations():
            return sum(trader.operations for trader in traders) + miner.takes + miner.reverts

        def run(actor):
            while operations() <= 2_500 and time.monotonic() < limit:
                actor.step()

        threads = [threading.Thread(target=run, args=(actor,)) for actor in (*traders, miner)]
        readers = [threading.Thread(target=self.read, args=(live, own, over.is_set)) for live, own in zip(lives, books)]
        for thread in threads + readers:
            thread.start()
        for thread in threads:
            thread.join()
        over.set()
        for thread in readers:
            thread.join()
        eventually("the sweep is done", lambda: not any(
            row["deadline"] < time.time() for side in sides for row in self.service.rows(f"weth?side={side}&limit=1000", side + "s")))
        for service, live, own in zip(self.services, lives, books):
            for book, side in zip(own, sides):
                head = max(each.get(f"/orderbook/weth?side={side}&limit=1").json["seq"] for each in self.services)
                follow(live, Both(own), lambda: book.seq == head)
                book.beats = 0
                follow(live, Both(own), lambda: book.beats)
                rows = service.rows(f"weth?side={side}&limit=1000&pricing=off", side + "s")
                self.assertEqual(book.sorted(), rows)
        kinds = {change["op"] for book in books[0] for delta in book.deltas for change in delta["changes"]}
        self.assertEqual(kinds, {"add", "update", "remove"})
        self.assertGreater(operations(), 2_000)
        for mine, theirs in zip(*books):
            self.assertEqual(mine.deltas, theirs.deltas)
        print(f"random: {operations()} operations, {miner.takes} of them takes, {miner.reverts} reverted blocks", flush=True)

    def read(self, live, books, done):
        while not done():
            take(live, books)


class Both:
    """Two books fed by one connection."""
    seq = None

    def __init__(self, books):
        self.books = books

    def take(self, message):
        for book in self.books:
            book.take(message)


class Told:
    """What one connection hears of options and settlements; `rows` is what they add up to."""

    def __init__(self, service, *channels):
        self.live, self.news, self.rows, self.seqs = Live(service), {}, {}, {}
        for channel in channels:
            name = self.live.subscribe(channel)
            snapshot = self.live.until("snapshot", channel=name)
            self.news[name], self.seqs[name] = [], snapshot["seq"]
            self.rows[name] = {row["tokenId"]: row for row in snapshot["rows"]}

    def read(self, done):
        limit = time.monotonic() + 15
        while not done():
            assert time.monotonic() < limit, self.news
            message = self.live.receive()
            if message["type"] not in ("optionUpdate", "settlementUpdate"):
                continue
            message.pop("type")
            channel, row = message.pop("channel"), message
            assert row["seq"] > 0 and row["seq"] >= self.seqs[channel], row
            self.seqs[channel] = row["seq"]
            self.news[channel].append(bare(row))
            operation = row.pop("op", "update")
            if operation == "remove":
                self.rows[channel].pop(row["tokenId"])
            else:
                assert (operation == "add") == (row["tokenId"] not in self.rows[channel]) or channel[0] == "s", row
                self.rows[channel][row["tokenId"]] = row


def bare(row):
    """Without what moves with every price."""
    return {name: value for name, value in row.items() if name != "mark"}


class Options(Two):
    def rest(self, query):
        return {row["tokenId"]: bare(row) for row in self.services[1].get(f"/options?{query}").json["options"]}

    def test_3_options_are_told_to_holder_and_writer_alike_on_both_services(self):
        chain, writer = Chain(self.service, "options"), Maker("live options")
        channels = [f"options:{address}" for address in (HOLDER.address, OTHER.address, writer.address)]
        told = [Told(service, *channels) for service in self.services]
        self.assertEqual([told[0].rows[channel] for channel in channels[1:]], [{}, {}])
        before = set(told[0].rows[channels[0]])
        hash = self.post(writer, collateralAmount=10**18, minFillAmount=1)
        (one, first), (two, second) = chain.taken(hash, 10**17), chain.taken(hash, 2 * 10**17)
        hear = lambda count: [end.read(lambda: len(end.news[channels[2]]) == count) for end in told]
        chain.block(first, second)
        hear(2)
        late = Told(self.services[1], *channels)
        self.assertEqual(set(late.rows[channels[0]]) - before, {str(one), str(two)})
        moved = chain.block(("Transfer", {"from": HOLDER.address, "to": OTHER.address, "tokenId": str(one)}),
                            service=self.services[1])
        hear(3)
        chain.block(("OptionSettled", {"tokenId": str(two), "profit": "0", "settler": OTHER.address}))
        hear(4)
        chain.revert(moved)
        hear(5)
        three, third = chain.taken(hash, 10**17)
        gone = chain.block(third, service=self.services[1])
        hear(6)
        chain.revert(gone)
        # Seen from the writer: two taken, one moved, one settled, one moved back, one more, and that undone.
        hear(7)
        for end in told:
            end.read(lambda: len(end.news[channels[0]]) == 7)
            self.assertEqual(
                [(row["op"], row["tokenId"]) for row in end.news[channels[0]]],
                [("add", str(one)), ("add", str(two)), ("remove", str(one)), ("update", str(two)), ("add", str(one)),
                 ("add", str(three)), ("remove", str(three))])
            self.assertEqual([(row["op"], row["holder"]) for row in end.news[channels[1]]],
                             [("add", OTHER.address), ("remove", HOLDER.address)])
            self.assertEqual([row["op"] for row in end.news[channels[2]]],
                             ["add", "add", "update", "update", "update", "add", "remove"])
            self.assertEqual(end.news[channels[2]][-1]["status"], "reverted")
            for channel, query in zip(channels, (f"holder={HOLDER.address}", f"holder={OTHER.address}",
                                                 f"writer={writer.address}")):
                rows = {id: bare({k: v for k, v in row.items() if k != "seq"}) for id, row in end.rows[channel].items()}
                self.assertEqual(rows, self.rest(query + "&limit=1000"), channel)
        self.assertEqual(told[0].news, told[1].news)
        late.read(lambda: len(late.news[channels[0]]) == 5)
        self.assertEqual(late.news[channels[0]], told[0].news[channels[0]][2:])

    def test_4_a_settlement_is_told_step_by_step_on_both_services(self):
        self.price()
        chain, writer = Chain(self.service, "settlement"), Maker("live settlement")
        hash = self.post(writer, collateralAmount=10**18, minFillAmount=1)
        number, event = chain.taken(hash, 10**18)
        chain.block(event, final=True, when=int(time.time()) - 2 * DAY)
        channel = f"settlement:{number}"
        told = [Told(service, channel) for service in self.services]
        self.assertEqual(told[0].rows, {channel: {}})
        proposal = self.services[1].post("/settlement/initiate", {"tokenId": str(number)})
        self.assertEqual(proposal.status, 201, proposal)
        signature = hexed(HOLDER.sign_message(encode_typed_data(full_message=proposal.json["termsToSign"])).signature)
        answer = self.services[0].post("/settlement/approve", {
            "tokenId": str(number), "settlementConditionsHash": proposal.json["settlementConditionsHash"],
            "signature": signature})
        self.assertEqual(answer.status, 200, answer)
        chain.block(("SettlementExecuted", {
            "tokenId": str(number), "proceedsReceived": "2499000000", "settler": OTHER.address}), final=True)
        for end in told:
            end.read(lambda: end.news[channel] and end.news[channel][-1]["status"] == "completed")
            self.assertEqual([row["status"] for row in end.news[channel]], ["initiated", "approved", "completed"])
            stored = self.services[0].get(f"/settlement/{number}").json
            self.assertEqual(end.news[channel][-1], stored)
        self.assertEqual(told[0].news, told[1].news)
        self.assertEqual(Told(self.services[1], channel).rows[channel], {str(number): stored})


if __name__ == "__main__":
    unittest.main()
