#!/usr/bin/env python3
"""Writes offers.jsonl and mistakes.jsonl: offers and cancels signed by eth-account, which this project did not write.

    pip install eth-account==0.14.0
    python3 make_offers.py

The same versions give the same files: keys and amounts come from a fixed seed, signatures are RFC 6979. The first line
of each file names the versions.

offers.jsonl, one body of POST /offers a line: {kind, expect, body: {offer, signature}, hashes of the good ones}.
  expect is "accept" or the codes of which one must refuse it. All are to be read at unix time NOW.
mistakes.jsonl, one refused body a line with what its signature was really made over:
  {kind: "offer"|"cancel", diagnosis, body}.
"""
import json
import platform
import random
from importlib.metadata import version
from pathlib import Path

from eth_abi import encode as abi_encode
from eth_account import Account
from eth_account.messages import _hash_eip191_message, encode_defunct, encode_typed_data
from eth_utils import keccak, to_checksum_address

CHAIN, CONTRACT, NOW = 42161, "0x5FbDB2315678afecb367f032d93F642f64180aa3", 1893456000
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
GOOD, BROKEN = 40, 4
PACKAGES = ["eth-account", "eth-abi", "eth-keys", "eth-utils", "eth-hash", "pycryptodome"]
FIELDS = [tuple(field.split()) for field in (
    "address writer,address underlying,uint256 collateralAmount,address stablecoin,bool isCall,uint256 premiumPerDay,"
    "uint16 minDuration,uint16 maxDuration,uint256 minFillAmount,uint64 deadline,bytes32 configHash").split(",")]
DOMAIN = {"name": ("string", "OptionsProtocol"), "version": ("string", "1"), "chainId": ("uint256", CHAIN),
          "verifyingContract": ("address", CONTRACT)}
CANCEL = [("bytes32[]", "offerHashes")]
CANCEL_ALL = [("address", "writer"), ("uint64", "issuedBefore")]
rng = random.Random("strikebook offers fixture")
keys = [Account.from_key(keccak(text=f"strikebook offers fixture {i}")) for i in range(8)]


def signable(fields, values, struct="OptionOffer", domain=DOMAIN):
    return encode_typed_data(full_message={
        "types": {"EIP712Domain": [{"name": n, "type": t} for n, (t, _) in domain.items()],
                  struct: [{"name": n, "type": t} for t, n in fields]},
        "primaryType": struct, "domain": {n: v for n, (_, v) in domain.items()}, "message": values})


def signature(key, message):
    return bytes(key.sign_message(message).signature)


def digest(message):
    return bytes(_hash_eip191_message(message))


def hexed(data):
    return "0x" + bytes(data).hex()


def jsonable(fields, values):
    return {name: hexed(values[name]) if kind == "bytes32" else [hexed(v) for v in values[name]] if kind == "bytes32[]"
            else str(values[name]) if kind == "uint256" else values[name] for kind, name in fields}


def encoded(offer):
    return keccak(abi_encode([kind for kind, _ in FIELDS], [offer[name] for _, name in FIELDS]))


