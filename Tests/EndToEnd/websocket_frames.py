#!/usr/bin/env python3
"""The framing of `/ws`, case by case of RFC 6455 (as Autobahn's suite has them), with a client made for breaking it.

STRIKEBOOK is the path of the program.
"""
import json
import time
import unittest

from checks import ServiceCase
from live import BINARY, CLOSE, PING, PONG, TEXT, Live, Refused, frame
from wire import Wire, get

PING_MESSAGE = b'{"type":"ping","requestId":"x"}'


class FrameCase(ServiceCase):
    def live(self, **options):
        live = Live(self.service, **options)
        self.addCleanup(live.close)
        return live

    def pong(self, live, request="x"):
        self.assertEqual(live.until("pong"), {"type": "pong", "requestId": request})

    def assert_closes(self, code, *frames):
        live = self.live()
        try:
            for data in frames:
                live.send_raw(data)
        except (BrokenPipeError, ConnectionResetError):
            pass
        self.assertEqual(live.closed().code, code, frames)


class Messages(FrameCase):
    def test_a_message_of_each_length_encoding(self):
        live = self.live()
        for size in (0, 1, 125 - 34, 126 - 34, 127 - 34, 1_000, 16_384 - 34):
            text = b'{"type":"ping","requestId":"x"' + b" " * size + b"}"
            live.send_raw(frame(TEXT, text))
            self.pong(live)

    def test_fragments_whatever_their_number_and_bytes_one_by_one(self):
        live = self.live()
        for cuts in ([5], [0], [len(PING_MESSAGE)], [1, 2, 3, 20], range(len(PING_MESSAGE))):
            parts, last = [], 0
            for cut in [*cuts, len(PING_MESSAGE)]:
                parts.append(PING_MESSAGE[last:cut])
                last = cut
            for number, part in enumerate(parts):
                live.send_raw(frame(TEXT if number == 0 else 0, part, fin=number == len(parts) - 1))
            self.pong(live)
        for byte in frame(TEXT, PING_MESSAGE):
            live.send_raw(bytes([byte]))
            time.sleep(0.001)
        self.pong(live)

    def test_control_frames_between_fragments_are_answered_at_once(self):
        live = self.live()
        live.send_raw(frame(TEXT, PING_MESSAGE[:9], fin=False) + frame(PING, b"between"))
        self.assertEqual(live.read_frame(), (True, PONG, b"between"))
        live.send_raw(frame(0, b"", fin=False) + frame(PONG, b"nobody asked") + frame(0, PING_MESSAGE[9:]))
        self.pong(live)

    def test_several_frames_in_one_packet(self):
        live = self.live()
        live.send_raw(frame(TEXT, PING_MESSAGE) * 5 + frame(PING, b"1") + frame(TEXT, PING_MESSAGE))
        for _ in range(5):
            self.pong(live)
        self.assertEqual(live.read_frame(), (True, PONG, b"1"))
        self.pong(live)

    def test_pings_of_every_size_and_unasked_pongs(self):
        live = self.live()
        for payload in (b"", b"x", bytes(range(125)), b"\x00\xff" * 60):
            live.send_raw(frame(PONG, payload) + frame(PING, payload))
            self.assertEqual(live.read_frame(), (True, PONG, payload))

    def test_characters_cut_by_fragments(self):
        live = self.live()
        text = json.dumps({"type": "ping", "requestId": "κόσμε😀"}, ensure_ascii=False).encode()
        for cut in range(1, len(text)):
            live.send_raw(frame(TEXT, text[:cut], fin=False) + frame(0, text[cut:]))
            self.pong(live, "κόσμε😀")


