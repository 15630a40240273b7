#!/usr/bin/env python3
"""Contract wallets beyond the book, on a real EVM: they approve settlements, and what they signed moves to another
deployment where a node can be asked.

STRIKEBOOK is the path of the program.
"""
import json
import time
import unittest

import signing
from chain_node import Node, Protocol
from checks import ServiceCase
from eth_account.messages import encode_typed_data
from eth_utils import keccak
from program import lines_file, run
from service import Databases, Service, eventually, scratch
from signing import CANCEL_TYPE, DAY, USDC, WETH, Maker, hexed

KEY = "an operator's key"
TOKENS = [
    {"symbol": "WETH", "address": WETH, "decimals": 18, "stablecoin": False, "startPrice": "2499", "drift": 0, "volatility": 0},
    {"symbol": "USDC", "address": USDC, "decimals": 6, "stablecoin": True, "startPrice": "1", "drift": 0, "volatility": 0}]


class Elsewhere(ServiceCase):
    @classmethod
    def setUpClass(cls):
        cls.node = Node()
        cls.protocol = Protocol(cls.node)
        cls.owner = Maker("wallet owner elsewhere")
        cls.wallet = cls.node.deploy("Wallet1271", ("address", cls.owner.address))

    def signed(self, maker, number, **changes):
        offer = maker.offer(number, **changes)
        return maker.body(offer), signing.offer_hash(offer)

    def test_a_wallets_offers_and_cancels_are_imported_where_a_node_is_named(self):
        self.service = source = Service(*self.protocol.flags())
        kept, cancelled = [self.signed(self.owner, number, writer=self.wallet) for number in (1, 2)]
        plain = self.signed(Maker("plain elsewhere"), 3)
        for body, _ in (kept, cancelled, plain):
            self.assertEqual(source.post("/offers", body).status, 201)
        digest = signing.digest(keccak(CANCEL_TYPE + keccak(bytes.fromhex(cancelled[1][2:]))))
        self.cancel({"message": {"offerHashes": [cancelled[1]]}, "signature": hexed(self.owner.sign(digest)),
                     "writer": self.wallet})
        file = lines_file("moved.jsonl", run("export", "--data-dir", source.data).lines)
        self.assertEqual(len(file.read_text().splitlines()), 5)
        # Nobody to ask: each line says so, and the plain one is in.
        refused = scratch("refused.jsonl")
        data = scratch("without")
        report = run("import", file, "--data-dir", data, "--json", "--report", refused, code=5).json
        self.assertEqual(report["offers"]["open"], 1)
        lines = [json.loads(line) for line in refused.read_text().splitlines()]
        self.assertEqual(len(lines), 3)
        for line in lines:
            self.assertEqual(line["code"], "signature_mismatch")
            self.assertIn("only the chain can tell", line["detail"])
        # The same again with a node: everything is in, and what the wallet cancelled stays cancelled.
        report = run("import", file, "--data-dir", data, "--json", "--rpc-url", self.node.url).json
        self.assertEqual((report["offers"]["open"], report["offers"]["cancelled"], report["offers"]["existed"]), (1, 1, 1))
        moved = Service(*self.protocol.flags(), data=data)
        for (body, hash), status in ((kept, "open"), (cancelled, "cancelled"), (plain, "open")):
            shown = moved.get(f"/offers/{hash}?pricing=off").json
            self.assertEqual((shown["status"], shown["signature"]), (status, body["signature"]))
        moved.stop()
        run("log", "verify", "--data-dir", data)
        # A signature that the wallet does not affirm is refused by name.
        forged = kept[0] | {"signature": hexed(Maker("thief").sign(bytes.fromhex(kept[1][2:])))}
        run("import", lines_file("forged.jsonl", [forged]), "--data-dir", scratch("forged"), "--json", "--report", refused,
            "--rpc-url", self.node.url, "--chain-id", signing.CHAIN, "--verifying-contract", self.protocol.address, code=5)
        self.assertEqual(json.loads(refused.read_text())["code"], "wallet_refused")

    def test_offline_only_the_chain_can_tell(self):
        body, _ = self.signed(self.owner, 4, writer=self.wallet)
        done = run("offer", "verify", "-", "--chain-id", signing.CHAIN, "--verifying-contract", self.protocol.address,
                   given=json.dumps(body), code=5)
        self.assertIn("only the chain can tell", done.text)

    def test_a_wallet_that_holds_an_option_approves_its_settlement(self):
        tokens = scratch("tokens.json")
        tokens.write_text(json.dumps(TOKENS))
        databases = Databases()
        self.service = service = Service(
            *self.protocol.flags("--database-url", databases.url, "--redis-url", databases.redis_url, "--migrate", "on",
                                 "--tokens", str(tokens)), environment={"STRIKEBOOK_OPERATOR_KEY": KEY})
        operator = {"Authorization": f"Bearer {KEY}"}
        hash = self.post_offer(Maker("writer elsewhere"), underlying=WETH)
        started = int(time.time()) - 2 * DAY
        taker = Maker("taker elsewhere").address
        number = "77"

        def event(index, name, **args):
            return {"name": name, "blockNumber": 1, "blockHash": hexed(keccak(text="a block")), "blockTimestamp": started,
                    "txHash": hexed(keccak(text="a take")), "logIndex": index, "args": args}
        answer = service.post("/chain/events", {"events": [
            event(0, "OptionTaken", tokenId=number, offerHash=hash, taker=taker, fillAmount=str(10**18),
                  strikePrice=str(2000 * 10**8), duration="1"),
            event(1, "Transfer", **{"from": taker, "to": self.wallet, "tokenId": number})], "reverted": []}, **operator)
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(service.post(f"/prices/{WETH}", {"priceE8": str(2499 * 10**8)}, **operator).status, 200)
        answer = eventually("it can be proposed", lambda: (
            lambda a: a if a.status in (200, 201) else None)(service.post("/settlement/initiate", {"tokenId": number})))
        proposal = answer.json

        def approve(account):
            signature = account.sign_message(encode_typed_data(full_message=proposal["termsToSign"])).signature
            return hexed(signature), service.post("/settlement/approve", {
                "tokenId": number, "settlementConditionsHash": proposal["settlementConditionsHash"],
                "signature": hexed(signature)})
        self.assert_problem(approve(Maker("thief").account)[1], 422, "wallet_refused", "signature")
        signature, answer = approve(self.owner.account)
        self.assertEqual((answer.status, answer.json["status"]), (200, "approved"), answer)
        stored = databases.query("SELECT '0x' || encode(taker_signature, 'hex') FROM settlement_signatures")
        self.assertEqual(stored, [[signature]])


if __name__ == "__main__":
    unittest.main()
