#!/usr/bin/env python3
"""Settlement through CoW Protocol: from the expired option to the payout, with a CoW that misbehaves."""
import concurrent.futures
import signal
import subprocess
import sys
import time
import unittest
from pathlib import Path

from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils import keccak

from checks import ServiceCase
from service import PROGRAM, Databases, Service, eventually, psql, scratch
from signing import CHAIN, CONTRACT, DAY, USDC, WETH, Maker, hexed

sys.path.insert(0, str(Path(__file__).parent / "cow"))
from stand_in import StandIn  # noqa: E402

KEY = "an operator's key"
HOLDER = Account.from_key(keccak(text="settlement holder"))
BUYER = Account.from_key(keccak(text="settlement buyer"))
STRIKE, PRICE = 2000 * 10**8, 2499 * 10**8
SALE, FLOOR = 2_499_000_000, 2_374_050_000
TOKENS = [
    {"symbol": "WETH", "address": WETH, "decimals": 18, "stablecoin": False, "startPrice": "2499", "drift": 0, "volatility": 0},
    {"symbol": "USDC", "address": USDC, "decimals": 6, "stablecoin": True, "startPrice": "1", "drift": 0, "volatility": 0}]


class SettlementCase(unittest.TestCase):
    """A service with an operator, a CoW, and options made from events."""
    longMessage = True
    count = 0

    @classmethod
    def setUpClass(cls):
        import json
        cls.cow = StandIn(CHAIN, CONTRACT, patience=12, certificate=cls.certificate())
        tokens = scratch("tokens.json")
        tokens.write_text(json.dumps(TOKENS))
        cls.databases = Databases()
        cls.flags = ("--database-url", cls.databases.url, "--redis-url", cls.databases.redis_url, "--migrate", "on",
                     "--offer-rate-limit", "0", "--cow-url", cls.cow.url, "--tokens", str(tokens))
        cls.environment = {"STRIKEBOOK_OPERATOR_KEY": KEY}
        cls.service = Service(*cls.flags, environment=cls.environment)

    @classmethod
    def tearDownClass(cls):
        cls.cow.close()

    @classmethod
    def certificate(cls):
        return None

    def operator(self, path, body):
        answer = self.service.post(path, body, Authorization=f"Bearer {KEY}")
        self.assertIn(answer.status, (200, 201), answer)
        return answer.json

    def event(self, name, args, block=None, index=0, final=True, when=None):
        type(self).count += 1
        number = block or self.count
        return {"name": name, "blockNumber": number, "blockHash": hexed(keccak(text=f"block {number}")),
                "blockTimestamp": when or int(time.time()), "txHash": hexed(keccak(text=f"tx {self.count}")),
                "logIndex": index, "args": args, "final": final}

    def option(self, is_call=True, expired=True, final=True, strike=STRIKE):
        """An option taken from a fresh offer; its number."""
        number = SettlementCase.number = getattr(SettlementCase, "number", 0) + 1
        collateral = 10**18 if is_call else 2_000_000_000
        body, hash = Maker("writer").post_body(
            1000 + number, collateralAmount=collateral, minFillAmount=1, isCall=is_call)
        self.assertEqual(self.service.post("/offers", body).status, 201)
        when = int(time.time()) - (2 * DAY if expired else 0)
        self.operator("/chain/events", {"events": [self.event("OptionTaken", {
            "tokenId": str(number), "offerHash": hash, "taker": HOLDER.address, "fillAmount": str(collateral),
            "strikePrice": str(strike), "duration": "1"}, when=when, final=final)], "reverted": []})
        self.cow.holders[number] = HOLDER.address
        return number

    def transfer(self, number, owner):
        self.operator("/chain/events", {"events": [self.event("Transfer", {
            "from": HOLDER.address, "to": owner.address, "tokenId": str(number)})], "reverted": []})
        self.cow.holders[number] = owner.address

    def price(self, price=PRICE):
        self.operator(f"/prices/{WETH}", {"priceE8": str(price)})

    def initiate(self, number, status=201, **wish):
        answer = self.service.post("/settlement/initiate", {"tokenId": str(number), **wish})
        self.assertEqual(answer.status, status, answer)
        return answer.json

    def sign(self, proposal, account=HOLDER):
        """As a wallet does, from the typed data alone."""
        return hexed(account.sign_message(encode_typed_data(full_message=proposal["termsToSign"])).signature)

    def approve(self, number, proposal, status=200, account=HOLDER, **own):
        answer = self.service.post("/settlement/approve", {
            "tokenId": str(number), "settlementConditionsHash": proposal["settlementConditionsHash"],
            "signature": self.sign(proposal, account), **own})
        self.assertEqual(answer.status, status, answer)
        return answer.json

    def approved(self, **option):
        number = self.option(**option)
        proposal = self.initiate(number)
        self.approve(number, proposal)
        return number, proposal

    def submit(self, number, status=200):
        answer = self.service.post("/settlement/submit", {"tokenId": str(number)})
        self.assertEqual(answer.status, status, answer)
        return answer.json

    def settlement(self, number):
        answer = self.service.get(f"/settlement/{number}")
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def until(self, number, status, seconds=15):
        return eventually(f"option {number} is {status}", lambda: (
            lambda now: now if now["status"] == status else None)(self.settlement(number)), seconds)

    def setUp(self):
        self.price()
        self.cow.misbehave()

    def assert_problem(self, answer, status, code, field=None):
        ServiceCase.assert_problem(self, answer, status, code, field)

    def refused(self, path, body, status, code, field=None):
        self.assert_problem(self.service.post(path, body), status, code, field)