class Violations(FrameCase):
    def test_unmasked_frames(self):
        self.assert_closes(1002, frame(TEXT, PING_MESSAGE, masked=False))
        self.assert_closes(1002, frame(PING, masked=False))

    def test_reserved_bits_and_opcodes(self):
        for reserved in (1, 2, 3, 4, 7):
            self.assert_closes(1002, frame(TEXT, PING_MESSAGE, reserved=reserved))
        self.assert_closes(1002, frame(PING, reserved=4))
        for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
            self.assert_closes(1002, frame(opcode))

    def test_control_frames_fragmented_or_long(self):
        self.assert_closes(1002, frame(PING, b"a", fin=False))
        self.assert_closes(1002, frame(CLOSE, b"", fin=False))
        self.assert_closes(1002, frame(PING, bytes(126)))
        self.assert_closes(1002, frame(CLOSE, b"\x03\xe8" + b"a" * 124))
        self.assert_closes(1002, frame(PONG, bytes(65_536)))

    def test_fragments_out_of_order(self):
        self.assert_closes(1002, frame(0, b"x"))
        self.assert_closes(1002, frame(0, b"x", fin=False))
        self.assert_closes(1002, frame(TEXT, b"{", fin=False) + frame(TEXT, b"}"))
        self.assert_closes(1002, frame(TEXT, PING_MESSAGE) + frame(0, b""))

    def test_binary_messages_are_not_read(self):
        self.assert_closes(1003, frame(BINARY, b"x"))
        self.assert_closes(1003, frame(BINARY, b"", fin=False))

    def test_text_that_is_not_utf8_is_refused_at_its_first_bad_byte(self):
        for text in (b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe0\x80\xaf", b"ab\x80", b"\xce"):
            self.assert_closes(1007, frame(TEXT, text))
        # The message is not over, and never will be.
        self.assert_closes(1007, frame(TEXT, b"\xce\xba\xf4\x90", fin=False))
        self.assert_closes(1007, frame(TEXT, b"\xce", fin=False), frame(0, b"\x41", fin=False))
        whole = frame(TEXT, b"\xf8" + b"a" * 5_000)
        self.assert_closes(1007, whole[:100])

    def test_lengths_too_large_or_not_in_their_shortest_form(self):
        self.assert_closes(1009, frame(TEXT, b"a" * 16_385))
        self.assert_closes(1009, frame(TEXT, b"a" * 100_000))
        self.assert_closes(1009, frame(TEXT, b"a" * 10_000, fin=False) + frame(0, b"a" * 6_385))
        # Only the header: what it announces need not come.
        self.assert_closes(1009, b"\x81\xff" + (2**62).to_bytes(8, "big"))
        self.assert_closes(1002, b"\x81\xff" + (2**63).to_bytes(8, "big"))
        self.assert_closes(1002, b"\x81\xff" + bytes([255] * 8))
        self.assert_closes(1002, frame(TEXT, PING_MESSAGE, length_bytes=2))
        self.assert_closes(1002, frame(TEXT, b" " * 1_000 + PING_MESSAGE, length_bytes=8))


class Closing(FrameCase):
    def test_a_close_is_answered_with_its_own_code(self):
        for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999):
            self.assert_closes(code, frame(CLOSE, code.to_bytes(2, "big") + b"bye"))
        self.assert_closes(None, frame(CLOSE))
        self.assert_closes(1000, frame(CLOSE, b"\x03\xe8" + "κ".encode() * 61))

    def test_codes_that_may_not_be_sent(self):
        for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535):
            self.assert_closes(1002, frame(CLOSE, code.to_bytes(2, "big")))
        self.assert_closes(1002, frame(CLOSE, b"\x03"))
        self.assert_closes(1007, frame(CLOSE, b"\x03\xe8\xff"))

    def test_what_follows_a_close_is_not_read(self):
        live = self.live()
        live.send_raw(frame(CLOSE, b"\x03\xe8") + frame(TEXT, PING_MESSAGE) + frame(PING))
        self.assertEqual(live.closed().code, 1000)
        self.assertTrue(live.wire.is_closed(3))

    def test_the_connection_ends_soon_after_the_closing_handshake(self):
        live = self.live()
        live.send_raw(frame(CLOSE, b"\x03\xe8"))
        begin = time.monotonic()
        self.assertEqual(live.closed().code, 1000)
        self.assertTrue(live.wire.is_closed(3))
        self.assertLess(time.monotonic() - begin, 1)

    def test_a_client_that_never_answers_a_close_is_cut(self):
        live = self.live()
        live.send_raw(frame(3))
        self.assertEqual(live.closed().code, 1002)
        self.assertTrue(live.wire.is_closed(4))


