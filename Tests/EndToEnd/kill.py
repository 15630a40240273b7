#!/usr/bin/env python3
"""A loaded service is killed with `kill -9` twenty times, sometimes with its PostgreSQL: nothing acknowledged is lost.

After each kill a new start takes over on the same data directory; every acknowledged offer is there under its seq, every
acknowledged cancel still holds, and the log's chain is recomputed here, apart from the service. `strikebook log verify`
says the same. STRIKEBOOK is the path of the program.
"""
import http.client
import random
import signal
import threading
import time
from pathlib import Path

from log_chain import verify
from program import run
from service import Service, psql, scratch, signal_quietly
from signing import Maker, encode

ROUNDS = 20
WRITERS = 6
DATA = scratch("killed")
FLAGS = ("--offer-rate-limit", "0", "--max-open-offers", "1000000")


class Load:
    """Writers that post, post again and cancel until the service is gone, and what they were told."""

    def __init__(self, service, round):
        self.service, self.round = service, round
        self.offers, self.cancels, self.unanswered, self.wrong = {}, set(), 0, []
        self.lock, self.is_over = threading.Lock(), threading.Event()
        self.threads = [threading.Thread(target=self._write, args=(number,)) for number in range(WRITERS)]
        for thread in self.threads:
            thread.start()

    def _write(self, number):
        rng, maker = random.Random(f"{self.round} {number}"), Maker(f"killed {number}")
        mine = []
        for count in range(100_000):
            if self.is_over.is_set():
                return
            try:
                if mine and rng.random() < 0.2:
                    hash = mine.pop(rng.randrange(len(mine)))
                    answer = self.service.post("/offers/cancel", maker.cancel(hash))
                    assert answer.status == 200, answer
                    with self.lock:
                        self.cancels.add(hash)
                else:
                    body, hash = maker.post_body(f"{self.round} {count}", isCall=rng.random() < 0.5)
                    answer = self.service.request("POST", "/offers", encode(body))
                    assert answer.status in (200, 201), answer
                    assert answer.json["offerHash"] == hash
                    with self.lock:
                        self.offers[hash] = answer.json["seq"]
                    mine.append(hash)
            except (OSError, http.client.HTTPException):
                self.unanswered += 1
                return
            except AssertionError as error:
                # A database that is killed under the service: 503, and nothing is promised.
                if str(error).startswith("503"):
                    self.unanswered += 1
                else:
                    return self.wrong.append(error)

    def end(self):
        self.is_over.set()
        for thread in self.threads:
            thread.join(30)
            assert not thread.is_alive(), "a writer hangs"
        assert not self.wrong, self.wrong


def postmaster():
    return int((DATA / "postgres/postmaster.pid").resolve().read_text().split()[0])


def database():
    return f"postgresql:///strikebook?user=strikebook&host={Path((DATA / 'run')).resolve()}"


def check(service, offers, cancels):
    """Everything acknowledged so far, against the database and the book."""
    rows = verify(lambda sql: psql(database(), sql))
    created = {related: seq for seq, kind, related in rows if kind == "offer_created"}
    assert len(created) == sum(kind == "offer_created" for _, kind, _ in rows), "an offer was created twice"
    cancelled = {related for _, kind, related in rows if kind == "offer_cancelled"}
    for hash, seq in offers.items():
        assert created.get(hash) == seq, f"{hash} was acknowledged at {seq}, the log has it at {created.get(hash)}"
    assert cancels <= cancelled, f"cancels came undone: {cancels - cancelled}"
    listed = {row["offerHash"] for side in ("call", "put")
              for row in service.rows(f"weth?side={side}&limit=1000", f"{side}s")}
    assert listed == created.keys() - cancelled, "the book is not what the log says"
    return len(rows)


def main():
    rng = random.Random("twenty times")
    offers, cancels = {}, set()
    service = Service(*FLAGS, data=DATA)
    for round in range(1, ROUNDS + 1):
        load = Load(service, round)
        time.sleep(rng.uniform(0.3, 1.5))
        with_database = rng.random() < 0.3
        if with_database:
            signal_quietly(postmaster(), signal.SIGKILL)
            time.sleep(rng.uniform(0, 0.05))
        service.process.send_signal(signal.SIGKILL)
        service.process.wait(10)
        load.end()
        offers |= load.offers
        cancels |= load.cancels
        assert load.offers, "the load wrote nothing"
        service = Service(*FLAGS, data=DATA)
        rows = check(service, offers, cancels)
        run("log", "verify", "--data-dir", DATA)
        what = "service and PostgreSQL" if with_database else "service"
        print(f"kill {round:2} of the {what}: {len(load.offers)} offers and {len(load.cancels)} cancels acknowledged, "
              f"{load.unanswered} unanswered; ready again in {service.took:.2f} s; {rows} rows verified", flush=True)
        assert service.took < 30, "the takeover took too long"
    assert service.stop() == 0
    print(f"nothing of {len(offers)} offers and {len(cancels)} cancels was lost")


if __name__ == "__main__":
    main()