class FromExpiryToPayout(SettlementCase):
    def test_a_call_is_sold_once_and_shared(self):
        number = self.option()
        proposal = self.initiate(number)
        self.assertEqual(self.initiate(number, status=200), proposal)
        self.assertEqual(proposal["order"]["buyAmount"], str(FLOOR))
        self.assertTrue(proposal["orderUid"].startswith(proposal["orderHash"]))
        approved = self.approve(number, proposal)
        self.assertEqual((approved["status"], approved["submitting"]), ("approved", False))
        submitted = self.submit(number)
        self.assertEqual((submitted["status"], submitted["orderUid"]), ("submitted", proposal["orderUid"]))
        self.assertEqual(self.submit(number)["status"], "submitted")
        self.assertIn(proposal["orderUid"], self.cow.taken)
        self.cow.end(proposal["orderUid"], "fulfilled", 2_480_000_000)
        done = self.until(number, "completed")
        self.assertEqual(done["payout"], {
            "total": "2480000000", "payoff": "499000000", "fee": "499000", "taker": "498501000", "writer": "1981000000",
            "priceE8": str(PRICE)})
        self.refused("/settlement/initiate", {"tokenId": str(number)}, 409, "already_settled")
        self.assertEqual(self.cow.complaints, [])
        log = self.databases.query(
            f"SELECT event_type FROM transaction_logs WHERE related_id = '{number}' AND event_type LIKE 'settlement%' ORDER BY seq")
        self.assertEqual([row[0] for row in log], [
            "settlement_initiated", "settlement_approved", "settlement_submitted", "settlement_completed"])

    def test_what_cannot_be_settled_is_refused_by_name(self):
        put = self.option(is_call=False, strike=3000 * 10**8)
        answer = self.service.post("/settlement/initiate", {"tokenId": str(put)})
        self.assert_problem(answer, 409, "put_settles_directly")
        payout = {key: int(value) for key, value in answer.json["payout"].items()}
        self.assertEqual(payout["taker"] + payout["fee"] + payout["writer"], payout["total"])
        self.assertEqual(payout["payoff"], 2_000_000_000 * (3000 * 10**8 - PRICE) // (3000 * 10**8))
        call = {"tokenId": str(self.option())}
        self.refused("/settlement/initiate", {"tokenId": "999"}, 404, "option_not_found", "tokenId")
        self.refused("/settlement/initiate", {"tokenId": str(self.option(final=False))}, 409, "not_confirmed")
        self.refused("/settlement/initiate", {"tokenId": str(self.option(expired=False))}, 400, "not_expired")
        self.refused("/settlement/initiate", {"tokenId": str(self.option(strike=PRICE))}, 409, "nothing_to_settle")
        for amount in (FLOOR - 1, SALE + 1, 0):
            self.refused("/settlement/initiate", call | {"minBuyAmount": str(amount)}, 400, "invalid_min_buy_amount", "minBuyAmount")
        self.refused("/settlement/initiate", call | {"validTo": int(time.time()) + 5}, 400, "invalid_valid_to", "validTo")
        self.refused("/settlement/initiate", call | {"minBuyAmount": "1.5"}, 400, "invalid_integer", "minBuyAmount")
        self.refused("/settlement/initiate", call | {"price": 1}, 400, "unknown_field", "price")
        self.refused("/settlement/submit", call, 409, "not_initiated")
        self.assert_problem(self.service.get("/settlement/998"), 404, "settlement_not_found")
        self.assert_problem(self.service.get("/settlement/x"), 400, "invalid_parameter", "tokenId")

    def test_the_holder_decides_and_a_stranger_binds_nobody(self):
        number = self.option()
        mine = self.initiate(number)
        other = self.initiate(number, minBuyAmount=str(SALE))
        self.approve(number, mine, status=409)
        self.assert_problem(self.service.post("/settlement/approve", {
            "tokenId": str(number), "settlementConditionsHash": other["settlementConditionsHash"],
            "signature": self.sign(other, BUYER)}), 422, "signature_mismatch", "signature")
        self.refused("/settlement/approve", {
            "tokenId": str(number), "settlementConditionsHash": mine["settlementConditionsHash"],
            "signature": self.sign(mine), "minBuyAmount": mine["minBuyAmount"]}, 400, "missing_field", "validTo")
        approved = self.approve(number, mine, minBuyAmount=mine["minBuyAmount"], validTo=mine["validTo"])
        self.assertEqual(approved["settlementConditionsHash"], mine["settlementConditionsHash"])
        self.refused("/settlement/initiate", {"tokenId": str(number), "minBuyAmount": str(SALE)}, 409, "already_approved")
        self.assertEqual(self.initiate(number, status=200), mine)
        self.transfer(number, BUYER)
        self.refused("/settlement/submit", {"tokenId": str(number)}, 409, "holder_changed")
        failed = self.settlement(number)
        self.assertEqual((failed["status"], failed["reason"]), ("failed", "holder_changed"))
        self.assertEqual(self.approve(number, self.initiate(number), account=BUYER)["attempt"], 2)
        self.assertEqual(self.submit(number)["status"], "submitted")

    def test_the_chain_completes_a_settlement(self):
        number, proposal = self.approved()
        self.submit(number)
        self.operator("/chain/events", {"events": [self.event("SettlementExecuted", {
            "tokenId": str(number), "proceedsReceived": "2490000000", "settler": BUYER.address})], "reverted": []})
        done = self.until(number, "completed")
        self.assertEqual(done["payout"]["total"], "2490000000")

    def test_a_reorg_undoes_what_the_chain_completed(self):
        number, proposal = self.approved()
        self.submit(number)
        sold = self.event("SettlementExecuted", {
            "tokenId": str(number), "proceedsReceived": "2490000000", "settler": BUYER.address})
        self.operator("/chain/events", {"events": [sold], "reverted": []})
        self.until(number, "completed")
        self.operator("/chain/events", {"events": [], "reverted": [sold["blockHash"]]})
        again = self.until(number, "submitted")
        self.assertEqual((again["payout"], again["orderUid"]), (None, proposal["orderUid"]))
        # In another block it counts again.
        self.operator("/chain/events", {"events": [self.event("SettlementExecuted", {
            "tokenId": str(number), "proceedsReceived": "2480000000", "settler": BUYER.address})], "reverted": []})
        self.assertEqual(self.until(number, "completed")["payout"]["total"], "2480000000")
        log = self.databases.query(
            f"SELECT event_type FROM transaction_logs WHERE related_id = '{number}' AND event_type IN "
            "('settlement_submitted', 'settlement_completed', 'settlement_reopened') ORDER BY seq")
        self.assertEqual([row[0] for row in log], [
            "settlement_submitted", "settlement_completed", "settlement_reopened", "settlement_completed"])

    def test_an_option_that_was_paid_out_is_settled(self):
        number, proposal = self.approved()
        self.submit(number)
        self.operator("/chain/events", {"events": [self.event("OptionSettled", {
            "tokenId": str(number), "profit": "499000000", "settler": BUYER.address})], "reverted": []})
        done = self.until(number, "completed")
        self.assertEqual(done["filledOrderUid"], proposal["orderUid"])

    def test_a_stuck_settlement_is_seen_in_health_and_a_doctored_one_by_log_verify(self):
        number, _ = self.approved()
        self.submit(number)

        def part():
            return next(part for part in self.service.get("/health").json["dependencies"] if part["name"] == "settlements")
        self.assertEqual(part()["state"], "up")
        verify = [PROGRAM, "log", "verify", "--database-url", self.databases.url]
        self.assertEqual(subprocess.run(verify, capture_output=True).returncode, 0)
        was = self.databases.query(f"SELECT valid_to FROM settlements WHERE token_id = {number}")[0][0]
        self.databases.query(f"UPDATE settlements SET valid_to = 1000 WHERE token_id = {number}")
        self.assertEqual(part()["state"], "down")
        self.assertIn(f"option {number} is stuck as submitted", part()["detail"])
        found = subprocess.run(verify, capture_output=True, text=True)
        self.assertEqual(found.returncode, 5, found)
        self.assertIn(f"a settlement's order is not as it was proposed: {number}", found.stdout + found.stderr)
        self.databases.query(f"UPDATE settlements SET valid_to = {was} WHERE token_id = {number}")
        gauges = dict(line.rsplit(" ", 1) for line in self.service.get("/metrics").body.decode().splitlines() if line[:1] != "#")
        self.assertGreaterEqual(float(gauges["strikebook_settlements_submitted"]), 1)
        age = float(gauges["strikebook_settlements_submitted_oldest_seconds"])
        self.assertTrue(0 < age < 120, age)

    def test_it_is_seen_in_lists_redis_metrics_and_by_the_commands(self):
        number, proposal = self.approved()
        listed = self.service.get(f"/settlements?status=approved&holder={HOLDER.address}").json["settlements"]
        self.assertIn(str(number), [one["tokenId"] for one in listed])
        self.assertIn("strikebook_settlements_approved ", self.service.get("/metrics").body.decode())
        url = f"http://127.0.0.1:{self.service.port}"
        said = subprocess.run([PROGRAM, "settle", "submit", str(number), "--url", url], capture_output=True, text=True)
        self.assertEqual(said.returncode, 0, said)
        self.assertIn("submitted", said.stdout)
        another = self.option()
        key = scratch("holder.key")
        key.write_text(HOLDER.key.hex())
        key.chmod(0o600)
        for arguments in (["initiate", str(another), "--min-buy-amount", "2450usdc"],
                          ["approve", str(another), "--key-file", str(key), "--at-least", "2450usdc"],
                          ["status", str(another)]):
            said = subprocess.run([PROGRAM, "settle", *arguments, "--url", url], capture_output=True, text=True)
            self.assertEqual(said.returncode, 0, said)
        self.assertIn("approved", said.stdout)
        redis = subprocess.run(
            ["redis-cli", "-s", self.databases.redis_url.removeprefix("unix://"), "HGET", f"strikebook:settlement:{number}",
             "status"], capture_output=True, text=True)
        self.assertEqual(redis.stdout.strip(), "submitted")


class Misdeeds(SettlementCase):
    def test_each_misdeed_ends_with_one_order(self):
        for misdeed in ("timeOutAfterTaking", "cutAfterTaking", "serverError", "duplicated", "notYetValid", "html", "huge",
                        "redirect", "rateLimited", "notAnId"):
            with self.subTest(misdeed):
                number, proposal = self.approved()
                self.price()
                self.cow.misbehave(misdeed)
                self.assertIn(self.service.post("/settlement/submit", {"tokenId": str(number)}).status, (200, 202))
                self.until(number, "submitted", 20)
                self.assertIn(proposal["orderUid"], self.cow.taken)
        self.assertEqual(self.cow.complaints, [])

    def test_a_refusal_keeps_cows_words_and_another_order_may_follow(self):
        number, proposal = self.approved()
        self.cow.misbehave("tooManyOrders")
        failed = self.submit(number)
        self.assertEqual((failed["status"], failed["reason"]), ("failed", "refused"))
        self.assertIn("TooManyLimitOrders: Too many limit orders", failed["lastError"])
        again = self.initiate(number)
        self.assertGreater(again["validTo"], proposal["validTo"])
        self.approve(number, again)
        self.assertEqual(self.submit(number)["status"], "submitted")

    def test_another_id_fails_and_its_order_is_waited_for(self):
        number, proposal = self.approved()
        self.cow.misbehave("wrongUid")
        failed = self.submit(number)
        self.assertEqual((failed["status"], failed["reason"]), ("failed", "uid_mismatch"))
        self.refused("/settlement/initiate", {"tokenId": str(number)}, 409, "order_may_fill")

    def test_a_cancelled_order_fails(self):
        number, proposal = self.approved()
        self.submit(number)
        self.cow.end(proposal["orderUid"], "cancelled")
        self.assertEqual(self.until(number, "failed")["reason"], "order_cancelled")
        self.initiate(number)

    def test_fifty_at_once_make_one_proposal_and_one_order(self):
        number = self.option()
        with concurrent.futures.ThreadPoolExecutor(50) as pool:
            answers = list(pool.map(
                lambda _: self.service.request("POST", "/settlement/initiate", {"tokenId": str(number)}, fresh=True), range(50)))
            self.assertEqual(sorted(answer.status for answer in answers), [200] * 49 + [201])
            self.assertEqual(len({answer.body for answer in answers}), 1)
            self.approve(number, answers[0].json)
            before = len(self.cow.posts)
            submits = list(pool.map(
                lambda _: self.service.request("POST", "/settlement/submit", {"tokenId": str(number)}, fresh=True), range(50)))
        self.assertEqual({answer.status for answer in submits}, {200})
        self.assertEqual(len(self.cow.posts) - before, 1)


class Impostor(SettlementCase):
    """Whoever sits between: HTTPS with a certificate that nobody vouches for."""

    @classmethod
    def certificate(cls):
        file = scratch("impostor.pem")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
             "subjectAltName=IP:127.0.0.1", "-keyout", str(file), "-out", str(file) + ".crt"], check=True, capture_output=True)
        file.write_text(file.read_text() + Path(str(file) + ".crt").read_text())
        return str(file)

    def test_an_impostor_gets_no_order(self):
        number, _ = self.approved()
        self.submit(number, status=202)
        now = eventually("it was tried", lambda: (
            lambda now: now if now["lastError"] else None)(self.settlement(number)), 20)
        self.assertEqual(now["status"], "approved", now)
        self.assertEqual((self.cow.posts, self.cow.look_ups, self.cow.taken), ([], [], []))


class Kills(SettlementCase):
    def test_a_killed_service_goes_on_where_it_stopped(self):
        for misdeed, delay in (("timeOut", 0.3), ("timeOutAfterTaking", 0.3), ("serverError", 0.05), ("notYetValid", 0)):
            with self.subTest(misdeed):
                number, proposal = self.approved()
                self.cow.misbehave(misdeed)
                with concurrent.futures.ThreadPoolExecutor(1) as pool:
                    asked = pool.submit(
                        lambda: self.service.request("POST", "/settlement/submit", {"tokenId": str(number)}, fresh=True))
                    eventually("CoW is asked", lambda: any(f'\\"{number}\\"' in post.decode() for post in self.cow.posts))
                    time.sleep(delay)
                    self.service.stop(signal.SIGKILL)
                    asked.exception()
                type(self).service = Service(*self.flags, environment=self.environment)
                self.until(number, "submitted", 20)
                mine = [post for post in self.cow.posts if f'\\"{number}\\"' in post.decode()]
                self.assertIn(proposal["orderUid"], self.cow.taken)
                self.assertEqual(len(set(mine)), 1, "every send is the same order")
                self.price()
        self.assertEqual(self.cow.complaints, [])


if __name__ == "__main__":
    unittest.main()