class Handshakes(FrameCase):
    def refused(self, status, code, path="/ws", **options):
        with self.assertRaises(Refused) as caught:
            Live(self.service, path=path, **options)
        self.assert_problem(caught.exception.answer, status, code)
        return caught.exception.answer

    def raw(self, *lines, first="GET /ws HTTP/1.1"):
        wire = Wire(self.service)
        self.addCleanup(wire.close)
        wire.send("\r\n".join([first, "Host: x", *lines]) + "\r\n\r\n")
        return wire

    def test_what_a_handshake_needs(self):
        key, version = "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==", "Sec-WebSocket-Version: 13"
        asking = ("Upgrade: websocket", "Connection: Upgrade")
        for lines, status, code in (
                ((*asking, key), 426, "unsupported_version"),
                ((*asking, key, "Sec-WebSocket-Version: 8"), 426, "unsupported_version"),
                ((*asking, version), 400, "bad_handshake"),
                ((*asking, version, "Sec-WebSocket-Key: short"), 400, "bad_handshake"),
                ((*asking, version, key, "Content-Length: 3", "", "abc"), 400, "bad_handshake"),
                (("Upgrade: websocket", key, version), 400, "bad_handshake"),
                ((key, version), 426, "upgrade_required"),
                (("Upgrade: h2c", "Connection: Upgrade", key, version), 426, "upgrade_required")):
            answer = self.raw(*lines).answer()
            self.assert_problem(answer, status, code)
            if code == "unsupported_version":
                self.assertEqual(answer.headers["Sec-WebSocket-Version"], "13")
        self.assert_problem(self.raw(*asking, key, version, first="GET /wss HTTP/1.1").answer(), 404, "not_found")
        self.assert_problem(self.raw(*asking, key, version, first="POST /ws HTTP/1.1").answer(), 405)
        self.assertEqual(self.raw("Upgrade: WebSocket", "Connection: keep-alive, Upgrade", key, version)
                         .wire_status(), 101)

    def test_origins(self):
        own = f"Origin: http://127.0.0.1:{self.service.port}"
        self.live(headers=[own])
        self.refused(403, "origin_not_allowed", headers=["Origin: https://evil.example"])
        self.refused(403, "origin_not_allowed", headers=["Origin: null"])
        self.refused(403, "origin_not_allowed", headers=[own + ".evil.example"])
        self.refused(403, "origin_not_allowed", headers=[own, "Origin: https://evil.example"])

    def test_a_handshake_after_requests_on_the_same_connection(self):
        wire = Wire(self.service)
        wire.send(get("/live"))
        self.assertEqual(wire.answer().status, 200)
        wire.send(get("/orderbook/weth"))
        self.assertEqual(wire.answer().status, 200)
        live = self.live(wire=wire)
        live.send_raw(frame(TEXT, PING_MESSAGE))
        self.pong(live)
        live.send_raw(frame(CLOSE, b"\x03\xe8"))
        self.assertEqual(live.closed().code, 1000)
        self.assertTrue(wire.is_closed(3))

    def test_a_connection_that_asks_and_leaves_leaves_nothing(self):
        for _ in range(50):
            live = Live(self.service, greeted=False)
            live.close()
        live = self.live()
        live.send_raw(frame(TEXT, PING_MESSAGE))
        self.pong(live)


