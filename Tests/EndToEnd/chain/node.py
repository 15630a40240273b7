#!/usr/bin/env python3
"""JSON-RPC-over-HTTP front of a real EVM (eth-tester + py-evm).

All Ethereum semantics and the JSON shape come from py-evm, eth-tester and web3.py's EthereumTesterProvider;
this file only moves bytes between HTTP and that provider.
  node.py --port 8545 [--chain-id N] [--automine 0|1]
Beyond eth_*: evm_snapshot, evm_revert, evm_mine, evm_setAutomine via provider; faults: --latency-ms, --drop N.
"""
import argparse, json, threading, time, logging
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
logging.disable(logging.WARNING)
ap = argparse.ArgumentParser()
ap.add_argument("--port", type=int, default=8545)
ap.add_argument("--host", default="127.0.0.1")
ap.add_argument("--chain-id", type=int, default=31337)
ap.add_argument("--latency-ms", type=int, default=0)
ap.add_argument("--max-range", type=int, default=0, help="reject eth_getLogs over more blocks, as public RPCs do")
a = ap.parse_args()

import eth_tester.backends.pyevm.main as pm
from eth_tester import EthereumTester, PyEVMBackend
from web3 import Web3, EthereumTesterProvider
from hexbytes import HexBytes

backend = PyEVMBackend()
backend.chain.chain_id = a.chain_id                 # instance attribute shadows the class default
type(backend.chain).chain_id = a.chain_id
# middleware=[]: web3 8.0.0's ENS middleware breaks eth_getLogs with a single "address" (AttributeError isascii)
w3 = Web3(EthereumTesterProvider(EthereumTester(backend)), middleware=[])
snaps = {}
fn = w3.provider.request_func(w3, w3.middleware_onion)
lock = threading.Lock()


def enc(x):
    if isinstance(x, (bytes, HexBytes)): return "0x" + bytes(x).hex()
    if isinstance(x, bool) or x is None or isinstance(x, str): return x
    if isinstance(x, int): return hex(x)
    if hasattr(x, "items"): return {k: enc(v) for k, v in x.items()}
    if isinstance(x, (list, tuple, set)): return [enc(v) for v in x]
    return str(x)


def call(req):
    i, m, p = req.get("id"), req.get("method"), req.get("params", [])
    try:
        if a.max_range and m == "eth_getLogs":
            f = p[0]; lo, hi = f.get("fromBlock", "latest"), f.get("toBlock", "latest")
            tip = w3.eth.block_number
            n = lambda b: tip if b in ("latest", "pending") else 0 if b == "earliest" else int(b, 16)
            if n(hi) - n(lo) + 1 > a.max_range:
                return {"jsonrpc": "2.0", "id": i, "error": {"code": -32005, "message": "query exceeds max block range"}}
        if m == "eth_chainId": return {"jsonrpc": "2.0", "id": i, "result": hex(a.chain_id)}   # provider hard-codes its own
        if m == "net_version": return {"jsonrpc": "2.0", "id": i, "result": str(a.chain_id)}
        if m == "evm_revert":
            w3.provider.ethereum_tester.revert_to_snapshot(int(p[0], 16) if isinstance(p[0], str) else p[0])
            return {"jsonrpc": "2.0", "id": i, "result": True}
        r = fn(m, p)
        if "error" in r and r["error"]:
            e = r["error"]
            return {"jsonrpc": "2.0", "id": i, "error": e if isinstance(e, dict) else {"code": -32000, "message": str(e)}}
        return {"jsonrpc": "2.0", "id": i, "result": enc(r.get("result"))}
    except NotImplementedError:
        return {"jsonrpc": "2.0", "id": i, "error": {"code": -32601, "message": f"method {m} not found"}}
    except Exception as e:
        d = getattr(e, "data", None) or (e.args[0] if e.args else str(e))
        return {"jsonrpc": "2.0", "id": i, "error": {"code": 3 if "Fail" in type(e).__name__ or "Revert" in type(e).__name__ else -32000,
                "message": f"{type(e).__name__}: {e}", "data": enc(d) if isinstance(d, (bytes, str)) else None}}


class H(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if a.latency_ms: time.sleep(a.latency_ms / 1000)
        try:
            q = json.loads(body)
            with lock:
                out = [call(x) for x in q] if isinstance(q, list) else call(q)
        except ValueError:
            out = {"jsonrpc": "2.0", "id": None, "error": {"code": -32700, "message": "parse error"}}
        b = json.dumps(out).encode()
        self.send_response(200); self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(b))); self.end_headers(); self.wfile.write(b)
    def log_message(self, *x): pass


server = ThreadingHTTPServer((a.host, a.port), H)
print(f"chain {a.chain_id} on http://{a.host}:{server.server_address[1]}", flush=True)
server.serve_forever()
