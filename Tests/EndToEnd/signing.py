"""Offers and cancels, signed for the demonstration deployment.

Two ways: `eth_account_signature` goes through eth-account and is slow; `Maker.sign` repeats one nonce of a test key, so
that a signature costs two multiplications. Repeating a nonce gives the key away, which nobody minds here.
"""
import json
import time

from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils import keccak

N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
CHAIN = 31337
CONTRACT = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
WETH = "0x4200000000000000000000000000000000000006"
WBTC = "0x2260FAC5E5542a773Aa44fBCfeDf7C193bc2C599"
USDC = "0x036CbD53842c5426634e7929541eC2318f3dCF7e"
OTHER_STABLE = "0x" + "44" * 20
FIELDS = [tuple(field.split()) for field in (
    "address writer,address underlying,uint256 collateralAmount,address stablecoin,bool isCall,uint256 premiumPerDay,"
    "uint16 minDuration,uint16 maxDuration,uint256 minFillAmount,uint64 deadline,bytes32 configHash").split(",")]
DOMAIN = {"name": ("string", "OptionsProtocol"), "version": ("string", "1"), "chainId": ("uint256", CHAIN),
          "verifyingContract": ("address", CONTRACT)}
OFFER_TYPE = keccak(text="OptionOffer(" + ",".join(f"{kind} {name}" for kind, name in FIELDS) + ")")
CANCEL_TYPE = keccak(text="CancelOffers(bytes32[] offerHashes)")
CANCEL_ALL_TYPE = keccak(text="CancelAllOffers(address writer,uint64 issuedBefore)")
DAY = 86_400
TOMORROW = int(time.time()) + DAY


def word(value):
    """One ABI word of an integer, a bool, an address or a hash."""
    return bytes.fromhex(value[2:]).rjust(32, b"\0") if isinstance(value, str) else int(value).to_bytes(32, "big")


def hexed(data):
    return "0x" + bytes(data).hex()


SEPARATOR = keccak(
    keccak(text="EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
    + keccak(text="OptionsProtocol") + keccak(text="1") + word(CHAIN) + word(CONTRACT))


def struct_hash(offer):
    return keccak(OFFER_TYPE + b"".join(word(offer[name]) for _, name in FIELDS))


def digest(struct):
    return keccak(b"\x19\x01" + SEPARATOR + struct)


def offer_hash(offer):
    """The id of an offer, `0x` text."""
    return hexed(digest(struct_hash(offer)))


def encoded_hash(offer):
    return hexed(keccak(b"".join(word(offer[name]) for _, name in FIELDS)))


def in_json(offer):
    """An offer's fields as a body has them."""
    return {name: str(offer[name]) if kind == "uint256" else offer[name] for kind, name in FIELDS}


def typed(fields, values, struct="OptionOffer", domain=DOMAIN):
    """What eth-account signs."""
    return encode_typed_data(full_message={
        "types": {"EIP712Domain": [{"name": n, "type": t} for n, (t, _) in domain.items()],
                  struct: [{"name": n, "type": t} for t, n in fields]},
        "primaryType": struct, "domain": {n: v for n, (_, v) in domain.items()}, "message": values})


class Maker:
    """A writer of offers with a test key."""

    def __init__(self, name):
        self.account = Account.from_key(keccak(text=f"strikebook end to end {name}"))
        self.address = self.account.address
        signed = self.account.unsafe_sign_hash(bytes(32))
        self.secret = int.from_bytes(self.account.key, "big")
        self.r, self.parity = signed.r, signed.v - 27
        # s = k⁻¹ (0 + r d): the inverse of that signature's nonce.
        self.inverse = signed.s * pow(signed.r * self.secret, -1, N) % N

    def sign(self, digest):
        """65 bytes, low s, v 27 or 28."""
        s = self.inverse * (int.from_bytes(digest, "big") + self.r * self.secret) % N
        parity = self.parity
        if s > N // 2:
            s, parity = N - s, 1 - parity
        return self.r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([27 + parity])

    def eth_account_signature(self, offer, **changes):
        """The same by eth-account; `changes` are to the domain."""
        domain = {name: (kind, changes.get(name, value)) for name, (kind, value) in DOMAIN.items()}
        return bytes(self.account.sign_message(typed(FIELDS, offer, domain=domain)).signature)

    def offer(self, number=0, **changes):
        """An offer that the rules allow; the same number and changes make the same offer."""
        return dict(
            writer=self.address, underlying=WETH, collateralAmount=10**18, stablecoin=USDC, isCall=True,
            premiumPerDay=2_000_000, minDuration=1, maxDuration=30, minFillAmount=10**16,
            deadline=TOMORROW, configHash=hexed(keccak(text=f"number {number}"))) | changes

    def body(self, offer):
        return {"offer": in_json(offer), "signature": hexed(self.sign(digest(struct_hash(offer))))}

    def post_body(self, number=0, **changes):
        """A whole body of `POST /offers`, and the offer's hash."""
        offer = self.offer(number, **changes)
        return self.body(offer), offer_hash(offer)

    def cancel(self, *hashes):
        """A body of `POST /offers/cancel` that names offers."""
        words = b"".join(bytes.fromhex(h[2:]) for h in hashes)
        signed = self.sign(digest(keccak(CANCEL_TYPE + keccak(words))))
        return {"message": {"offerHashes": list(hashes)}, "signature": hexed(signed)}

    def cancel_all(self, issued_before, writer=None):
        """The same by time; `writer` may be another than the signer."""
        writer = writer or self.address
        signed = self.sign(digest(keccak(CANCEL_ALL_TYPE + word(writer) + word(issued_before))))
        return {"message": {"writer": writer, "issuedBefore": issued_before}, "signature": hexed(signed)}


def encode(body):
    return json.dumps(body).encode()
