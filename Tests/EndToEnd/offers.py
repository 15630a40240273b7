#!/usr/bin/env python3
"""Posting offers to a running service: shapes, every signature form, every broken variant, repetition.

STRIKEBOOK is the path of the program.
"""
import time
import unittest

from checks import TIME, ServiceCase
from eth_account.messages import encode_defunct
from eth_utils import keccak, to_checksum_address
from service import eventually
from signing import (DAY, FIELDS, N, WETH, Maker, digest, encode, encoded_hash, hexed, in_json, offer_hash, struct_hash,
                     typed, word)


class Shapes(ServiceCase):
    def test_a_posted_offer_is_answered_201_and_shown_by_any_of_its_three_hashes(self):
        maker = Maker("shapes")
        offer = maker.offer(1)
        answer = self.service.post("/offers", {"offer": in_json(offer),
                                               "signature": hexed(maker.eth_account_signature(offer))})
        self.assertEqual(answer.status, 201, answer)
        self.assertEqual(answer.headers["Content-Type"], "application/json")
        receipt = answer.json
        self.assertEqual(list(receipt), ["offerHash", "seq", "status", "createdAt", "remaining", "filled"])
        self.assertEqual((receipt["offerHash"], receipt["status"]), (offer_hash(offer), "open"))
        self.assertEqual((receipt["remaining"], receipt["filled"]), (str(offer["collateralAmount"]), "0"))
        self.assertRegex(receipt["createdAt"], TIME)
        names = {"offerHash": offer_hash(offer), "structHash": hexed(struct_hash(offer)),
                 "encodedHash": encoded_hash(offer)}
        for name in names.values():
            shown = self.offer(name)
            self.assertEqual(list(shown), [
                "offer", "signature", "offerHash", "structHash", "encodedHash", "seq", "status", "filled", "remaining",
                "createdAt", "cancelledAt", "expiresAt"])
            self.assertEqual(shown["offer"], in_json(offer))
            self.assertEqual({key: shown[key] for key in names}, names)
            self.assertEqual((shown["seq"], shown["createdAt"]), (receipt["seq"], receipt["createdAt"]))
            self.assertIsNone(shown["cancelledAt"])
            self.assertEqual(shown["expiresAt"], time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(offer["deadline"])))

    def test_what_is_not_there_or_no_hash_is_refused(self):
        self.assert_problem(self.service.get("/offers/0x" + "ab" * 32), 404, "offer_not_found")
        for text in ("0x12", "ab" * 32, "0x" + "zz" * 32, "0x" + "ab" * 33, "%00", "%ff"):
            self.assert_problem(self.service.get("/offers/" + text), 400, "invalid_parameter", "hash")
        self.assert_problem(self.service.get("/offers/0x" + "ab" * 32 + "?verbose=1"), 400, "unknown_parameter", "verbose")

    def test_durations_and_deadline_may_be_decimal_strings_and_addresses_lower_case(self):
        maker = Maker("lenient")
        body, hash = maker.post_body(1)
        for name in ("minDuration", "maxDuration", "deadline"):
            body["offer"][name] = str(body["offer"][name])
        for name in ("writer", "underlying", "stablecoin"):
            body["offer"][name] = body["offer"][name].lower()
        body["offer"]["configHash"] = "0x" + body["offer"]["configHash"][2:].upper()
        body["offer"]["collateralAmount"] = body["offer"]["collateralAmount"]
        answer = self.service.post("/offers", body)
        self.assertEqual((answer.status, answer.json["offerHash"]), (201, hash), answer)
        self.assertEqual(self.offer(hash)["offer"]["writer"], maker.address)

    def test_every_uint256_up_to_the_largest_is_kept_exactly(self):
        maker = Maker("huge")
        for number, amount in enumerate((1, 2**64 - 1, 2**64, 2**128 + 1, 2**255, 2**256 - 1)):
            hash = self.post_offer(maker, number, collateralAmount=amount, minFillAmount=amount, premiumPerDay=amount,
                                   underlying="0x" + "77" * 20)
            shown = self.offer(hash)
            self.assertEqual([shown["offer"][n] for n in ("collateralAmount", "minFillAmount", "premiumPerDay")],
                             [str(amount)] * 3)
            self.assertEqual(shown["remaining"], str(amount))


