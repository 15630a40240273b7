#!/usr/bin/env python3
"""Lucky Ladders and Momentum Catchers from outside: every outcome is computed again from the published ticks alone.

STRIKEBOOK is the path of the program.
"""
import json
import signal
import time
import unittest
from datetime import datetime

from websockets.sync.client import connect

from checks import ServiceCase
from service import Databases, Service, eventually

KEY = "operator-key-of-a-test"
AUTHORIZATION = {"Authorization": f"Bearer {KEY}"}
FLAGS = ("--offer-rate-limit", "0", "--operator-key", KEY)


def millis(text):
    return round(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


def outcome(contract, ticks):
    """What the rules make of a contract: (status, payoutE8); `ticks` are (ms, price) in order. None while it is active."""
    start, duration = millis(contract["startedAt"]), contract["durationMs"]
    prices = [price for stamp, price in ticks if start < stamp <= start + duration]
    steps = list(zip(prices, prices[1:]))
    payoff = int(contract["payoffE8"])
    over = any(stamp >= start + duration for stamp, _ in ticks)
    if contract["productType"] == "LuckyLadder":
        rungs = [int(rung) for rung in contract["rungsHitE8"] + contract["remainingRungsE8"]]
        hit = sum(prices[:1] == [rung] or any(min(step) <= rung <= max(step) for step in steps) for rung in rungs)
        if hit == len(rungs):
            return "completed", payoff
        return ("expired", payoff * hit // len(rungs)) if over else None
    moves = [abs(after - before) for before, after in steps]
    movement = {"net": lambda: max((abs(price - prices[0]) for price in prices), default=0),
                "path": lambda: sum(moves), "tick": lambda: max(moves, default=0)}[contract["mode"]]()
    if movement >= int(contract["targetMovementE8"]):
        return "target_hit", payoff
    return ("expired", 0) if over else None


def ladder(price, *percents, **more):
    rungs = [str(price * (1000 + permille) // 1000) for permille in sorted(percents)]
    return {"token": "demo", "productType": "LuckyLadder", "rungsE8": rungs, "durationMs": 2500, "payoffE8": "1000003"} | more


def catcher(price, permille, mode, **more):
    return {"token": "demo", "productType": "MomentumCatcher", "targetMovementE8": str(price * permille // 1000), "mode": mode,
            "durationMs": 2500, "payoffE8": "1000003"} | more


def assortment(price):
    """Products that end in every way there is."""
    return [
        ladder(price, -400, 400), ladder(price, -1, 1), ladder(price, -2, 3, 900), ladder(price, -20, -10, -4, 0, 4, 10, 20),
        catcher(price, 5, "net"), catcher(price, 900, "net"), catcher(price, 30, "path"), catcher(price, 9000, "path"),
        catcher(price, 4, "tick"), catcher(price, 900, "tick"), catcher(price, 2, "net", durationMs=1000),
        ladder(price, -3, 3, durationMs=1000),
        # One of these is always completed.
        *(ladder(price, rung) for rung in (-12, -8, -5, -3, -1, 1, 3, 5, 8, 12))]


class OverTheWebSocket(ServiceCase):
    flags = FLAGS

    def test_every_outcome_follows_from_the_ticks_that_were_published(self):
        price = int(self.service.get("/prices/demo").json["priceE8"])
        with connect(f"ws://127.0.0.1:{self.service.port}/ws") as client:
            client.send(json.dumps({"type": "subscribe", "channel": "prices:demo"}))
            asked = assortment(price)
            for number, submission in enumerate(asked):
                client.send(json.dumps({"type": "submitContract", "requestId": f"r{number}"} | submission))
            ticks, accepted, states, ended = [], {}, {}, {}
            limit = time.monotonic() + 10
            while len(ended) < len(asked) and time.monotonic() < limit:
                message = json.loads(client.recv(timeout=5))
                if message["type"] == "price":
                    ticks.append((millis(message["asOf"]), int(message["priceE8"])))
                elif message["type"] == "contractAccepted":
                    accepted[message["contractId"]] = message
                elif message["type"] == "contractUpdate":
                    self.assertIn(message["contractId"], accepted, "accepted comes first")
                    self.assertNotIn(message["contractId"], ended, "nothing comes after the end")
                    states.setdefault(message["contractId"], []).append(message)
                    if message["status"] != "active":
                        ended[message["contractId"]] = message
                elif message["type"] == "error":
                    self.fail(message)
        self.assertEqual(len(ended), len(asked))
        self.assertEqual({message["requestId"] for message in accepted.values()}, {f"r{n}" for n in range(len(asked))})
        for id, message in accepted.items():
            self.assertEqual(message["status"], "active")
            if message["fairValueE8"] is not None:
                self.assertTrue(0 <= int(message["fairValueE8"]) <= int(message["payoffE8"]), message)
        for id, last in ended.items():
            self.assertEqual((last["status"], int(last["payoutE8"])), outcome(last, ticks), last)
            state = self.service.get(f"/contracts/{id}/state").json
            self.assertEqual(state, {name: last[name] for name in state})
            for message in states[id]:
                if message["status"] == "active":
                    self.assertNotIn("payoutE8", message)
                    if message["asOf"]:
                        self.assertIn((millis(message["asOf"]), int(message["priceE8"])), ticks)
                        self.assertEqual(message["elapsedMs"], millis(message["asOf"]) - millis(message["startedAt"]))
        self.assertGreaterEqual(len({last["status"] for last in ended.values()}), 3)


class OverREST(ServiceCase):
    flags = FLAGS

    def submit(self, submission, status=201):
        answer = self.service.post("/contracts", submission)
        self.assertEqual(answer.status, status, answer)
        return answer.json

    def test_a_contract_is_submitted_listed_and_read(self):
        price = int(self.service.get("/prices/demo").json["priceE8"])
        answer = self.service.post("/contracts", catcher(price, 900, "net", durationMs=60_000))
        self.assertEqual(answer.status, 201, answer)
        contract = answer.json
        self.assertEqual(answer.headers["Location"], f"/contracts/{contract['contractId']}/state")
        self.assertLessEqual({"contractId", "fairValueE8", "productType", "token", "status", "durationMs"}, contract.keys())
        self.assertIn(contract["contractId"], self.listed())
        state = eventually("it observes", lambda: (
            lambda s: s if s["priceE8"] else None)(self.service.get(f"/contracts/{contract['contractId']}/state").json))
        self.assertLessEqual(
            {"contractId", "productType", "token", "status", "priceE8", "asOf", "elapsedMs", "durationMs", "movementE8",
             "maxMovementE8", "targetMovementE8", "mode"}, state.keys())
        self.assert_problem(self.service.get("/contracts/0123456789abcdef/state"), 404, "unknown_contract")

    def listed(self):
        return [state["contractId"] for state in self.service.get("/contracts/active?limit=1000").json["contracts"]]

    def test_what_was_submitted_or_ended_reads_so_at_once(self):
        price = int(self.service.get("/prices/demo").json["priceE8"])
        for _ in range(40):
            id = self.submit(catcher(price, 900, "net", durationMs=60_000))["contractId"]
            self.assertIn(id, self.listed())
            self.assertEqual(self.service.request("DELETE", f"/contracts/{id}", headers=AUTHORIZATION).status, 200)
            self.assertNotIn(id, self.listed())

    def test_the_list_of_active_ones_goes_on_by_its_cursor(self):
        price = int(self.service.get("/prices/demo").json["priceE8"])
        ids = {self.submit(catcher(price, 900, "net", durationMs=60_000))["contractId"] for _ in range(5)}
        seen, cursor = [], ""
        while True:
            page = self.service.get(f"/contracts/active?limit=2{cursor}").json
            seen += [state["contractId"] for state in page["contracts"]]
            if page["nextCursor"] is None:
                break
            cursor = "&cursor=" + page["nextCursor"]
        self.assertEqual(len(seen), len(set(seen)))
        self.assertLessEqual(ids, set(seen))
        self.assert_problem(self.service.get("/contracts/active?cursor=00"), 400, "invalid_cursor", "cursor")

    def test_each_broken_field_is_named(self):
        good = ladder(10**10, -1, 1)
        for field, value, code in [
                ("rungsE8", [], "invalid_rung_count"), ("rungsE8", ["5", "5"], "duplicate_rung"),
                ("rungsE8", ["6", "5"], "rungs_not_ascending"), ("rungsE8", ["0"], "invalid_price"),
                ("rungsE8", ["1.5"], "invalid_integer"), ("rungsE8", "5", "invalid_type"),
                ("durationMs", 999, "invalid_duration"), ("durationMs", 3_600_001, "invalid_duration"),
                ("durationMs", 1.5, "invalid_integer"), ("payoffE8", "0", "invalid_payoff"),
                ("payoffE8", "-1", "invalid_integer"), ("productType", "Lottery", "invalid_product_type"),
                ("token", "nothing", "unknown_token"), ("token", "0x" + "de" * 20, "no_price"), ("token", 7, "invalid_type"),
                ("mode", "net", "unknown_field"), ("surprise", 1, "unknown_field")]:
            self.assert_problem(self.service.post("/contracts", good | {field: value}), 400, code, field)
        for field in ("rungsE8", "durationMs", "payoffE8", "productType", "token"):
            bad = {name: value for name, value in good.items() if name != field}
            self.assert_problem(self.service.post("/contracts", bad), 400, "missing_field", field)
        momentum = catcher(10**10, 5, "net")
        self.assert_problem(
            self.service.post("/contracts", momentum | {"targetMovementE8": "0"}), 400, "invalid_target", "targetMovementE8")
        self.assert_problem(self.service.post("/contracts", momentum | {"mode": "up"}), 400, "invalid_mode", "mode")
        self.assert_problem(self.service.post("/contracts", b"[]"), 400)

    def test_the_operator_gives_one_product_a_price_and_ends_products(self):
        price = int(self.service.get("/prices/demo").json["priceE8"])
        far = price * 3
        terms = {"token": "demo", "productType": "LuckyLadder", "rungsE8": [str(far), str(far + 1)], "durationMs": 600_000,
                 "payoffE8": "100"}
        one, other = self.submit(terms)["contractId"], self.submit(terms)["contractId"]
        path = f"/contracts/{one}/price-update"
        self.assert_problem(self.service.post(path, {"priceE8": str(far)}), 401)
        self.assert_problem(self.service.post(path, {"priceE8": str(far)}, Authorization="Bearer wrong"), 403)
        self.assert_problem(self.service.post(path, {"priceE8": "0"}, **AUTHORIZATION), 400, field="priceE8")
        answer = self.service.post(path, {"priceE8": str(far)}, **AUTHORIZATION)
        self.assertEqual((answer.status, answer.json["rungsHitE8"]), (200, [str(far)]), answer)
        self.assertEqual(self.service.get(f"/contracts/{other}/state").json["rungsHitE8"], [])
        answer = self.service.post(path, {"priceE8": str(far + 1)}, **AUTHORIZATION)
        self.assertEqual((answer.json["status"], answer.json["payoutE8"]), ("completed", "100"), answer)
        self.assert_problem(self.service.post(path, {"priceE8": "5"}, **AUTHORIZATION), 409, "contract_ended")
        self.assert_problem(self.service.request("DELETE", f"/contracts/{other}"), 401)
        answer = self.service.request("DELETE", f"/contracts/{other}", headers=AUTHORIZATION)
        self.assertEqual((answer.status, answer.json["status"], answer.json["payoutE8"]), (200, "cancelled", "0"), answer)
        self.assertEqual(self.service.get(f"/contracts/{other}/state").json["status"], "cancelled")
        self.assert_problem(
            self.service.request("DELETE", f"/contracts/{other}", headers=AUTHORIZATION), 409, "contract_ended")
        self.assert_problem(
            self.service.request("DELETE", "/contracts/nobody", headers=AUTHORIZATION), 404, "unknown_contract")


class Limits(ServiceCase):
    flags = FLAGS + ("--any-token", "on")

    def test_a_client_has_a_hundred_active_products_at_most(self):
        price = int(self.service.get("/prices/demo").json["priceE8"])
        answers = [self.service.post("/contracts", catcher(price, 900, "net", durationMs=600_000)) for _ in range(101)]
        self.assertIn(201, {answer.status for answer in answers})
        self.assert_problem(answers[-1], 429, "too_many_products")


class Records(ServiceCase):
    flags = FLAGS + ("--any-token", "off")

    def test_records_are_kept_in_the_stores_own_words(self):
        record = {"id": "a/b c", "type": "LuckyLadder", "parameters": {"rungs": [1, "2"], "deep": {"x": None}},
                  "created_at": 1_700_000_000_123, "is_active": True, "duration": 60000}
        for method, path, body in [("POST", "/contract", record), ("GET", "/contract", None), ("GET", "/contract?id=x", None),
                                   ("DELETE", "/contract?id=x", None), ("POST", "/clean", {})]:
            self.assert_problem(self.service.request(method, path, body), 401)
            self.assert_problem(self.service.request(method, path, body, {"Authorization": "Bearer x"}), 403)
        self.assertEqual(self.service.get("/contract", **AUTHORIZATION).json, [])
        answer = self.service.post("/contract", record, **AUTHORIZATION)
        self.assertEqual((answer.status, answer.json), (201, record), answer)
        changed = record | {"is_active": False}
        answer = self.service.post("/contract", changed, **AUTHORIZATION)
        self.assertEqual((answer.status, answer.json), (200, changed), answer)
        self.assertEqual(self.service.get("/contract?id=a%2Fb%20c", **AUTHORIZATION).json, changed)
        self.assertEqual(self.service.get("/contract", **AUTHORIZATION).json, [changed])
        self.assert_problem(self.service.get("/contract?id=none", **AUTHORIZATION), 404, "unknown_contract")
        for field, value in [("id", ""), ("type", 5), ("parameters", []), ("created_at", "soon"), ("is_active", 1),
                             ("duration", 0), ("surprise", 1)]:
            self.assert_problem(self.service.post("/contract", record | {field: value}, **AUTHORIZATION), 400, field=field)
        # A product has its record here, too, and that is not overwritten.
        price = int(self.service.get("/prices/demo").json["priceE8"])
        product = self.service.post("/contracts", catcher(price, 900, "net", durationMs=60_000)).json
        id = product["contractId"]
        kept = self.service.get(f"/contract?id={id}", **AUTHORIZATION).json
        self.assertEqual((kept["type"], kept["is_active"], kept["duration"]), ("MomentumCatcher", True, 60_000))
        self.assertEqual(kept["created_at"], millis(product["startedAt"]))
        self.assert_problem(self.service.post("/contract", record | {"id": id}, **AUTHORIZATION), 409, "product_record")
        answer = self.service.request("DELETE", f"/contract?id={id}", headers=AUTHORIZATION)
        self.assertEqual(answer.status, 200, answer)
        eventually("it is over", lambda: id not in str(self.service.get("/contracts/active").json))
        self.assert_problem(self.service.post("/clean", {}, **AUTHORIZATION), 400, field="confirm")
        answer = self.service.post("/clean", {"confirm": "delete all contracts"}, **AUTHORIZATION)
        self.assertEqual((answer.status, answer.json), (200, {"deleted": 1}), answer)
        self.assertEqual(self.service.get("/contract", **AUTHORIZATION).json, [])


class OverProcesses(unittest.TestCase):
    """Two services on one database; one is killed, the lead passes on, and both are away for a while."""

    def test_outcomes_are_those_of_the_stored_ticks(self):
        databases = Databases()
        flags = FLAGS + ("--database-url", databases.url, "--redis-url", databases.redis_url, "--migrate", "on")
        services = [Service(*flags), Service(*flags)]
        price = int(services[0].get("/prices/demo").json["priceE8"])
        ids = {}

        def submit(service, **more):
            for number, submission in enumerate(assortment(price)):
                answer = service.post("/contracts", submission | {"durationMs": 2000 + 400 * number} | more)
                self.assertEqual(answer.status, 201, answer)
                ids[answer.json["contractId"]] = answer.json

        for service in services:
            submit(service)
        self.assertTrue(all(service.get(f"/contracts/{id}/state").status == 200 for id in ids for service in services))
        leader = next(service for service in services if service.get("/stats").json["leader"] == 1)
        leader.stop(signal.SIGKILL)
        other = next(service for service in services if service is not leader)
        eventually("the other leads", lambda: other.get("/stats").json["leader"] == 1, 10)
        submit(other, durationMs=1500)
        time.sleep(0.5)
        other.stop(signal.SIGKILL)
        time.sleep(1.5)
        services = [Service(*flags), Service(*flags)]
        eventually("all have ended", lambda: not any(
            service.get("/contracts/active").json["contracts"] for service in services), 20)
        ticks = [(int(stamp), int(price)) for stamp, price in databases.query(
            "SELECT round(extract(epoch FROM as_of) * 1000)::bigint, prices ->> '0x000000000000000000000000000000000000de30' "
            "FROM ticks ORDER BY tick")]
        for id in ids:
            states = [service.get(f"/contracts/{id}/state").json for service in services]
            self.assertEqual(states[0], states[1])
            self.assertEqual((states[0]["status"], int(states[0]["payoutE8"])), outcome(states[0], ticks), states[0])
        ends = databases.query("SELECT related_id FROM transaction_logs WHERE event_type = 'contract_ended'")
        self.assertEqual(sorted(id for id, in ends), sorted(ids))


if __name__ == "__main__":
    unittest.main()
