#!/usr/bin/env python3
"""`book --watch` and `watch` as a person at a terminal sees them, and as a pipe does.

STRIKEBOOK is the path of the program.
"""
import json
import os
import pty
import select
import signal
import subprocess
import time
import unittest

from checks import ServiceCase
from service import PROGRAM, eventually
from signing import Maker


class Terminal:
    """A program in a pseudo-terminal; what it draws."""

    def __init__(self, *arguments):
        self.master, end = pty.openpty()
        self.process = subprocess.Popen(
            [PROGRAM, *arguments], stdin=end, stdout=end, stderr=end, close_fds=True, start_new_session=True,
            env=os.environ | {"TERM": "xterm", "COLUMNS": "160", "LINES": "40"})
        os.close(end)
        self.text = ""

    def read(self, seconds):
        """What comes until it is quiet, or for so long."""
        limit = time.monotonic() + seconds
        while (left := limit - time.monotonic()) > 0 and select.select([self.master], [], [], left)[0]:
            try:
                self.text += os.read(self.master, 65_536).decode(errors="replace")
            except OSError:
                return

    def screen(self):
        """The last picture: what follows the last time the cursor went home."""
        self.read(0.05)
        return self.text.rsplit("\x1b[H", 1)[-1]

    def end(self):
        if self.master is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        self.read(0.3)
        try:
            self.process.wait(5)
        finally:
            self.process.kill()
            os.close(self.master)
            self.master = None


class Watching(ServiceCase):
    @property
    def url(self):
        return f"http://127.0.0.1:{self.service.port}"

    def test_a_terminal_shows_the_book_and_each_change_of_it(self):
        maker = Maker("watched")
        first = self.post_offer(maker, 1, premiumPerDay=3_000_000)
        terminal = Terminal("book", "weth", "--watch", "--url", self.url)
        self.addCleanup(terminal.end)
        eventually("the book is drawn: " + terminal.text, lambda: first[:10] in terminal.screen())
        second = self.post_offer(maker, 2, premiumPerDay=1_000_000)
        eventually("the new offer is drawn", lambda: second[:10] in terminal.screen(), 6)
        screen = terminal.screen()
        self.assertLess(screen.index(second[:10]), screen.index(first[:10]), "the cheaper one comes first")
        self.cancel(maker.cancel(first))
        eventually("the cancelled one is gone", lambda: first[:10] not in terminal.screen()
                   and second[:10] in terminal.screen(), 6)
        # A picture is drawn over the last one, line by line.
        self.assertIn("\x1b[K", terminal.text)
        self.assertNotIn("\x1b[2J", terminal.text)
        terminal.end()
        self.assertIn(terminal.process.returncode, (0, 130, -signal.SIGINT))

    def test_a_pipe_gets_lines(self):
        maker = Maker("watched by a pipe")
        book = subprocess.Popen([PROGRAM, "book", "weth", "--watch", "--url", self.url], stdout=subprocess.PIPE, text=True)
        watch = subprocess.Popen([PROGRAM, "watch", "orderbook:weth:put", "--url", self.url], stdout=subprocess.PIPE, text=True)
        for process in (book, watch):
            self.addCleanup(process.wait, 5)
            self.addCleanup(process.stdout.close)
            self.addCleanup(process.send_signal, signal.SIGINT)
        self.assertEqual(json.loads(watch.stdout.readline())["type"], "snapshot")
        hash = self.post_offer(maker, 3, isCall=False, collateralAmount=2_000_000_000, minFillAmount=1)
        message = json.loads(watch.stdout.readline())
        self.assertEqual((message["type"], message["changes"][0]["offerHash"]), ("delta", hash))
        while hash[:10] not in (line := book.stdout.readline()):
            self.assertTrue(line)
        self.assertNotIn("\x1b", line)


if __name__ == "__main__":
    unittest.main()
