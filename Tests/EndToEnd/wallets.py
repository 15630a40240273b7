#!/usr/bin/env python3
"""Contract wallets on a real EVM: EIP-1271, ERC-6492 and EIP-7702, for offers and cancels; wallets that misbehave, change
their answer or cannot be asked.

STRIKEBOOK is the path of the program.
"""
import subprocess
import threading
import time
import unittest
from pathlib import Path

import checks
import signing
from chain_node import Node, Protocol, compiled, selector
from eth_abi import encode
from eth_account import Account
from eth_utils import keccak, to_checksum_address
from service import Service, eventually
from signing import CANCEL_ALL_TYPE, CANCEL_TYPE, Maker, hexed, in_json

# Returns the magic value whatever it is called with.
AGREES = bytes.fromhex("631626ba7e60e01b5f5260205ff3")
# create2 of what follows the salt, which comes first.
FACTORY = bytes.fromhex("602036038060205f375f35905f5ff55f5260205ff3")
SUFFIX = bytes.fromhex("6492" * 16)


def creation(runtime):
    """Code that deploys `runtime`."""
    return bytes([0x60, len(runtime), 0x80, 0x60, 9, 0x5F, 0x39, 0x5F, 0xF3]) + runtime


class Wallets(checks.ServiceCase):
    @classmethod
    def setUpClass(cls):
        cls.node = Node()
        cls.protocol = Protocol(cls.node)
        cls.service = Service(*cls.protocol.flags())
        cls.owner = Maker("wallet owner")
        cls.wallet = cls.node.deploy("Wallet1271", ("address", cls.owner.address))

    def deploy(self, runtime):
        receipt = self.node.send(self.node.accounts[0], creation(runtime))
        return to_checksum_address(receipt["contractAddress"])

    def offer(self, writer, number=0, **changes):
        """An offer of a contract, its hash, and its owner's signature."""
        offer = self.owner.offer(number, writer=writer, **changes)
        digest = signing.digest(signing.struct_hash(offer))
        return offer, hexed(digest), self.owner.sign(digest)

    def send(self, offer, signature):
        return self.service.post("/offers", {"offer": in_json(offer), "signature": hexed(signature)})

    def shown(self, hash):
        answer = self.service.get(f"/offers/{hash}")
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def quoted(self, token, amount=10**18):
        answer = self.service.get(f"/quote?underlying={token}&side=call&amount={amount}&duration=7")
        self.assertEqual(answer.status, 200, answer)
        return [fill["offerHash"] for fill in answer.json["fills"]], answer.json["withheld"]

    def rule(self, hash):
        rules = self.service.get(f"/offers/{hash}/explain").json["rules"]
        return next(rule["pass"] for rule in rules if rule["rule"] == "signature_holds")

    def test_a_wallets_offer_is_taken_kept_as_sent_and_listed(self):
        token = "0x" + "a1" * 20
        offer, hash, signature = self.offer(self.wallet, underlying=token)
        answer = self.send(offer, signature)
        self.assertEqual((answer.status, answer.json.get("offerHash")), (201, hash), answer)
        self.assertEqual(self.send(offer, signature).status, 200)
        self.assertEqual(self.shown(hash)["signature"], hexed(signature))
        self.assertEqual([row["offerHash"] for row in self.service.rows(f"{token}?side=call")], [hash])
        self.assertEqual(self.quoted(token), ([hash], 0))
        self.assertTrue(self.rule(hash))

    def test_what_the_wallet_does_not_affirm_is_refused_with_what_was_computed(self):
        offer, hash, _ = self.offer(self.wallet, 2)
        stranger = Maker("stranger").sign(bytes.fromhex(hash[2:]))
        problem = self.assert_problem(self.send(offer, stranger), 422, "wallet_refused", "signature")
        self.assertEqual((problem["digest"], problem["expected"]), (hash, self.wallet))
        for signature in (b"", b"\1", bytes(65), bytes(4096)):
            self.assert_problem(self.send(offer, signature), 422, "wallet_refused")
        self.assert_problem(self.send(offer, bytes(4097)), 400, "signature_too_long")
        self.assertEqual(self.service.get(f"/offers/{hash}").status, 404)

    def test_an_address_without_code_has_a_plain_key_or_nothing(self):
        maker = Maker("no code")
        offer, hash, signature = self.offer(maker.address)
        self.assert_problem(self.send(offer, signature), 422, "signature_mismatch")
        self.assert_problem(self.send(offer, signature + b"\0"), 422, "signature_length")
        # A signature that fits another chain id is still explained.
        wrong = maker.eth_account_signature(offer, chainId=1)
        problem = self.assert_problem(self.send(offer, wrong), 422, "signature_mismatch")
        self.assertEqual(problem["diagnosis"], ["matches if chainId = 1"])
        for precompile in (1, 2, 4):
            offer, _, signature = self.offer(f"0x{precompile:040x}")
            self.assert_problem(self.send(offer, signature), 422, "signature_mismatch")

    def test_any_bytes_are_a_wallets_signature(self):
        wallet = self.deploy(AGREES)
        for number, size in enumerate((0, 1, 64, 65, 66, 130, 4096)):
            signature = bytes((number + place) % 256 for place in range(size))
            offer, hash, _ = self.offer(wallet, number)
            self.assertEqual(self.send(offer, signature).status, 201, size)
            self.assertEqual(self.shown(hash)["signature"], hexed(signature))

    def test_a_batch_may_hold_both_kinds(self):
        wallet, plain, refused = self.offer(self.wallet, 31), Maker("batch").offer(1), self.offer(self.wallet, 32)
        items = [{"offer": in_json(wallet[0]), "signature": hexed(wallet[2])}, Maker("batch").body(plain),
                 {"offer": in_json(refused[0]), "signature": hexed(wallet[2])}]
        answer = self.service.post("/offers/batch", {"offers": items})
        self.assertEqual([item["status"] for item in answer.json["results"]], [201, 201, 422], answer)

    def test_wallets_that_misbehave_are_refused(self):
        for mode in (0, 1, 4, 5, 6):
            offer, hash, signature = self.offer(self.node.deploy("BadWallets", ("uint256", mode)))
            self.assert_problem(self.send(offer, signature), 422, "wallet_refused")

    def test_a_wallet_without_end_delays_nobody_else(self):
        wallet = self.node.deploy("BadWallets", ("uint256", 2))
        answers, times = [], []

        def hostile(number):
            offer, _, signature = self.offer(wallet, number)
            answers.append(self.send(offer, signature).status)

        threads = [threading.Thread(target=hostile, args=[number]) for number in range(4)]
        for thread in threads:
            thread.start()
        maker, number = Maker("beside"), 0
        while any(thread.is_alive() for thread in threads) and number < 200:
            begin = time.monotonic()
            self.assertEqual(self.service.post("/offers", maker.post_body(number)[0]).status, 201)
            times.append(time.monotonic() - begin)
            number += 1
            time.sleep(0.01)
        for thread in threads:
            thread.join()
        self.assertLessEqual(set(answers), {422, 503})
        self.assertLess(sorted(times)[len(times) // 2], 0.2)
        self.assertLess(max(times), 1.5)

    def test_a_wallet_cancels_what_it_offered(self):
        token = "0x" + "a2" * 20
        first, second = [self.offer(self.wallet, number, underlying=token) for number in (41, 42)]
        for offer, _, signature in (first, second):
            self.assertEqual(self.send(offer, signature).status, 201)
        digest = signing.digest(keccak(CANCEL_TYPE + keccak(bytes.fromhex(first[1][2:]))))
        body = {"message": {"offerHashes": [first[1]]}, "signature": hexed(self.owner.sign(digest))}
        # Without its name it is the owner's cancel, who offered nothing.
        self.assert_problem(self.service.post("/offers/cancel", body), 422, "not_the_writer")
        forged = body | {"writer": self.wallet, "signature": hexed(Maker("thief").sign(digest))}
        self.assert_problem(self.service.post("/offers/cancel", forged), 422, "wallet_refused")
        reply = self.cancel(body | {"writer": self.wallet})
        self.assertEqual((reply["signer"], reply["results"][0]["status"]), (self.wallet, "cancelled"))
        self.assertEqual([row["offerHash"] for row in self.service.rows(f"{token}?side=call")], [second[1]])
        now = int(time.time()) + 30
        digest = signing.digest(keccak(CANCEL_ALL_TYPE + signing.word(self.wallet) + signing.word(now)))
        message = {"message": {"writer": self.wallet, "issuedBefore": now}, "signature": hexed(self.owner.sign(digest))}
        self.assert_problem(self.service.post("/offers/cancel", message | {"writer": self.owner.address}), 422)
        self.assertIn(second[1], [result["offerHash"] for result in self.cancel(message)["results"]])
        self.assertEqual(self.service.rows(f"{token}?side=call"), [])
        # From here on it offers as another wallet: the watermark stands.
        type(self).wallet = self.node.deploy("Wallet1271", ("address", self.owner.address))

    def test_a_quote_asks_again_when_the_answer_may_have_changed(self):
        token = "0x" + "a3" * 20
        wallet = self.node.deploy("Wallet1271", ("address", self.owner.address))
        offer, hash, signature = self.offer(wallet, underlying=token)
        self.assertEqual(self.send(offer, signature).status, 201)
        plain = self.post_offer(Maker("dearer"), underlying=token, premiumPerDay=9_000_000)
        self.assertEqual(self.quoted(token), ([hash], 0))
        for frozen, expected in ((True, ([plain], 1)), (False, ([hash], 0))):
            self.node.send(self.node.accounts[1], selector("setFrozen(bool)") + encode(["bool"], [frozen]), wallet)
            eventually(f"frozen: {frozen}", lambda: self.quoted(token) == expected, 5)
            self.assertEqual(self.rule(hash), not frozen)
            # The book is what the log says, whatever a wallet says today.
            self.assertEqual(len(self.service.rows(f"{token}?side=call")), 2)

    def test_a_wallet_may_sign_before_it_is_deployed(self):
        factory, token = self.deploy(FACTORY), "0x" + "a4" * 20
        code = compiled("Wallet1271") + encode(["address"], [self.owner.address])
        salt = keccak(text="salt")
        address = to_checksum_address(keccak(b"\xff" + bytes.fromhex(factory[2:]) + salt + keccak(code))[12:])
        offer, hash, inner = self.offer(address, underlying=token)
        wrapped = encode(["address", "bytes", "bytes"], [factory, salt + code, inner]) + SUFFIX
        self.assertGreater(4097, len(wrapped))
        # Not deployed, and nobody says how: no wallet.
        self.assert_problem(self.send(offer, inner), 422, "signature_mismatch")
        bad = encode(["address", "bytes", "bytes"], [factory, salt + code, Maker("thief").sign(bytes.fromhex(hash[2:]))])
        self.assert_problem(self.send(offer, bad + SUFFIX), 422, "wallet_refused")
        # Another factory makes nothing there.
        lost = encode(["address", "bytes", "bytes"], [self.wallet, salt + code, inner]) + SUFFIX
        self.assert_problem(self.send(offer, lost), 422, "signature_length")
        for broken in (SUFFIX, b"\1" + SUFFIX, wrapped[:-64] + SUFFIX):
            self.assert_problem(self.send(offer, broken), 422, "wallet_refused")
        self.assertEqual(self.send(offer, wrapped).status, 201)
        self.assertEqual(self.shown(hash)["signature"], hexed(wrapped))
        self.assertEqual(self.quoted(token), ([hash], 0))
        self.node.send(self.node.accounts[2], salt + code, factory)
        self.assertGreater(len(self.node.rpc("eth_getCode", address, "latest")), 2)
        time.sleep(1.1)
        self.assertEqual(self.quoted(token), ([hash], 0))
        self.assertEqual(self.send(offer, inner).status, 200)

    def test_an_account_with_a_delegation_is_a_contract(self):
        token = "0x" + "a5" * 20
        account = Account.create("delegating")
        # It delegates to a wallet whose owner stands in the wallet's own storage, so in the account's there is none.
        self.node.rpc("eth_sendTransaction", {
            "from": self.node.accounts[0], "to": account.address, "value": hex(10**18), "gas": hex(21_000)})
        offer = Maker("any").offer(writer=account.address, underlying=token)
        signature = bytes(account.unsafe_sign_hash(signing.digest(signing.struct_hash(offer))).signature)
        hash = signing.offer_hash(offer)
        self.assertEqual(self.send(offer, signature).status, 201)
        self.assertEqual(self.quoted(token), ([hash], 0))
        for target, listed in ((self.wallet, False), ("0x" + "00" * 20, True)):
            self.node.delegate(account, target)
            eventually(f"listed: {listed}", lambda: self.quoted(token) == (([hash], 0) if listed else ([], 1)), 25)
            self.assertEqual(self.rule(hash), listed)
            # A plain key's offers are taken as before.
            other = Maker("any").offer(int(listed), writer=account.address)
            signed = account.unsafe_sign_hash(signing.digest(signing.struct_hash(other))).signature
            self.assertEqual(self.send(other, bytes(signed)).status, 201)


class WithoutTheChain(checks.ServiceCase):
    """A chain that goes away."""

    @classmethod
    def setUpClass(cls):
        pass

    def test_wallets_wait_for_the_chain_and_plain_keys_do_not(self):
        node = Node()
        protocol = Protocol(node)
        self.service = service = Service(*protocol.flags())
        owner, token = Maker("owner"), "0x" + "a6" * 20
        wallet = node.deploy("Wallet1271", ("address", owner.address))

        def body(number, **changes):
            offer = owner.offer(number, writer=wallet, underlying=token, **changes)
            return owner.body(offer), signing.offer_hash(offer)

        first, hash = body(1)
        self.assertEqual(service.post("/offers", first).status, 201)
        plain = self.post_offer(owner, underlying=token, premiumPerDay=9_000_000)
        quote = f"/quote?underlying={token}&side=call&amount={10**18}&duration=7"
        self.assertEqual([fill["offerHash"] for fill in service.get(quote).json["fills"]], [hash])
        node.end()
        time.sleep(1.1)
        for sent in (body(2)[0], body(3)[0]):
            answer = service.post("/offers", sent)
            self.assert_problem(answer, 503, "wallet_unavailable", "signature")
            self.assertIn("Retry-After", answer.headers)
        # What is stored is known without asking; a plain key needs nobody.
        self.assertEqual(service.post("/offers", first).status, 200)
        self.post_offer(owner, 7, underlying=token, premiumPerDay=9_500_000)
        digest = signing.digest(keccak(CANCEL_TYPE + keccak(bytes.fromhex(hash[2:]))))
        cancel = {"message": {"offerHashes": [hash]}, "signature": hexed(owner.sign(digest)), "writer": wallet}
        self.assert_problem(service.post("/offers/cancel", cancel), 503, "wallet_unavailable")
        self.assertEqual([fill["offerHash"] for fill in service.get(quote).json["fills"]], [plain])
        self.assertEqual(service.get("/ready").status, 200)


class Source(unittest.TestCase):
    def test_the_probes_bytecode_is_what_its_source_makes(self):
        folder = Path(__file__).resolve().parents[2] / "Sources/Ethereum/Wallets"
        subprocess.run([folder / "assemble", "--check"], check=True)


if __name__ == "__main__":
    unittest.main()
