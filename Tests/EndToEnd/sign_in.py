#!/usr/bin/env python3
"""Sign-In with Ethereum: plain keys and contract wallets (EIP-1271, ERC-6492, EIP-7702) log in, by two processes over one
database; messages for others, replays and forged tokens do not.

STRIKEBOOK is the path of the program.
"""
import datetime
import unittest

import checks
from chain_node import Node, Protocol
from eth_abi import encode
from eth_account import Account
from eth_account.messages import _hash_eip191_message, encode_defunct
from eth_utils import keccak, to_checksum_address
from service import Databases, Service
from signing import CHAIN, Maker, hexed
from wallets import AGREES, FACTORY, SUFFIX, creation


def moment(ahead=0):
    now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=ahead)
    return now.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def message(address, nonce, domain="localhost:3000", chain=CHAIN, uri="http://localhost:3000/", more="", issued=None):
    return (f"{domain} wants you to sign in with your Ethereum account:\n{address}\n\nI am here.\n\nURI: {uri}\n"
            f"Version: 1\nChain ID: {chain}\nNonce: {nonce}\nIssued At: {issued or moment()}{more}")


class SignIn(checks.ServiceCase):
    @classmethod
    def setUpClass(cls):
        cls.node = Node()
        protocol = Protocol(cls.node)
        cls.databases = Databases()
        flags = protocol.flags("--database-url", cls.databases.url, "--redis-url", cls.databases.redis_url, "--migrate", "on",
                               "--allowed-origins", "https://app.example", "--offer-rate-limit", "0")
        cls.service = Service(*flags)
        cls.other = Service(*flags)
        cls.account = Account.from_key("0x" + "22" * 32)

    def nonce(self):
        answer = self.service.get("/auth/nonce")
        self.assertEqual((answer.status, answer.headers["Cache-Control"]), (200, "no-store"), answer)
        self.assertEqual(answer.json["chainId"], str(CHAIN))
        return answer.json["nonce"]

    def sign(self, text):
        return hexed(self.account.sign_message(encode_defunct(text=text)).signature)

    def log_in(self, text, signature=None, at=None):
        return (at or self.service).post("/auth/login", {"message": text, "signature": signature or self.sign(text)})

    def session(self, token, at=None, **headers):
        return (at or self.service).get("/auth/session", **(headers or {"Authorization": f"Bearer {token}"}))

    def assert_in(self, answer, address):
        self.assertEqual((answer.status, answer.json.get("address")), (200, address), answer)
        session = self.session(answer.json["token"], self.other)
        self.assertEqual((session.status, session.json["address"]), (200, address), session)
        return answer.json["token"]

    def test_a_key_logs_in_everywhere_and_out_again(self):
        answer = self.log_in(message(self.account.address, self.nonce()))
        token = self.assert_in(answer, self.account.address)
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        cookie = answer.headers["Set-Cookie"]
        self.assertEqual(cookie, f"strikebook_session={token}; Path=/; HttpOnly; SameSite=Strict")
        by_cookie = self.session(None, Cookie=f"a=b; strikebook_session={token}; c=d")
        self.assertEqual((by_cookie.status, by_cookie.json["address"]), (200, self.account.address))
        out = self.other.post("/auth/logout", None, Authorization=f"Bearer {token}")
        self.assertEqual((out.status, out.json), (200, {"loggedOut": True}), out)
        self.assertIn("Max-Age=0", out.headers["Set-Cookie"])
        self.assert_problem(self.session(token), 401, "not_logged_in")
        self.assertEqual(self.service.post("/auth/logout", None, Authorization=f"Bearer {token}").json, {"loggedOut": False})

    def test_over_https_the_cookie_is_for_https_alone(self):
        text = message(self.account.address, self.nonce(), domain="app.example", uri="https://app.example/login")
        answer = self.log_in(text)
        self.assertEqual(answer.status, 200, answer)
        self.assertTrue(answer.headers["Set-Cookie"].endswith("; Secure"))

    def test_a_nonce_begins_one_session_whoever_is_asked_and_even_when_that_has_ended(self):
        text = message(self.account.address, self.nonce())
        token = self.assert_in(self.log_in(text), self.account.address)
        self.assert_problem(self.log_in(text), 400, "nonce_used", "message")
        self.assert_problem(self.log_in(text, at=self.other), 400, "nonce_used", "message")
        self.service.post("/auth/logout", None, Authorization=f"Bearer {token}")
        self.assert_problem(self.log_in(text), 400, "nonce_used", "message")

    def test_what_was_signed_for_others_opens_nothing(self):
        address, nonce = self.account.address, self.nonce()
        for text, code in (
                (message(address, nonce, domain="evil.example"), "wrong_domain"),
                (message(address, nonce, chain=1), "wrong_chain"),
                (message(address, "0" * 64), "unknown_nonce"),
                (message(address, nonce[:-1] + ("0" if nonce[-1] != "0" else "1")), "unknown_nonce"),
                (message(address, nonce, issued=moment(3_600)), "not_yet_valid"),
                (message(address, nonce, more=f"\nNot Before: {moment(3_600)}"), "not_yet_valid"),
                (message(address, nonce, more=f"\nExpiration Time: {moment(-1)}"), "message_expired"),
                (message(address.lower(), nonce), "invalid_sign_in_message"),
                ("hello", "invalid_sign_in_message")):
            self.assert_problem(self.log_in(text), 400, code, "message")
        # None of these used the nonce up.
        self.assert_in(self.log_in(message(address, nonce)), address)

    def test_another_key_does_not_open(self):
        text = message(Maker("somebody else").address, self.nonce())
        self.assert_problem(self.log_in(text), 422, "signature_mismatch", "signature")
        self.assert_problem(self.log_in(text, "0x00"), 422, "signature_length", "signature")
        self.assert_problem(self.log_in(text, "zz"), 400, "invalid_hex", "signature")
        self.assert_problem(self.service.post("/auth/login", {"message": text}), 400, "missing_field", "signature")

    def test_contract_wallets_log_in(self):
        owner = Maker("sign-in owner")
        wallet = self.node.deploy("Wallet1271", ("address", owner.address))
        text = message(wallet, self.nonce())
        digest = _hash_eip191_message(encode_defunct(text=text))
        self.assert_in(self.log_in(text, hexed(owner.sign(digest))), wallet)
        text = message(wallet, self.nonce())
        self.assert_problem(self.log_in(text, hexed(owner.sign(digest))), 422, "wallet_refused", "signature")

    def test_a_wallet_that_is_not_deployed_logs_in(self):
        receipt = self.node.send(self.node.accounts[0], creation(FACTORY))
        factory = to_checksum_address(receipt["contractAddress"])
        salt, code = bytes(31) + b"\x51", creation(AGREES)
        wallet = to_checksum_address(
            keccak(b"\xff" + bytes.fromhex(factory[2:]) + salt + keccak(code))[12:])
        signature = encode(["address", "bytes", "bytes"], [factory, salt + code, b"inner"]) + SUFFIX
        self.assert_in(self.log_in(message(wallet, self.nonce()), hexed(signature)), wallet)

    def test_an_account_with_a_delegation_logs_in_as_its_code_says(self):
        receipt = self.node.send(self.node.accounts[0], creation(AGREES))
        account = Account.create("delegating sign-in")
        self.node.rpc("eth_sendTransaction", {
            "from": self.node.accounts[0], "to": account.address, "value": hex(10**18), "gas": hex(21_000)})
        text = message(account.address, self.nonce())
        self.assert_problem(self.log_in(text, "0x" + "11" * 66), 422, "signature_length", "signature")
        self.node.delegate(account, to_checksum_address(receipt["contractAddress"]))
        self.assert_in(self.log_in(text, "0x" + "11" * 66), account.address)

    def test_tokens_are_not_guessed_and_not_stored(self):
        token = self.log_in(message(self.account.address, self.nonce())).json["token"]
        for wrong in ("", "x", token[:-1], token[:-2] + ("00" if token[-2:] != "00" else "11"), token.upper() + "0"):
            self.assert_problem(self.session(wrong), 401, "not_logged_in")
        self.assert_problem(self.service.get("/auth/session"), 401, "not_logged_in")
        stored = self.databases.query("SELECT encode(token_hash, 'hex') FROM sessions")
        self.assertIn([keccak(bytes.fromhex(token)).hex()], stored)
        self.assertNotIn([token], stored)

    def test_z_a_client_logs_in_so_often_and_no_more(self):
        text = message(self.account.address, "0")
        statuses = {self.log_in(text, "0x" + "11" * 65).status for _ in range(110)}
        self.assertEqual(statuses, {400, 429})

    def test_the_service_role_sees_no_session_without_its_token(self):
        self.log_in(message(self.account.address, self.nonce()))
        seen = self.databases.query("SET ROLE strikebook_app; SELECT count(*) FROM sessions")
        self.assertEqual(seen[-1], ["0"])


if __name__ == "__main__":
    unittest.main()