class Requests(FrameCase):
    def error(self, code, text=None, field=None, live=None, **message):
        live = live or self.live()
        live.send_raw(frame(TEXT, text if text is not None else json.dumps(message).encode()))
        error = live.until("error")
        self.assertEqual(error["code"], code, error)
        self.assertEqual(error.get("field"), field, error)
        self.assertTrue(error["detail"].endswith("."), error)
        return error

    def test_what_is_not_a_message(self):
        live = self.live()
        for text in (b"", b"{", b"[1", b"{} {}", b"\xef\xbb\xbf{}", b'{"type":"ping",}', b'{"a":"\\ud800"}', b"nul"):
            self.error("invalid_json", text, live=live)
        self.error("duplicate_field", b'{"type":"ping","type":"ping"}', live=live)
        self.error("invalid_json", b"[" * 5_000, live=live)
        for text in (b"[]", b"1", b"null", b'"ping"'):
            self.error("invalid_message", text, live=live)
        live.send(type="ping")
        self.assertEqual(live.until("pong"), {"type": "pong"})

    def test_fields(self):
        live = self.live()
        for field, message in (
                ("type", {}), ("type", {"type": 7}), ("type", {"type": "shout"}),
                ("channel", {"type": "subscribe"}), ("channel", {"type": "subscribe", "channel": 1}),
                ("colour", {"type": "ping", "colour": 1}), ("requestId", {"type": "ping", "requestId": 5}),
                ("requestId", {"type": "ping", "requestId": "x" * 129}),
                ("fromSeq", {"type": "subscribe", "channel": "offers", "fromSeq": "1"}),
                ("fromSeq", {"type": "subscribe", "channel": "offers", "fromSeq": -1}),
                ("fromSeq", {"type": "subscribe", "channel": "offers", "fromSeq": 1.5}),
                ("fromSeq", {"type": "subscribe", "channel": "offers", "fromSeq": 2**64}),
                ("fromSeq", {"type": "subscribe", "channel": "prices:weth", "fromSeq": 1}),
                ("epoch", {"type": "subscribe", "channel": "offers", "epoch": "00"}),
                ("contractId", {"type": "queryContract"})):
            self.error("invalid_message", field=field, live=live, **message)
        error = self.error("invalid_message", field="channel", live=live, type="subscribe", requestId="abc")
        self.assertEqual(error["requestId"], "abc")

    def test_channels(self):
        live = self.live()
        for channel in ("", "x", "prices", "prices:", "prices:weth:call", "orderbook:weth", "orderbook:weth:both",
                        "offers:", "offers:x", "settlement:x", "settlement:-1", "contract:", "contract:a b", "Offers"):
            code = "unknown_token" if channel == "prices:" else "unknown_channel"
            self.error(code, field="channel", live=live, type="subscribe", channel=channel)
        self.error("unknown_token", field="channel", live=live, type="subscribe", channel="prices:nothing")
        self.error("invalid_address", field="channel", live=live, type="subscribe", channel="options:0x12")
        wrong = "0x5FbDB2315678afecb367f032d93F642f64180aA3"
        self.error("invalid_address", field="channel", live=live, type="subscribe", channel=f"options:{wrong}")
        weth = "0x4200000000000000000000000000000000000006"
        for asked, name in (("prices:WETH", f"prices:{weth}"), (f"orderbook:{weth}:put",) * 2, ("offers",) * 2,
                            ("options:" + wrong.lower(), "options:0x5FbDB2315678afecb367f032d93F642f64180aa3"),
                            ("settlement:7",) * 2):
            self.assertEqual(live.subscribe(asked), name)
        self.error("not_subscribed", field="channel", live=live, type="unsubscribe", channel="orderbook:weth:call")
        live.send(type="unsubscribe", channel="prices:weth", requestId="u")
        self.assertEqual(live.until("unsubscribed"), {"type": "unsubscribed", "requestId": "u",
                                                      "channel": f"prices:{weth}"})

    def test_more_subscriptions_than_allowed(self):
        live = self.live()
        for number in range(256):
            live.send(type="subscribe", channel=f"settlement:{number}")
            if number % 50 == 49:
                time.sleep(1.05)
        error = self.error("too_many_subscriptions", field="channel", live=live, type="subscribe", channel="offers")
        self.assertIn("256", error["detail"])
        live.send(type="unsubscribe", channel="settlement:0")
        live.subscribe("offers")


def wire_status(self):
    """The status of a response whose body is not HTTP's any more."""
    return int(self.file.readline().split()[1])


Wire.wire_status = wire_status

if __name__ == "__main__":
    unittest.main()
