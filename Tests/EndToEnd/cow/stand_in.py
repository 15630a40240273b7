"""CoW's order book API as far as a service meets it: strict about what it takes, and as unreliable as it is told to be.

Orders are hashed by eth-account and signatures are checked as the protocol contract would, so nothing here is the
service's own opinion. Field names, statuses and error kinds are those of `crates/orderbook/openapi.yml` of
github.com/cowprotocol/services.

Alone:   python3 stand_in.py --chain-id 31337 --contract 0x… [--port 8990]     (misdeeds: POST /misbehave {"orders": […]})
In tests: StandIn(chain_id, contract).url, .misbehave("serverError", "timeOut"), .taken, .complaints, .end(uid, "fulfilled")
"""
import argparse
import json
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from eth_abi import decode
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils import keccak, to_checksum_address

SETTLEMENT = "0x9008D19f58AAbD9eD0D60971565AA8510560ab41"
ORDER = [{"name": name, "type": kind} for kind, name in (
    ("address", "sellToken"), ("address", "buyToken"), ("address", "receiver"), ("uint256", "sellAmount"),
    ("uint256", "buyAmount"), ("uint32", "validTo"), ("bytes32", "appData"), ("uint256", "feeAmount"), ("string", "kind"),
    ("bool", "partiallyFillable"), ("string", "sellTokenBalance"), ("string", "buyTokenBalance"))]
TERMS = [{"name": name, "type": kind} for kind, name in (
    ("uint256", "tokenId"), ("bytes32", "orderHash"), ("uint256", "minBuyAmount"), ("uint64", "validTo"))]
DOMAIN = [{"name": "name", "type": "string"}, {"name": "version", "type": "string"},
          {"name": "chainId", "type": "uint256"}, {"name": "verifyingContract", "type": "address"}]
# How a request may be treated; `Taking` ones take the order first.
MISDEEDS = ("timeOut", "timeOutAfterTaking", "cutAfterTaking", "serverError", "duplicated", "notYetValid", "html", "huge",
            "wrongUid", "redirect", "tooManyOrders", "rateLimited", "notAnId")


def digest(domain, name, fields, message):
    """The EIP-712 digest, as eth-account computes it."""
    signable = encode_typed_data(full_message={
        "types": {"EIP712Domain": DOMAIN, name: fields}, "primaryType": name, "domain": domain, "message": message})
    return keccak(b"\x19\x01" + signable.header + signable.body)


class Refused(Exception):
    """An order that is not taken: status, error kind, words."""