def signatures(maker, offer):
    """(name, signature text, the code that refuses it or None) for every form of one offer's signature."""
    whole = maker.eth_account_signature(offer)
    r, s, v = whole[:32], whole[32:64], whole[64]
    number_r, number_s = int.from_bytes(r, "big"), int.from_bytes(s, "big")
    low, high = "signature_high_s", "signature_range"
    yield "no 0x", whole.hex(), "invalid_hex"
    yield "capital X", "0X" + whole.hex(), "invalid_hex"
    yield "odd", hexed(whole)[:-1], "invalid_hex"
    yield "no hex", hexed(whole)[:-2] + "zz", "invalid_hex"
    yield "plus", hexed(whole)[:-2] + "+b", "invalid_hex"
    yield "4097 bytes", hexed(bytes(4097)), "signature_too_long"
    yield "high s", hexed(r + word(N - number_s) + bytes([55 - v])), low
    yield "r = 0", hexed(bytes(32) + s + bytes([v])), high
    yield "s = 0", hexed(r + bytes(32) + bytes([v])), high
    yield "r = n", hexed(word(N) + s + bytes([v])), high
    yield "s = n", hexed(r + word(N) + bytes([v])), high
    yield "all ones", "0x" + "ff" * 64 + "1b", high
    yield "r + n", hexed(word((number_r + N) % 2**256) + s + bytes([v])), (
        "signature_mismatch", "signature_unrecoverable", "signature_range")
    for bad in (2, 3, 4, 26, 29, 30, 31, 35, 37, 255):
        yield f"v = {bad}", hexed(r + s + bytes([bad])), "signature_v"
    yield "other v", hexed(r + s + bytes([55 - v])), "signature_mismatch"
    for size in (0, 1, 32, 63, 66, 96, 130, 4096):
        yield f"{size} bytes", hexed((whole * 64)[:size]), "signature_length"
    for name, domain in (("chain", {"chainId": 1}), ("name", {"name": "OptionsProtocoI"}), ("version", {"version": "2"}),
                         ("contract", {"verifyingContract": "0x" + "00" * 18 + "dEaD"})):
        yield f"other {name}", hexed(maker.eth_account_signature(offer, **domain)), "signature_mismatch"
    swapped = FIELDS[:1] + [FIELDS[2], FIELDS[1]] + FIELDS[3:]
    for name, fields in (("order", swapped), ("width", [("uint256" if t == "uint16" else t, n) for t, n in FIELDS])):
        yield f"other {name}", hexed(maker.account.sign_message(typed(fields, offer)).signature), "signature_mismatch"
    signed = digest(struct_hash(offer))
    yield "eth_sign", hexed(maker.account.sign_message(encode_defunct(signed)).signature), "signature_mismatch"
    yield "a stranger's", hexed(Maker("stranger").sign(signed)), "signature_mismatch"
    yield "v = 0 or 1", hexed(r + s + bytes([v - 27])), None
    yield "EIP-2098", hexed(r + word(number_s | (v - 27) << 255)), None
    yield "upper case", "0x" + whole.hex().upper(), None


class Signatures(ServiceCase):
    def test_every_broken_form_has_its_code_and_every_good_form_is_the_same_offer(self):
        maker = Maker("signatures")
        offer = maker.offer(1)
        whole = hexed(maker.eth_account_signature(offer))
        accepted = []
        for name, signature, code in signatures(maker, offer):
            with self.subTest(name):
                answer = self.service.post("/offers", {"offer": in_json(offer), "signature": signature})
                if code is None:
                    accepted.append(answer.status)
                    self.assertEqual(answer.json.get("offerHash"), offer_hash(offer), answer)
                    self.assertEqual(self.offer(offer_hash(offer))["signature"], whole)
                else:
                    is_hex = code not in ("invalid_hex", "signature_too_long")
                    self.assert_problem(answer, 422 if is_hex else 400, code, "signature")
        self.assertEqual(accepted, [201, 200, 200])
        self.assertEqual(self.service.get("/live").status, 200)

    def test_a_mismatch_says_what_was_computed_and_what_would_match(self):
        maker = Maker("doctor")
        offer = maker.offer(1)
        for changes, diagnosis in (({"chainId": 1}, "matches if chainId = 1"), ({"version": "2"}, "matches with version 2")):
            problem = self.assert_problem(self.service.post("/offers", {
                "offer": in_json(offer), "signature": hexed(maker.eth_account_signature(offer, **changes))}), 422)
            self.assertEqual(problem["expected"], maker.address)
            self.assertNotEqual(problem["recovered"], maker.address)
            self.assertEqual((problem["digest"], problem["structHash"]), (offer_hash(offer), hexed(struct_hash(offer))))
            self.assertIn(diagnosis, problem["diagnosis"])
            self.assertEqual(problem["domainSeparator"], self.service.get("/protocol").json["domainSeparator"])

    def test_an_offer_changed_in_any_one_field_is_refused(self):
        maker = Maker("changed")
        offer = maker.offer(1)
        body = maker.body(offer)
        for kind, name in FIELDS:
            with self.subTest(name):
                value = offer[name]
                changed = (not value if kind == "bool" else to_checksum_address((int(value, 16) ^ 1).to_bytes(20, "big"))
                           if kind == "address" else "0x" + (int(value, 16) ^ 1).to_bytes(32, "big").hex()
                           if kind == "bytes32" else value + 1)
                answer = self.service.post("/offers", body | {"offer": in_json(offer | {name: changed})})
                self.assert_problem(answer, 422, "signature_mismatch", "signature")


