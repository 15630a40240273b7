"""A running `strikebook serve`, databases for it, and a client. What a program here starts, it ends."""
import atexit
import gzip
import http.client
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from glob import glob
from pathlib import Path

PROGRAM = os.environ["STRIKEBOOK"]
_started = []
_scratch = Path(tempfile.mkdtemp(prefix="sbt-", dir="/tmp"))
# The servers' user has to get through.
_scratch.chmod(0o711)


@atexit.register
def _end():
    for thing in reversed(_started):
        thing.end()
    shutil.rmtree(_scratch, ignore_errors=True)


def scratch(name):
    """A path in this program's own directory."""
    return _scratch / name


def eventually(what, test, seconds=10):
    """The first true answer of `test`, looked at every 20 ms."""
    limit = time.monotonic() + seconds
    while True:
        if answer := test():
            return answer
        if time.monotonic() > limit:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)


class Answer:
    """One response: `status`, `headers` (any case), `body`."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        body = gzip.decompress(self.body) if self.headers.get("Content-Encoding") == "gzip" else self.body
        return json.loads(body)

    def __repr__(self):
        return f"{self.status} {self.body[:600]!r}"


class Service:
    """`strikebook serve` with these flags, ready to answer."""

    def __init__(self, *flags, data=None, environment=None, wait=True):
        self.data = Path(data) if data else scratch(f"data{len(_started)}")
        self.log = scratch(f"serve{len(_started)}.log")
        self.local = threading.local()
        self.connections = []
        arguments = [PROGRAM, "serve", "--port", "0", "--data-dir", str(self.data), *flags]
        begin = time.monotonic()
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=os.environ | (environment or {}))
        _started.append(self)
        if wait:
            self.port = eventually("the service listens: " + self.tail, self._listening, 60)
            self.took = time.monotonic() - begin

    @property
    def tail(self):
        return self.log.read_text(errors="replace")[-2000:]

    def _listening(self):
        for line in self.log.read_text(errors="replace").splitlines():
            if line.startswith("listening on http://"):
                return int(line.rsplit(":", 1)[1])
        if self.process.poll() is not None:
            raise AssertionError(f"the service ended with {self.process.returncode}: {self.tail}")
        return None

    def stop(self, number=signal.SIGTERM, seconds=30):
        """Signals it and waits; the exit code."""
        for connection in self.connections:
            connection.close()
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(seconds)

    def end(self):
        try:
            self.stop()
        except subprocess.TimeoutExpired:
            self.stop(signal.SIGKILL)
        for file in self.data.glob("postgres/postmaster.pid"):
            signal_quietly(int(file.read_text().split()[0]), signal.SIGQUIT)

    def connect(self):
        """A raw connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def request(self, method, path, body=None, headers=None, fresh=False):
        """One request over this thread's kept connection; a dict or list as `body` is sent as JSON."""
        headers = dict(headers or {})
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        connection = None if fresh else getattr(self.local, "connection", None)
        if connection is None:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            self.connections.append(connection)
        self.local.connection = None
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        answer = Answer(response.status, response.headers, response.read())
        if fresh:
            connection.close()
        else:
            self.local.connection = connection
        return answer

    def get(self, path, **headers):
        return self.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def post(self, path, body, **headers):
        return self.request("POST", path, body, {name.replace("_", "-"): value for name, value in headers.items()})

    def rows(self, query, side="calls"):
        """The rows of every page of `/orderbook/{query}`, which names a side."""
        rows, cursor = [], ""
        while True:
            answer = self.get(f"/orderbook/{query}{cursor}")
            if answer.status != 200:
                raise AssertionError(answer)
            page = answer.json[side]
            rows += page["rows"]
            if page["nextCursor"] is None:
                return rows
            cursor = "&cursor=" + page["nextCursor"]


def signal_quietly(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


class Databases:
    """A PostgreSQL and a Redis that no service owns, on sockets in a directory."""

    def __init__(self):
        self.directory = scratch(f"databases{len(_started)}")
        self.directory.mkdir()
        self.binaries = Path(sorted(glob("/usr/lib/postgresql/*/bin"))[-1])
        if os.geteuid() == 0:
            account = pwd.getpwnam("postgres")
            os.chown(self.directory, account.pw_uid, account.pw_gid)
            self.as_user = {"user": "postgres", "group": account.pw_gid, "extra_groups": []}
        else:
            self.as_user = {}
        data, sockets = self.directory / "postgres", str(self.directory)
        self._run(self.binaries / "initdb", "-D", data, "-U", "postgres", "--auth=trust", "--no-sync")
        self.processes = [
            self._start("postgres.log", self.binaries / "postgres", "-D", data, "-k", sockets, "-h", "", "-F"),
            self._start("redis.log", "redis-server", "--port", "0", "--unixsocket", f"{sockets}/redis.sock", "--save", "",
                        "--unixsocketperm", "777", "--dir", sockets)]
        _started.append(self)
        self.url = f"postgresql:///strikebook?user=postgres&host={sockets}"
        self.redis_url = f"unix://{sockets}/redis.sock"
        eventually("PostgreSQL starts", lambda: self._run(
            "psql", "-h", sockets, "-U", "postgres", "-c", "CREATE DATABASE strikebook", check=False).returncode == 0)

    def _run(self, *arguments, check=True):
        return subprocess.run(
            [*map(str, arguments)], check=check, capture_output=True, text=True, cwd="/", **self.as_user)

    def _start(self, log, *arguments):
        with open(scratch(log), "wb") as output:
            return subprocess.Popen(
                [*map(str, arguments)], stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/", **self.as_user)

    def query(self, sql):
        """The rows of a query as lists of text."""
        return psql(self.url, sql)

    def end(self):
        file = self.directory / "postgres" / "postmaster.pid"
        if file.exists():
            signal_quietly(int(file.read_text().split()[0]), signal.SIGINT)
        self.processes[1].terminate()
        for process in self.processes:
            process.wait(20)


def psql(url, sql):
    """The rows of a query as lists of text."""
    done = subprocess.run(
        ["psql", "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", url, "-c", sql],
        check=True, capture_output=True, text=True)
    return [line.split("\t") for line in done.stdout.splitlines()]