class StandIn:
    """An order book on a port of its own. `holders` maps a tokenId to who may sign for it; absent ones are not checked.
    `certificate` is a file of a certificate and its key, for HTTPS."""

    def __init__(self, chain_id, contract, port=0, patience=30, certificate=None):
        self.chain_id, self.contract = chain_id, to_checksum_address(contract)
        self.patience = patience
        self.lock = threading.Lock()
        self.orders, self.holders = {}, {}
        self.posts, self.look_ups, self.complaints = [], [], []
        self.misdeeds, self.look_up_misdeeds = [], []
        self.stopped = threading.Event()
        book = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                book.answer(self, "GET", b"")

            def do_POST(self):
                book.answer(self, "POST", self.rfile.read(int(self.headers.get("Content-Length", 0))))

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"http{'s' if certificate else ''}://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.stopped.set()
        self.server.shutdown()
        self.server.server_close()

    # What tests look at and decide.

    @property
    def taken(self):
        """The ids of the orders that were ever taken."""
        with self.lock:
            return list(self.orders)

    def misbehave(self, *orders, look_ups=()):
        """How the next posts, and the next look-ups, are treated; then they are treated well."""
        with self.lock:
            self.misdeeds, self.look_up_misdeeds = list(orders), list(look_ups)

    def end(self, uid, status, executed=0):
        """The order's end: fulfilled, cancelled or expired."""
        with self.lock:
            self.orders[uid] |= {"status": status, "executedBuyAmount": str(executed)}

    # What the service meets.

    def answer(self, request, method, body):
        path = request.path
        if method == "POST" and path == "/misbehave":
            self.misbehave(*json.loads(body).get("orders", []), look_ups=json.loads(body).get("lookUps", []))
            return self.reply(request, 200, {})
        if method == "POST" and path == "/api/v1/orders":
            with self.lock:
                self.posts.append(body)
                misdeed = self.misdeeds.pop(0) if self.misdeeds else None
            return self.post(request, body, misdeed)
        if method == "GET" and path.startswith("/api/v1/orders/0x"):
            uid = path.rsplit("/", 1)[1].lower()
            with self.lock:
                self.look_ups.append(uid)
                misdeed = self.look_up_misdeeds.pop(0) if self.look_up_misdeeds else None
                order = self.orders.get(uid)
            if misdeed:
                return self.misdo(request, misdeed)
            if order is None:
                return self.error(request, 404, "NotFound", "Order was not found")
            return self.reply(request, 200, order)
        with self.lock:
            self.complaints.append(f"{method} {path}")
        return self.error(request, 404, "NoRoute", "no such route")

    def post(self, request, body, misdeed):
        try:
            uid, order = self.check(body)
        except Refused as refusal:
            with self.lock:
                self.complaints.append(str(refusal.args))
            return self.error(request, *refusal.args)
        takes = misdeed in (None, "timeOutAfterTaking", "cutAfterTaking", "wrongUid", "duplicated")
        with self.lock:
            known = uid in self.orders
            if takes and not known:
                self.orders[uid] = order
        if misdeed:
            return self.misdo(request, misdeed)
        if known:
            return self.error(request, 400, "DuplicatedOrder", "order already exists")
        return self.reply(request, 201, uid)

    def misdo(self, request, misdeed):
        if misdeed.startswith("timeOut"):
            self.stopped.wait(self.patience)
            request.close_connection = True
        elif misdeed == "cutAfterTaking":
            request.close_connection = True
            request.connection.close()
        elif misdeed == "html":
            self.send(request, 200, b"<html>a gateway says hello</html>", "text/html")
        elif misdeed == "huge":
            self.send(request, 201, b'"0x' + b"00" * (10 << 20) + b'"', "application/json")
        elif misdeed == "redirect":
            self.send(request, 307, b"", "text/plain", Location=self.url + "/elsewhere")
        elif misdeed == "wrongUid":
            self.reply(request, 201, "0x" + "09" * 56)
        elif misdeed == "notAnId":
            self.reply(request, 201, {"uid": 7})
        else:
            status, kind, words = {
                "serverError": (500, "InternalServerError", ""),
                "duplicated": (400, "DuplicatedOrder", "order already exists"),
                "notYetValid": (400, "InvalidEip1271Signature", "signature for computed order hash is not valid"),
                "tooManyOrders": (400, "TooManyLimitOrders", "Too many limit orders"),
                "rateLimited": (429, "TooManyRequests", "slow down"),
            }[misdeed]
            self.error(request, status, kind, words)

    def check(self, body):
        """The id of a posted order when everything about it is right."""
        try:
            order = json.loads(body)
        except ValueError:
            raise Refused(400, "InvalidJson", "the body is no JSON") from None
        for key, value in {"kind": "sell", "sellTokenBalance": "erc20", "buyTokenBalance": "erc20", "feeAmount": "0",
                           "partiallyFillable": False, "signingScheme": "eip1271"}.items():
            if order.get(key) != value or type(order.get(key)) is not type(value):
                raise Refused(400, "InvalidOrder", f"{key} is {order.get(key)!r}")
        document = order["appData"].encode()
        if len(document) > 8192 or "metadata" not in json.loads(document):
            raise Refused(400, "InvalidAppData", "the document is not what the app-data schema wants")
        if order.get("appDataHash") not in (None, "0x" + keccak(document).hex()):
            raise Refused(400, "AppDataHashMismatch", "appDataHash is not the document's")
        now = time.time()
        if order["validTo"] < now + 50:
            raise Refused(400, "InsufficientValidTo", "validTo is not far enough in the future")
        if order["validTo"] > now + 365 * 86400 + 60:
            raise Refused(400, "ExcessiveValidTo", "validTo is too far into the future")
        amounts = {key: int(order[key]) for key in ("sellAmount", "buyAmount", "feeAmount")}
        if not amounts["sellAmount"] or not amounts["buyAmount"]:
            raise Refused(400, "ZeroAmount", "Buy or sell amount is zero.")
        owner = to_checksum_address(order["from"])
        message = {key: order[key] for key in ("kind", "validTo", "partiallyFillable", "sellTokenBalance", "buyTokenBalance")}
        message |= {key: to_checksum_address(order[key]) for key in ("sellToken", "buyToken", "receiver")}
        message |= amounts | {"appData": keccak(document)}
        hash = digest({"name": "Gnosis Protocol", "version": "v2", "chainId": self.chain_id,
                       "verifyingContract": SETTLEMENT}, "Order", ORDER, message)
        self.check_signature(bytes.fromhex(order["signature"][2:]), owner, hash, amounts["buyAmount"], order["validTo"], document)
        uid = "0x" + (hash + bytes.fromhex(owner[2:]) + order["validTo"].to_bytes(4, "big")).hex()
        return uid, order | {"uid": uid, "status": "open", "executedBuyAmount": "0", "executedSellAmount": "0",
                             "invalidated": False, "appData": "0x" + keccak(document).hex(), "fullAppData": order["appData"]}

    def check_signature(self, signature, owner, hash, buy_amount, valid_to, document):
        """As the owner's contract would: the option's holder signed SettlementTerms over this very order."""
        if owner != self.contract:
            raise Refused(400, "InvalidEip1271Signature", "the owner is no contract")
        try:
            token_id, approval = decode(["uint256", "bytes"], signature)
        except Exception:
            raise Refused(400, "InvalidEip1271Signature", "the signature is not abi.encode(uint256, bytes)") from None
        if json.loads(document)["metadata"].get("tokenId") != str(token_id):
            raise Refused(400, "InvalidEip1271Signature", "another option's document")
        signer = Account._recover_hash(digest(
            {"name": "OptionsProtocol", "version": "1", "chainId": self.chain_id, "verifyingContract": self.contract},
            "SettlementTerms", TERMS,
            {"tokenId": token_id, "orderHash": hash, "minBuyAmount": buy_amount, "validTo": valid_to}),
            signature=approval)
        if self.holders.get(token_id, signer) != signer:
            raise Refused(400, "InvalidEip1271Signature", f"{signer} does not hold option {token_id}")

    # Answers.

    def error(self, request, status, kind, words):
        self.reply(request, status, {"errorType": kind, "description": words})

    def reply(self, request, status, value):
        self.send(request, status, json.dumps(value).encode(), "application/json")

    def send(self, request, status, body, kind, **headers):
        try:
            request.send_response(status)
            request.send_header("Content-Type", kind)
            request.send_header("Content-Length", str(len(body)))
            for name, value in headers.items():
                request.send_header(name, value)
            request.end_headers()
            request.wfile.write(body)
        except OSError:
            # Whoever asked has had enough.
            request.close_connection = True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chain-id", type=int, default=31337)
    parser.add_argument("--contract", default="0x5FbDB2315678afecb367f032d93F642f64180aa3")
    parser.add_argument("--port", type=int, default=8990)
    arguments = parser.parse_args()
    book = StandIn(arguments.chain_id, arguments.contract, arguments.port)
    print(f"listening on {book.url}", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