class Rules(ServiceCase):
    def test_each_broken_rule_has_its_code_and_names_its_field(self):
        maker, now = Maker("rules"), int(time.time())
        zero = "0x" + "00" * 20
        for name, value, code in (
                ("writer", zero, "zero_address"), ("underlying", zero, "zero_address"),
                ("stablecoin", zero, "zero_address"), ("stablecoin", WETH, "same_token"),
                ("collateralAmount", 0, "zero_collateral"), ("premiumPerDay", 0, "zero_premium"),
                ("minDuration", 0, "invalid_duration"), ("maxDuration", 0, "invalid_duration"),
                ("maxDuration", 366, "invalid_duration"), ("minFillAmount", 0, "invalid_min_fill"),
                ("minFillAmount", 10**18 + 1, "invalid_min_fill"), ("deadline", now - 5, "deadline_passed"),
                ("deadline", 0, "deadline_passed"), ("deadline", now + 401 * DAY, "deadline_too_far"),
                ("deadline", now * 1000, "deadline_too_far"), ("deadline", 2**53 - 1, "deadline_too_far")):
            with self.subTest(f"{name} = {value}"):
                self.assert_problem(self.service.post("/offers", maker.post_body(1, **{name: value})[0]), 400, code, name)

    def test_the_edges_of_the_rules_are_allowed(self):
        maker, now = Maker("edges"), int(time.time())
        for number, changes in enumerate((
                {"minDuration": 365, "maxDuration": 365}, {"minDuration": 1, "maxDuration": 1},
                {"minFillAmount": 10**18}, {"minFillAmount": 1}, {"collateralAmount": 1, "minFillAmount": 1},
                {"deadline": now + 400 * DAY - 60}, {"premiumPerDay": 1})):
            self.post_offer(maker, number, underlying="0x" + "66" * 20, **changes)

    def test_each_malformed_field_has_its_code_and_is_named(self):
        maker = Maker("malformed")
        good = maker.post_body(1)[0]
        for name, value, code in (
                ("collateralAmount", str(2**256), "integer_out_of_range"), ("collateralAmount", "-1", "invalid_integer"),
                ("collateralAmount", "+1", "invalid_integer"), ("collateralAmount", " 1", "invalid_integer"),
                ("collateralAmount", "", "invalid_integer"), ("collateralAmount", "0x10", "invalid_integer"),
                ("collateralAmount", "001", "invalid_integer"), ("collateralAmount", "\u0661", "invalid_integer"),
                ("collateralAmount", None, "invalid_type"), ("collateralAmount", True, "invalid_type"),
                ("collateralAmount", [1], "invalid_type"), ("collateralAmount", {}, "invalid_type"),
                ("collateralAmount", 2**53, "integer_not_exact"), ("premiumPerDay", "1e18", "invalid_integer"),
                ("premiumPerDay", 1.5, "invalid_integer"), ("premiumPerDay", -1, "invalid_integer"),
                ("premiumPerDay", "9" * 10_000, "integer_out_of_range"), ("deadline", str(2**64), "integer_out_of_range"),
                ("deadline", 1e300, "invalid_integer"), ("minDuration", 2**16, "integer_out_of_range"),
                ("minDuration", "01", "invalid_integer"), ("isCall", "true", "invalid_type"), ("isCall", 1, "invalid_type"),
                ("configHash", "0x00", "invalid_hex"), ("configHash", 1, "invalid_type"),
                ("writer", "0x1234", "invalid_address"), ("writer", maker.address[2:], "invalid_address"),
                ("writer", "0x" + maker.address[2:].swapcase(), "invalid_checksum")):
            with self.subTest(f"{name} = {str(value)[:40]}"):
                body = good | {"offer": good["offer"] | {name: value}}
                self.assert_problem(self.service.post("/offers", body), 400, code, name)
        for _, name in FIELDS:
            with self.subTest(f"without {name}"):
                body = good | {"offer": {key: value for key, value in good["offer"].items() if key != name}}
                self.assert_problem(self.service.post("/offers", body), 400, "missing_field", name)

    def test_a_body_that_is_not_strict_json_is_refused(self):
        good = Maker("strict").post_body(1)[0]
        text = encode(good)
        for name, body, code, field in (
                ("nothing", b"", "invalid_json", None), ("no object", b"[]", "invalid_type", None),
                ("a byte order mark", b"\xef\xbb\xbf" + text, "invalid_json", None),
                ("more after it", text + b"{}", "invalid_json", None), ("half of it", text[:-40], "invalid_json", None),
                ("a twin key", text[:-1] + b',"signature":"0x00"}', "duplicate_field", "signature"),
                ("a twin key in the offer", text.replace(b'"isCall"', b'"writer"', 1), "duplicate_field", "writer"),
                ("an unknown key", encode(good | {"more": 1}), "unknown_field", "more"),
                ("an unknown key in the offer", encode(good | {"offer": good["offer"] | {"salt": 1}}), "unknown_field", "salt"),
                ("no signature", encode({"offer": good["offer"]}), "missing_field", "signature"),
                ("no offer", encode({"signature": good["signature"]}), "missing_field", "offer"),
                ("NaN", text.replace(b"true", b"NaN"), "invalid_json", None),
                ("bad UTF-8", text.replace(b"true", b'"\xff"'), "invalid_json", None),
                ("NUL", text.replace(b"true", b'"\\u0000"'), "invalid_json", None),
                ("a lone surrogate", text.replace(b"true", b'"\\ud800"'), "invalid_json", None),
                ("depth", b"[" * 5000, "invalid_json", None), ("a comment", b"//" + text, "invalid_json", None)):
            with self.subTest(name):
                self.assert_problem(self.service.post("/offers", body), 400, code, field)

    def test_a_body_that_is_too_large_or_no_json_type_is_refused(self):
        body = encode(Maker("large").post_body(1)[0])
        self.assert_problem(self.service.post("/offers", body + b" " * 16_384), 413, "body_too_large")
        for kind in ("text/plain", "application/x-www-form-urlencoded", "application/octet-stream"):
            self.assert_problem(
                self.service.request("POST", "/offers", body, {"Content-Type": kind}), 415, "unsupported_media_type")
        for kind in ("application/json", "application/json; charset=utf-8", "Application/JSON"):
            self.assertIn(self.service.request("POST", "/offers", body, {"Content-Type": kind}).status, (200, 201))


