"""A real EVM behind JSON-RPC, the protocol contract on it, and what takers and writers do with it."""
import functools
import http.client
import json
import subprocess
import sys
import unittest
from pathlib import Path

import vyper
from eth_abi import encode
from eth_utils import keccak, to_checksum_address

import service
import signing

DIRECTORY = Path(__file__).parent / "chain"
TUPLE = "(address,address,uint256,address,bool,uint256,uint16,uint16,uint256,uint64,bytes32)"


def selector(signature):
    return keccak(text=signature)[:4]


@functools.cache
def compiled(name):
    """The creation code of a contract of this directory."""
    code = vyper.compile_code((DIRECTORY / f"{name}.vy").read_text(), output_formats=["bytecode"])["bytecode"]
    return bytes.fromhex(code[2:])


class Node:
    """py-evm; `port` 0 picks a free one, another brings one back where it was."""

    def __init__(self, *flags, port=0):
        self.log = service.scratch(f"node{len(service._started)}.log")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(DIRECTORY / "node.py"), "--port", str(port), "--chain-id", str(signing.CHAIN), *flags],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        service._started.append(self)
        self.port = service.eventually("the node listens", self._listening, 30)
        self.url = f"http://127.0.0.1:{self.port}"
        self.accounts = self.rpc("eth_accounts")

    def _listening(self):
        for line in self.log.read_text().splitlines():
            if " on http://" in line:
                return int(line.rsplit(":", 1)[1])
        assert self.process.poll() is None, self.log.read_text()
        return None

    def end(self):
        self.process.kill()
        self.process.wait(10)

    def rpc(self, method, *params):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(
            "POST", "/", json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}),
            {"Content-Type": "application/json"})
        answer = json.loads(connection.getresponse().read())
        connection.close()
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def send(self, sender, data, to=None):
        """A transaction in a block of its own; the receipt."""
        transaction = {"from": sender, "data": "0x" + data.hex(), "gas": hex(3_000_000)}
        if to:
            transaction["to"] = to
        receipt = self.rpc("eth_getTransactionReceipt", self.rpc("eth_sendTransaction", transaction))
        assert int(receipt["status"], 16) == 1, receipt
        return receipt

    def deploy(self, name, *arguments):
        """A contract of this directory; its address. `arguments` are pairs of type and value."""
        words = encode([kind for kind, _ in arguments], [value for _, value in arguments])
        receipt = self.send(self.accounts[0], compiled(name) + words)
        return to_checksum_address(receipt["contractAddress"])

    def mine(self, count=1):
        for _ in range(count):
            self.rpc("evm_mine")

    @property
    def head(self):
        return int(self.rpc("eth_blockNumber"), 16)

    @property
    def time(self):
        return int(self.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    def delegate(self, account, target):
        """EIP-7702: the account's code becomes a pointer to `target`."""
        nonce = int(self.rpc("eth_getTransactionCount", account.address, "latest"), 16)
        authorization = account.sign_authorization(
            {"chainId": signing.CHAIN, "address": target, "nonce": nonce + 1})
        signed = account.sign_transaction({
            "type": 4, "chainId": signing.CHAIN, "nonce": nonce, "to": account.address, "value": 0, "gas": 200_000,
            "maxFeePerGas": 10**10, "maxPriorityFeePerGas": 10**9, "authorizationList": [authorization]})
        self.rpc("eth_sendRawTransaction", signing.hexed(signed.raw_transaction))
        self.mine()


class Protocol:
    """The contract, and the domain that offers for it are signed in."""

    def __init__(self, node):
        self.node = node
        self.address = node.deploy("OptionsProtocol")
        signing.CONTRACT = self.address
        signing.DOMAIN["verifyingContract"] = ("address", self.address)
        signing.SEPARATOR = keccak(
            keccak(text="EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
            + keccak(text="OptionsProtocol") + keccak(text="1") + signing.word(signing.CHAIN) + signing.word(self.address))

    def flags(self, *more):
        """What a service is told to follow it."""
        return ("--rpc-url", self.node.url, "--verifying-contract", self.address, "--chain-id", str(signing.CHAIN),
                "--start-block", "0", "--poll-interval", "0.05", "--offer-rate-limit", "0", *more)

    @staticmethod
    def fields(offer):
        values = [offer[name] for _, name in signing.FIELDS]
        return tuple(bytes.fromhex(value[2:]) if kind == "bytes32" else value
                     for value, (kind, _) in zip(values, signing.FIELDS))

    def take(self, maker, offer, amount, days=7, taker=1, strike=3000 * 10**8, signature=None):
        """A take; its receipt."""
        signature = signature or maker.sign(signing.digest(signing.struct_hash(offer)))
        data = selector(f"take({TUPLE},bytes,uint256,uint256,uint256)") + encode(
            [TUPLE, "bytes", "uint256", "uint256", "uint256"], [self.fields(offer), signature, amount, days, strike])
        return self.node.send(self.node.accounts[taker], data, self.address)

    def call(self, signature, *arguments, sender=1):
        kinds = signature[signature.index("(") + 1:-1].split(",")
        return self.node.send(
            self.node.accounts[sender], selector(signature) + encode(kinds, list(arguments)), self.address)


class Followed(unittest.TestCase):
    """A service that follows a node of its own; `posted` are the bodies of its offers."""

    @classmethod
    def setUpClass(cls):
        cls.node = Node()
        cls.protocol = Protocol(cls.node)
        cls.databases = service.Databases()
        cls.flags = cls.protocol.flags(
            "--database-url", cls.databases.url, "--redis-url", "none", "--migrate", "on", "--confirmations", "3",
            "--operator-key", "secret")
        cls.service = service.Service(*cls.flags)
        cls.posted = []

    def post(self, maker, number=0, **changes):
        offer = maker.offer(number, deadline=self.node.time + 86_400 * 300, **changes)
        answer = self.service.post("/offers", maker.body(offer))
        self.assertEqual(answer.status, 201, answer)
        self.posted.append(maker.body(offer))
        return offer, answer.json["offerHash"]

    def offer(self, hash):
        return self.service.get(f"/offers/{hash}").json

    def filled(self, hash, amount):
        service.eventually(f"{amount} is filled: {self.offer(hash)}", lambda: self.offer(hash)["filled"] == str(amount))
