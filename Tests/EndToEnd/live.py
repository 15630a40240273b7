"""A client of `/ws` that is nobody else's: frames over a raw socket, and books built from what it is told."""
import base64
import hashlib
import json
import os
import socket
import struct
import time

from eth_utils import keccak

from wire import Wire

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Closed(Exception):
    """The service ended the connection: with a code, or (None) without a close frame."""

    def __init__(self, code, reason=""):
        super().__init__(code, reason)
        self.code, self.reason = code, reason


class Refused(Exception):
    """The handshake was answered with something else than 101."""

    def __init__(self, answer):
        super().__init__(answer)
        self.answer = answer


def frame(opcode, payload=b"", fin=True, masked=True, reserved=0, length_bytes=None):
    """One frame; `length_bytes` (0, 2 or 8) forces a form of the length."""
    if length_bytes is None:
        length_bytes = 0 if len(payload) < 126 else 2 if len(payload) < 65_536 else 8
    length = {0: len(payload), 2: 126, 8: 127}[length_bytes]
    head = bytes([(0x80 if fin else 0) | reserved << 4 | opcode, (0x80 if masked else 0) | length])
    if length_bytes:
        head += struct.pack(">H" if length_bytes == 2 else ">Q", len(payload))
    if not masked:
        return head + payload
    mask = os.urandom(4)
    repeated = (mask * (len(payload) // 4 + 1))[:len(payload)]
    return head + mask + (int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")).to_bytes(len(payload), "big")


class Live:
    """A connection; `welcome` is the first message unless told otherwise."""

    def __init__(self, service, path="/ws", headers=(), receive_buffer=None, greeted=True, wire=None):
        if wire is None and receive_buffer is not None:
            sock = socket.socket()
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            sock.connect(("127.0.0.1", service.port))
            sock.settimeout(20)
            wire = Wire(type("Made", (), {"connect": lambda self: sock})())
        self.wire = wire or Wire(service)
        self.socket = self.wire.socket
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{service.port}", "Upgrade: websocket", "Connection: Upgrade",
                 f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", *headers]
        self.wire.send("\r\n".join(lines) + "\r\n\r\n")
        line = self.wire.file.readline()
        if b" 101 " not in line:
            self.wire.file = Chained(line, self.wire.file)
            raise Refused(self.wire.answer())
        answer = {}
        while line := self.wire.file.readline().strip():
            name, value = line.decode().split(":", 1)
            answer[name.strip().lower()] = value.strip()
        accept = base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()
        assert answer["sec-websocket-accept"] == accept, answer
        assert answer["upgrade"].lower() == "websocket" and answer["connection"].lower() == "upgrade", answer
        self.kept = []
        assert "sec-websocket-extensions" not in answer and "sec-websocket-protocol" not in answer
        self.welcome = self.receive() if greeted else None

    def send_raw(self, data):
        self.socket.sendall(data)
        return self

    def send(self, **message):
        return self.send_raw(frame(TEXT, json.dumps(message).encode()))

    def _exactly(self, count):
        data = self.wire.file.read(count)
        if len(data) < count:
            raise Closed(None)
        return data

    def read_frame(self):
        """`(fin, opcode, payload)` of the next frame; a close frame is an exception."""
        try:
            first, second = self._exactly(2)
            assert first & 0x70 == 0 and second & 0x80 == 0, "reserved bits, or a masked frame"
            length = second & 0x7f
            if length == 126:
                length, = struct.unpack(">H", self._exactly(2))
                assert length > 125
            elif length == 127:
                length, = struct.unpack(">Q", self._exactly(8))
                assert length > 65_535
            payload = self._exactly(length)
        except ConnectionResetError:
            raise Closed(None) from None
        opcode = first & 15
        if opcode == CLOSE:
            code = struct.unpack(">H", payload[:2])[0] if payload else None
            raise Closed(code, payload[2:].decode())
        assert opcode in (0, TEXT, PING, PONG), opcode
        return bool(first & 0x80), opcode, payload

    def receive(self):
        """The next message; pings are answered."""
        if self.kept:
            return self.kept.pop(0)
        parts = []
        while True:
            fin, opcode, payload = self.read_frame()
            if opcode == PING:
                self.send_raw(frame(PONG, payload))
            elif opcode in (0, TEXT):
                assert (opcode == 0) == bool(parts), "fragments out of order"
                parts.append(payload)
                if fin:
                    message = json.loads(b"".join(parts))
                    assert next(iter(message)) == "type", message
                    return message

    def until(self, kind, **fields):
        """The next message of a type with these fields; others are passed over."""
        while True:
            message = self.receive()
            if message["type"] == kind and all(message.get(name) == value for name, value in fields.items()):
                return message

    def closed(self):
        """Reads on to the end; why it came."""
        try:
            while True:
                self.read_frame()
        except Closed as end:
            return end

    def subscribe(self, channel, **more):
        """Subscribes; the canonical name."""
        self.send(type="subscribe", channel=channel, **more)
        before = []
        while (message := self.receive())["type"] != "subscribed" or message["requested"] != channel:
            before.append(message)
        self.kept = before + self.kept
        return message["channel"]

    def close(self):
        self.wire.close()


class Chained:
    """A file with a line put back."""

    def __init__(self, line, file):
        self.line, self.file = line, file

    def readline(self, *limit):
        line, self.line = self.line, None
        return line if line is not None else self.file.readline(*limit)

    def __getattr__(self, name):
        return getattr(self.file, name)


class LiveBook:
    """A book made of a channel's messages alone, as api.md says; any doubt is an AssertionError."""

    def __init__(self, channel):
        self.channel, self.rows, self.seq, self.epoch = channel, None, None, None
        self.deltas = []
        self.resyncs = []
        self.beats = 0

    def take(self, message):
        """Applies a message if it is of this channel; whether it was."""
        if message["type"] == "heartbeat":
            for beat in message["channels"]:
                if beat["channel"] == self.channel:
                    assert beat["seq"] == self.seq, (beat, self.seq)
                    assert beat["bookHash"] == self.hash(), "the heartbeat's hash is another"
                    self.beats += 1
                    return True
            return False
        if message.get("channel") != self.channel:
            return False
        if message["type"] == "resync":
            self.resyncs.append(message["reason"])
        elif message["type"] == "snapshot":
            self.rows = {row["offerHash"]: row for row in message["rows"]}
            assert len(self.rows) == len(message["rows"]), "a row twice"
            assert all("pricing" not in row for row in message["rows"])
            self.seq, self.epoch = message["seq"], message["epoch"]
            assert message["bookHash"] == self.hash(), "the snapshot's hash is another"
        elif message["type"] == "delta":
            assert message["prevSeq"] == self.seq, (message["prevSeq"], self.seq)
            assert message["seq"] > self.seq and message["changes"]
            for change in message["changes"]:
                self._change(**change)
            self.seq = message["seq"]
            self.deltas.append(message)
        return True

    def _change(self, op, offerHash, remaining, row=None):
        assert (op == "add") == (offerHash not in self.rows), (op, offerHash)
        if op == "remove":
            del self.rows[offerHash]
        else:
            assert row["offerHash"] == offerHash and row["remaining"] == remaining
            self.rows[offerHash] = row

    def hash(self):
        total = sum(int.from_bytes(keccak(bytes.fromhex(hash[2:]) + int(row["remaining"]).to_bytes(32, "big")), "big")
                    for hash, row in self.rows.items())
        return "0x" + (total % 2**256).to_bytes(32, "big").hex()

    def sorted(self):
        """The rows in the order in which REST lists them."""
        from fractions import Fraction
        return sorted(self.rows.values(), key=lambda row: (
            Fraction(int(row["premiumPerDay"]), int(row["collateralAmount"])), row["seq"]))


def follow(live, book, done, seconds=20):
    """Reads messages into the book until `done()`."""
    limit = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < limit, f"not within {seconds} s, at {book.seq}"
        book.take(live.receive())