def make(i):
    key, collateral, least = keys[i % len(keys)], rng.randrange(10**16, 10**21), rng.choice([1, 3, 7])
    return key, dict(
        writer=key.address, underlying=to_checksum_address("0x" + rng.choice(["22", "33"]) * 20),
        collateralAmount=collateral, stablecoin=to_checksum_address("0x" + "44" * 20), isCall=rng.random() < .5,
        premiumPerDay=rng.randrange(10**4, 10**9), minDuration=least, maxDuration=least + rng.randrange(1, 359),
        minFillAmount=max(1, collateral // rng.choice([1, 10, 100])), deadline=NOW + rng.randrange(3600, 30 * 86400),
        configHash=keccak(text=f"configuration {i % 4}"))


def line(kind, expect, offer, signed, **more):
    body = {"offer": jsonable(FIELDS, offer), "signature": signed if isinstance(signed, str) else hexed(signed)}
    return {"kind": kind, "expect": expect, "body": body, **more}


def good(key, offer):
    message = signable(FIELDS, offer)
    return line("good", ["accept"], offer, signature(key, message), domainSeparator=hexed(message.header),
                structHash=hexed(message.body), offerHash=hexed(digest(message)), encodedHash=hexed(encoded(offer)))


def broken(key, offer):
    message = signable(FIELDS, offer)
    whole = signature(key, message)
    r, s, v = whole[:32], whole[32:64], whole[64]
    number_r, number_s = int.from_bytes(r), int.from_bytes(s)
    mismatch, length = ["signature_mismatch"], ["signature_length"]

    def word(number):
        return number.to_bytes(32)

    # Other encodings of a good signature.
    yield line("v_0_1", ["accept"], offer, r + s + bytes([v - 27]))
    yield line("eip2098", ["accept"], offer, r + word(number_s | (v - 27) << 255))
    yield line("uppercase_hex", ["accept"], offer, "0x" + whole.hex().upper())
    # Broken ones.
    yield line("no_0x_prefix", ["invalid_hex"], offer, whole.hex())
    yield line("capital_x", ["invalid_hex"], offer, "0X" + whole.hex())
    yield line("odd_nibbles", ["invalid_hex"], offer, hexed(whole)[:-1])
    yield line("non_hex", ["invalid_hex"], offer, hexed(whole)[:-2] + "zz")
    yield line("plus_sign", ["invalid_hex"], offer, hexed(whole)[:-2] + "+b")
    yield line("huge", ["signature_too_long"], offer, bytes(4097))
    yield line("high_s", ["signature_high_s"], offer, r + word(N - number_s) + bytes([55 - v]))
    yield line("zero_r", ["signature_range"], offer, bytes(32) + s + bytes([v]))
    yield line("zero_s", ["signature_range"], offer, r + bytes(32) + bytes([v]))
    yield line("zero_all", ["signature_v", "signature_range"], offer, bytes(65))
    yield line("r_is_n", ["signature_range"], offer, word(N) + s + bytes([v]))
    yield line("s_is_n", ["signature_range"], offer, r + word(N) + bytes([v]))
    yield line("r_plus_n", ["signature_mismatch", "signature_unrecoverable", "signature_range"], offer,
               word((number_r + N) % 2**256) + s + bytes([v]))
    for bad in (2, 3, 26, 29, 30, 31, 35, 37, 255):
        yield line(f"v_{bad}", ["signature_v"], offer, r + s + bytes([bad]))
    yield line("flipped_v", mismatch, offer, r + s + bytes([55 - v]))
    for size in (0, 1, 32, 63, 66, 96, 130, 4096):
        yield line(f"length_{size}", length, offer, (whole * 64)[:size])
    # r ‖ s without v reads as EIP-2098 with even parity.
    yield line("length_64", ["accept"] if v == 27 else mismatch, offer, r + s)
    for kind, name in FIELDS:
        changed = dict(offer)
        changed[name] = (not offer[name] if kind == "bool" else
                         to_checksum_address((int(offer[name], 16) ^ 1).to_bytes(20)) if kind == "address" else
                         bytes([offer[name][0] ^ 1]) + offer[name][1:] if kind == "bytes32" else
                         offer[name] - 1 if name == "minFillAmount" and offer[name] > 1 else
                         offer[name] - 1 if name == "maxDuration" else
                         offer[name] + 1)
        codes = ["signature_mismatch"] + (["invalid_duration"] if "Duration" in name else [])
        yield line(f"changed_{name}", codes, changed, whole)
    yield line("zero_writer", ["zero_address"], dict(offer, writer="0x" + "00" * 20), whole)
    for name, value, code in (
            ("collateralAmount", str(2**256), "integer_out_of_range"), ("collateralAmount", "-1", "invalid_integer"),
            ("collateralAmount", "+1", "invalid_integer"), ("collateralAmount", " 1", "invalid_integer"),
            ("collateralAmount", "", "invalid_integer"), ("collateralAmount", "0x10", "invalid_integer"),
            ("collateralAmount", "00" + str(offer["collateralAmount"]), "invalid_integer"),
            ("collateralAmount", "\u0661\u0662", "invalid_integer"), ("collateralAmount", "1\u0301", "invalid_integer"),
            ("collateralAmount", None, "invalid_type"), ("collateralAmount", True, "invalid_type"),
            ("collateralAmount", [1], "invalid_type"), ("collateralAmount", 2**53 + 1, "integer_not_exact"),
            ("collateralAmount", 10**30, "integer_not_exact"), ("premiumPerDay", "1e18", "invalid_integer"),
            ("premiumPerDay", 1.5, "invalid_integer"), ("premiumPerDay", -1, "invalid_integer"),
            ("minFillAmount", 0, "invalid_min_fill"), ("deadline", str(2**64), "integer_out_of_range"),
            ("deadline", 1e300, "invalid_integer"), ("deadline", 2**53, "integer_not_exact"),
            ("deadline", NOW * 1000, "deadline_too_far"), ("deadline", 0, "deadline_passed"),
            ("minDuration", 2**16, "integer_out_of_range"), ("minDuration", -1, "invalid_integer"),
            ("minDuration", "01", "invalid_integer"), ("isCall", "true", "invalid_type"), ("isCall", 1, "invalid_type"),
            ("configHash", "0x00", "invalid_hex"), ("writer", "0x1234", "invalid_address"),
            ("writer", offer["writer"].swapcase(), "invalid_address"),
            ("writer", "0x" + offer["writer"][2:].swapcase(), "invalid_checksum")):
        changed = line(f"json_{name}", [code], offer, whole)
        changed["body"]["offer"][name] = value
        yield changed


def mistakes(key, offer):
    message = signable(FIELDS, offer)
    whole = signature(key, message)
    r, s, v = whole[:32], whole[32:64], whole[64]
    separator, struct, signed, plain = message.header, message.body, digest(message), encoded(offer)

    def raw(data):
        return bytes(key.unsafe_sign_hash(data).signature)

    def personal(data):
        return signature(key, encode_defunct(data))

    def domain(**changes):
        return signature(key, signable(FIELDS, offer, domain={
            n: (t, changes.get(n, value)) for n, (t, value) in DOMAIN.items() if changes.get(n, "") is not None}))

    def types(**changes):
        return signature(key, signable([(changes.get(n, t), n) for t, n in FIELDS], offer))

    def swapped(first, second):
        fields = list(FIELDS)
        fields[first], fields[second] = fields[second], fields[first]
        return signature(key, signable(fields, offer))

    def values(**changes):
        return signature(key, signable(FIELDS, offer | changes))

    yield "matches with v = " + str(v), r + s + bytes([55 - v])
    yield "matches with v = " + str(v), r + s + bytes([v + 4])
    yield f"matches as its low-s twin (n - s in place of s, v = {v})", \
        r + (N - int.from_bytes(s)).to_bytes(32) + bytes([55 - v])
    yield "matches with v moved from the front to the end", bytes([v]) + r + s
    yield "matches without its last byte", whole + b"\0"
    yield f"matches with v = {v} appended (65 bytes)", r + s if v == 28 else None
    for chain in (1, 10, 8453, 84532, 11155111, 31337, 0, CHAIN + 1, CHAIN - 1):
        yield f"matches if chainId = {chain}", domain(chainId=chain)
    yield "matches with version 2", domain(version="2")
    yield "matches with version 1.0.0", domain(version="1.0.0")
    yield 'matches with version ""', domain(version="")
    yield 'matches with name "Options Protocol"', domain(name="Options Protocol")
    yield 'matches with name "Strikebook"', domain(name="Strikebook")
    yield 'matches with name ""', domain(name="")
    yield "matches if verifyingContract = 0x" + "00" * 20, domain(verifyingContract="0x" + "00" * 20)
    yield "matches if verifyingContract = 0x000000000000000000000000000000000000dEaD", \
        domain(verifyingContract="0x000000000000000000000000000000000000dEaD")
    yield "matches if verifyingContract = " + key.address, domain(verifyingContract=key.address)
    for name in DOMAIN:
        yield f"matches with no {name} in the domain", domain(**{name: None})
    yield "matches as eth_sign", personal(signed)
    yield "matches as personal_sign of the digest's hex text", personal(hexed(signed).encode())
    yield "matches as personal_sign of the 66 bytes 0x1901, separator, structHash", \
        personal(b"\x19\x01" + separator + struct)
    yield "matches structHash signed without the domain", raw(struct)
    yield "matches as eth_sign of structHash", personal(struct)
    yield "matches without the prefix 0x1901", raw(keccak(separator + struct))
    yield "matches encodedHash signed in place of the digest", raw(plain)
    yield "matches as eth_sign of encodedHash", personal(plain)
    yield "matches with encodedHash in place of structHash", raw(keccak(b"\x19\x01" + separator + plain))
    for width in ("uint256", "uint32", "uint64"):
        yield f"matches with {width} durations", types(minDuration=width, maxDuration=width)
    yield "matches with uint256 durations and deadline", \
        types(minDuration="uint256", maxDuration="uint256", deadline="uint256")
    yield "matches with uint256 deadline", types(deadline="uint256")
    yield "matches with uint32 deadline", types(deadline="uint32")
    yield "matches with uint128 amounts", \
        types(collateralAmount="uint128", premiumPerDay="uint128", minFillAmount="uint128")
    for struct_name in ("Offer", "Option", "OptionsOffer"):
        yield f"matches with the type named {struct_name}", signature(key, signable(FIELDS, offer, struct_name))
    for first, second in [(i, i + 1) for i in range(10)] + [(1, 3)]:
        yield f"matches with {FIELDS[first][1]} and {FIELDS[second][1]} in the other order", swapped(first, second)
    yield f"matches if isCall = {str(not offer['isCall']).lower()}", values(isCall=not offer["isCall"])
    yield "matches with underlying and stablecoin exchanged", \
        values(underlying=offer["stablecoin"], stablecoin=offer["underlying"])
    yield "matches with minDuration and maxDuration exchanged", \
        values(minDuration=offer["maxDuration"], maxDuration=offer["minDuration"])
    yield "matches if configHash = 0", values(configHash=bytes(32))
    yield f"matches if deadline = {offer['deadline'] * 1000} (milliseconds)", values(deadline=offer["deadline"] * 1000)


def cancel_mistakes(key):
    def sign(fields, values, struct, **changes):
        domain = {n: (t, changes.get(n, value)) for n, (t, value) in DOMAIN.items()}
        return signature(key, signable(fields, values, struct, domain))

    hashes = {"offerHashes": [keccak(text="one"), keccak(text="two")]}
    everything = {"writer": key.address, "issuedBefore": NOW}
    cancel_type, words = keccak(text="CancelOffers(bytes32[] offerHashes)"), b"".join(hashes["offerHashes"])
    header = signable(CANCEL, hashes, "CancelOffers").header

    def struct(data):
        return bytes(key.unsafe_sign_hash(keccak(b"\x19\x01" + header + keccak(cancel_type + data))).signature)

    for diagnosis, signed in (
            ("matches if chainId = 1", sign(CANCEL, hashes, "CancelOffers", chainId=1)),
            ("matches as eth_sign", signature(key, encode_defunct(digest(signable(CANCEL, hashes, "CancelOffers"))))),
            ("matches with uint256[] offerHashes", sign([("uint256[]", "offerHashes")], {
                "offerHashes": [int.from_bytes(h) for h in hashes["offerHashes"]]}, "CancelOffers")),
            ("matches with the array's words in place of their hash", struct(words)),
            ("matches with the array hashed as abi.encode",
             struct(keccak((32).to_bytes(32) + (2).to_bytes(32) + words)))):
        yield diagnosis, {"message": jsonable(CANCEL, hashes), "signature": hexed(signed), "writer": key.address}
    for diagnosis, signed in (
            ("matches if chainId = 8453", sign(CANCEL_ALL, everything, "CancelAllOffers", chainId=8453)),
            ("matches with uint256 issuedBefore", sign(
                [("address", "writer"), ("uint256", "issuedBefore")], everything, "CancelAllOffers")),
            ("matches with writer and issuedBefore in the other order",
             sign(CANCEL_ALL[::-1], everything, "CancelAllOffers")),
            (f"matches if issuedBefore = {NOW * 1000} (milliseconds)",
             sign(CANCEL_ALL, everything | {"issuedBefore": NOW * 1000}, "CancelAllOffers"))):
        yield diagnosis, {"message": everything, "signature": hexed(signed)}


def write(name, lines):
    versions = {"kind": "versions", "python": platform.python_version(), **{p: version(p) for p in PACKAGES}}
    text = "".join(json.dumps(item) + "\n" for item in [versions, *lines])
    (Path(__file__).parent / name).write_text(text)


def main():
    offers = [make(i) for i in range(GOOD)]
    write("offers.jsonl", [good(*item) for item in offers] + [bad for item in offers[:BROKEN] for bad in broken(*item)])
    key, offer = next((k, o) for k, o in offers if signature(k, signable(FIELDS, o))[64] == 28)
    write("mistakes.jsonl", [
        {"kind": "offer", "diagnosis": d, "body": {"offer": jsonable(FIELDS, offer), "signature": hexed(signed)}}
        for d, signed in mistakes(key, offer)
    ] + [{"kind": "cancel", "diagnosis": d, "body": body} for d, body in cancel_mistakes(key)])


if __name__ == "__main__":
    main()