class Repetition(ServiceCase):
    def repeat(self, maker, offer, status):
        """Posts an offer again in each form of its signature."""
        whole = maker.sign(digest(struct_hash(offer)))
        short = whole[:32] + word(int.from_bytes(whole[32:64], "big") | (whole[64] - 27) << 255)
        seen = []
        for signature in (whole, short, whole[:64] + bytes([whole[64] - 27]), maker.eth_account_signature(offer)):
            answer = self.service.post("/offers", {"offer": in_json(offer), "signature": hexed(signature)})
            self.assertEqual((answer.status, answer.json.get("status")), (200, status), answer)
            seen.append((answer.json["seq"], answer.json["createdAt"]))
        self.assertEqual(len(set(seen)), 1)
        bad = {"offer": in_json(offer), "signature": hexed(bytes([whole[0] ^ 1]) + whole[1:])}
        self.assertEqual(self.service.post("/offers", bad).status, 422)
        return seen[0]

    def test_an_open_offer_posted_again_is_the_same(self):
        maker = Maker("again")
        offer = maker.offer(1)
        first = self.service.post("/offers", maker.body(offer))
        self.assertEqual(first.status, 201)
        self.assertEqual(self.repeat(maker, offer, "open"), (first.json["seq"], first.json["createdAt"]))
        self.assertEqual(len(self.service.get(f"/offers?writer={maker.address}").json["offers"]), 1)

    def test_a_cancelled_offer_posted_again_stays_cancelled(self):
        maker = Maker("again after cancel")
        offer = maker.offer(1)
        self.service.post("/offers", maker.body(offer))
        self.cancel(maker.cancel(offer_hash(offer)))
        self.repeat(maker, offer, "cancelled")
        self.assertNotIn(offer_hash(offer), [row["offerHash"] for row in self.service.rows("weth?side=call")])

    def test_an_expired_offer_posted_again_stays_expired(self):
        maker = Maker("again after expiry")
        offer = maker.offer(1, deadline=int(time.time()) + 1)
        self.assertEqual(self.service.post("/offers", maker.body(offer)).status, 201)
        eventually("it expires", lambda: self.offer(offer_hash(offer))["status"] == "expired")
        self.repeat(maker, offer, "expired")
        eventually("the expiry is logged", lambda: self.service.get(
            f"/offers?writer={maker.address}&status=expired").json["offers"])
        self.repeat(maker, offer, "expired")


if __name__ == "__main__":
    unittest.main()
