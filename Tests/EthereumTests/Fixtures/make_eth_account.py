#!/usr/bin/env python3
"""Writes eth_account.jsonl: offers, digests and messages signed by eth-account, which this project did not write.

    pip install eth-account==0.14.0
    python3 make_eth_account.py > eth_account.jsonl

The same versions give the same file: keys, amounts and messages come from a fixed seed, signatures are RFC 6979.
The first line names the versions. Then, one JSON object a line:
  offer    an OptionOffer in a domain of its own, its hashes, and its signer's EIP-712 signature;
           structHash = hashStruct, digest = what is signed, encodedHash = keccak256(abi.encode(the 11 fields))
  digest   32 random bytes and a random key's signature of them
  message  bytes as a wallet signs them with personal_sign (EIP-191 version 0x45)
uint256 values are decimal strings, durations and deadline are numbers.
"""
import json
import platform
import random
from importlib.metadata import version

from eth_abi import encode as abi_encode
from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data, _hash_eip191_message
from eth_utils import keccak, to_checksum_address

SEED = "strikebook eth-account fixture"
OFFERS, DIGESTS, MESSAGES = 120, 200, 80
PACKAGES = ["eth-account", "eth-abi", "eth-keys", "eth-utils", "eth-hash", "pycryptodome"]
FIELDS = [tuple(field.split()) for field in (
    "address writer,address underlying,uint256 collateralAmount,address stablecoin,bool isCall,uint256 premiumPerDay,"
    "uint16 minDuration,uint16 maxDuration,uint256 minFillAmount,uint64 deadline,bytes32 configHash").split(",")]
DOMAIN = [{"name": "name", "type": "string"}, {"name": "version", "type": "string"},
          {"name": "chainId", "type": "uint256"}, {"name": "verifyingContract", "type": "address"}]
rng = random.Random(SEED)


def number(bits):
    """Uniform in a random width, and now and then an end of the range."""
    return rng.choice([0, 1, 2**bits - 1, 10**18 % 2**bits] + [rng.getrandbits(rng.randint(1, bits)) for _ in range(12)])


def key():
    return Account.from_key(keccak(rng.randbytes(32)))


def address():
    return to_checksum_address(rng.randbytes(20))


def hexed(data):
    return "0x" + bytes(data).hex()


def jsonable(kind, value):
    return hexed(value) if kind == "bytes32" else str(value) if kind == "uint256" else value


def offer():
    signer = key()
    random_value = {"address": address, "uint256": lambda: number(256), "bool": lambda: rng.random() < 0.5,
                    "uint16": lambda: number(16), "uint64": lambda: min(number(64), 2**53 - 1),
                    "bytes32": lambda: rng.choice([bytes(32), rng.randbytes(32)])}
    fields = {name: random_value[kind]() for kind, name in FIELDS} | {"writer": signer.address}
    chain, contract = rng.choice([1, 31337, 84532, rng.getrandbits(53)]), address()
    signable = encode_typed_data(full_message={
        "types": {"EIP712Domain": DOMAIN, "OptionOffer": [{"name": name, "type": kind} for kind, name in FIELDS]},
        "primaryType": "OptionOffer", "message": fields,
        "domain": {"name": "OptionsProtocol", "version": "1", "chainId": chain, "verifyingContract": contract}})
    signed = signer.sign_message(signable)
    encoded = abi_encode([kind for kind, _ in FIELDS], [fields[name] for _, name in FIELDS])
    return {"kind": "offer", "chainId": chain, "verifyingContract": contract,
            "offer": {name: jsonable(kind, fields[name]) for kind, name in FIELDS},
            "domainSeparator": hexed(signable.header), "structHash": hexed(signable.body),
            "digest": hexed(_hash_eip191_message(signable)), "encodedHash": hexed(keccak(encoded)),
            "signer": signer.address, "signature": hexed(signed.signature)}


def digest():
    signer, data = key(), rng.randbytes(32)
    return {"kind": "digest", "digest": hexed(data), "signer": signer.address, "privateKey": hexed(signer.key),
            "signature": hexed(signer.unsafe_sign_hash(data).signature)}


def message():
    signer, data = key(), rng.randbytes(rng.choice([0, 1, 9, 10, 32, 99, 100, rng.randint(0, 400)]))
    signable = encode_defunct(primitive=data)
    return {"kind": "message", "message": hexed(data), "digest": hexed(_hash_eip191_message(signable)),
            "signer": signer.address, "signature": hexed(signer.sign_message(signable).signature)}


def main():
    made_with = {"python": platform.python_version()} | {package: version(package) for package in PACKAGES}
    print(json.dumps({"kind": "versions", **made_with}))
    for make, count in ((offer, OFFERS), (digest, DIGESTS), (message, MESSAGES)):
        for _ in range(count):
            print(json.dumps(make()))


if __name__ == "__main__":
    main()
