import Ethereum
import Exchange
import Foundation
import Market
import Postgres
import Store
import Testing

private let ladder = #""productType":"LuckyLadder","rungsE8":["110","120","130"]"#
private let catcher = #""productType":"MomentumCatcher","targetMovementE8":"10""#

@Suite(.enabled(if: ProcessInfo.processInfo.environment["STRIKEBOOK_TEST_SERVERS"] != nil))
struct ProductsTests {
    @Test func `a product is accepted, hits, and ends, each written once, and reads so in every process`() async throws
    {
        let market = try await ProductMarket()
        let leader = try await ProductProcess(market, epoch: 0)
        let other = try await ProductProcess(market)
        let id = try await other.submit(ladder)
        try await leader.service.turn()
        for price: Int64 in [105, 121, 119, 104] {
            try await market.tick(price, heardBy: [leader, other])
            try await leader.service.turn()
            try await other.service.turn()
        }
        for process in [leader, other] {
            let state = try await process.state(id)
            #expect(state["status"] == "active")
            #expect(state["rungsHitE8"] == "[110,120]")
            #expect(state["remainingRungsE8"] == "[130]")
            #expect(state["priceE8"] == "104")
            #expect(state["elapsedMs"] == "400")
        }
        try await market.tick(100, heardBy: [leader, other], skipping: 4_600)
        try await leader.service.turn()
        try await other.service.turn()
        for process in [leader, other] {
            let state = try await process.state(id)
            #expect(state["status"] == "expired")
            #expect(state["payoutE8"] == "666")
            #expect(state["elapsedMs"] == "5000")
        }
        let rows = try await market.rows("SELECT event_type, data FROM transaction_logs ORDER BY seq")
        #expect(rows.map { $0[0] } == ["contract_accepted", "contract_hit", "contract_ended"])
        #expect(rows[1][1] == #"{"rungsHitE8":["110","120"],"tick":3}"#)
        #expect(rows[2][1] == #"{"atMs":4000000005000,"payoutE8":"666","status":"expired","tick":6}"#)
        try await market.close()
    }

    @Test func `what ended while nobody ran is closed by what the stored ticks say`() async throws {
        let market = try await ProductMarket()
        var process = try await ProductProcess(market, epoch: 0)
        let late = try await process.submit(ladder, durationMs: 60_000)
        let expired = try await process.submit(ladder, durationMs: 1_000)
        let hit = try await process.submit(catcher, durationMs: 1_000)
        try await market.tick(105, heardBy: [process])
        // Nobody hears these: 115 was there, and the gap to 90 is one step.
        try await market.tick(115)
        try await market.tick(90)
        process = try await ProductProcess(market, epoch: 0)
        try await process.service.turn()
        #expect(try await process.state(hit)["status"] == "target_hit")
        // A day without a tick, and one ordinary step from the last price.
        try await market.tick(125, heardBy: [process], skipping: 30_000)
        try await process.service.turn()
        #expect(try await process.state(expired)["status"] == "expired")
        #expect(try await process.state(expired)["payoutE8"] == "333")
        #expect(try await process.state(late)["rungsHitE8"] == "[110,120]")
        let ends = try await market.ends()
        #expect(ends == (try await market.naiveEnds()))
        try await market.close()
    }

    @Test func `a restart, a lost tick, a new leader at any moment: the outcomes are those of the stored ticks`()
        async throws
    {
        let market = try await ProductMarket()
        var random = SplitMix(seed: 11)
        var epoch: Int64 = 0
        var processes = [try await ProductProcess(market, epoch: 0), try await ProductProcess(market)]
        var price: Int64 = 100
        var count = 0
        for round in 0..<240 {
            if round < 150, round % 3 == 0 {
                let fields =
                    round % 2 == 0
                    ? #""productType":"LuckyLadder","rungsE8":["\#(price - 9)","\#(price + 1)","\#(price + 6)"]"#
                    : #""productType":"MomentumCatcher","targetMovementE8":"\#(Int64.random(in: 4...40, using: &random))""#
                        + #","mode":"\#(MovementMode.allCases[round % 3 + (round % 9 > 3 ? 1 : 0)].rawValue)""#
                try await processes[round % 2].submit(
                    fields, payoff: .random(in: 1...999, using: &random),
                    durationMs: .random(in: 1_000...6_000, using: &random))
                count += 1
            }
            price = max(20, price + .random(in: -4...4, using: &random))
            let hearing = processes.filter { _ in Int.random(in: 0..<10, using: &random) > 0 }
            try await market.tick(price, heardBy: hearing, skipping: round % 50 == 49 ? 700 : 0)
            for process in processes where Int.random(in: 0..<10, using: &random) > 2 {
                try await process.service.turn()
            }
            if Int.random(in: 0..<12, using: &random) == 0 {
                let place = Int.random(in: 0...1, using: &random)
                processes[place] = try await ProductProcess(market, epoch: processes[place].epoch)
            }
            if Int.random(in: 0..<12, using: &random) == 0 {
                epoch += 1
                _ = try await market.client.query("UPDATE log_head SET leader_epoch = \(epoch)")
                let place = Int.random(in: 0...1, using: &random)
                // The other one has not noticed yet.
                processes[place].lead(epoch)
            }
        }
        for process in processes { process.lead(epoch) }
        for _ in 0..<2 {
            try await market.tick(price, heardBy: processes, skipping: 6_000)
            for process in processes { try await process.service.turn() }
        }
        let ends = try await market.ends()
        #expect(ends.count == count)
        #expect(Set(ends.values.map(\.status)) == ["completed", "expired", "target_hit"])
        #expect(ends == (try await market.naiveEnds()))
        #expect(try await market.rows("SELECT 'left' FROM contracts WHERE is_active OR client IS NOT NULL").isEmpty)
        try await market.close()
    }

    @Test func `a leader of yesterday decides nothing`() async throws {
        let market = try await ProductMarket()
        let old = try await ProductProcess(market, epoch: 0)
        let id = try await old.submit(catcher)
        _ = try await market.client.query("UPDATE log_head SET leader_epoch = 1")
        try await market.tick(100, heardBy: [old])
        try await market.tick(200, heardBy: [old])
        try await old.service.turn()
        #expect(try await old.state(id)["status"] == "active")
        #expect(try await old.state(id)["movementE8"] == "100")
        #expect(try await market.ends().isEmpty)
        old.lead(1)
        try await old.service.turn()
        #expect(try await old.state(id)["status"] == "target_hit")
        try await market.close()
    }

    @Test func `an operator's price is observed between two ticks by every process`() async throws {
        let market = try await ProductMarket()
        let leader = try await ProductProcess(market, epoch: 0)
        let other = try await ProductProcess(market)
        let id = try await leader.submit(ladder)
        let tick = try await leader.submit(catcher.replacing("}", with: "") + #","mode":"tick""#)
        try await market.tick(100, heardBy: [leader])
        // The leader has seen a tick that the other one, which takes the price, has not heard of.
        try await leader.service.turn()
        #expect(try await other.observe(id, 112).get()["rungsHitE8"] == "[110]")
        #expect(try await other.observe(tick, 106).get()["maxMovementE8"] == "6")
        try await market.tick(115, heardBy: [leader, other])
        for process in [leader, other] {
            try await process.service.turn()
            #expect(try await process.state(id)["rungsHitE8"] == "[110]")
            // From 100 to 115 in two steps, of 6 and 9.
            #expect(try await process.state(tick)["maxMovementE8"] == "9")
            #expect(try await process.state(tick)["status"] == "active")
        }
        #expect(try await other.observe(id, 130).get()["status"] == "completed")
        try await leader.service.turn()
        #expect(try await leader.state(id)["payoutE8"] == "1000")
        guard case .failure(let late) = try await leader.observe(id, 100) else { return #expect(Bool(false)) }
        #expect(late.code == "contract_ended")
        guard case .failure(let unknown) = try await leader.observe("nobody", 100) else { return #expect(Bool(false)) }
        #expect(unknown.code == "unknown_contract")
        try await market.close()
    }

    @Test func `a cancel ends a product without a payout, and comes too late for one that has ended`() async throws {
        let market = try await ProductMarket()
        let leader = try await ProductProcess(market, epoch: 0)
        let other = try await ProductProcess(market)
        let mine = address(1)
        let id = try await leader.submit(catcher, owner: mine)
        guard case .failure(let foreign) = try await other.cancel(id, by: .owner(address(2))) else {
            return #expect(Bool(false))
        }
        #expect(foreign.code == "not_the_owner")
        #expect(try await other.cancel(id, by: .owner(mine)).get()["status"] == "cancelled")
        try await leader.service.turn()
        #expect(try await leader.state(id)["payoutE8"] == "0")
        // The tick that hits is stored and nobody has looked at it: the cancel finds it.
        let second = try await leader.submit(catcher)
        try await market.tick(100)
        try await market.tick(110)
        guard case .failure(let late) = try await other.cancel(second) else { return #expect(Bool(false)) }
        #expect(late.code == "contract_ended")
        #expect(try await other.state(second)["status"] == "target_hit")
        #expect(try await market.ends()[second] == .init(status: "target_hit", payoutE8: 1_000))
        try await market.close()
    }

    @Test func `submitters and the service have their limits, over restarts too`() async throws {
        let market = try await ProductMarket(rules: ProductRules(mostPerSubmitter: 2, most: 5))
        var process = try await ProductProcess(market, epoch: 0)
        func code(_ client: String, _ owner: Address? = nil) async throws -> String? {
            guard case .failure(let rejection) = try await process.submission(catcher, client: client, owner: owner)
            else { return nil }
            #expect(rejection.kind == .tooMany)
            return rejection.code
        }
        let first = try await process.submit(catcher, client: "a", owner: address(1))
        #expect(try await code("a") == nil)
        #expect(try await code("a") == "too_many_products")
        process = try await ProductProcess(market, epoch: 0)
        #expect(try await code("a") == "too_many_products")
        #expect(try await code("b", address(1)) == nil)
        #expect(try await code("c", address(1)) == "too_many_products")
        #expect(try await code("c") == nil)
        #expect(try await code("c") == nil)
        #expect(try await code("d") == "too_many_products")
        _ = try await process.cancel(first).get()
        #expect(try await code("a") == nil)
        try await market.close()
    }

    @Test func `prices that are not recorded stop submissions and are not observed`() async throws {
        let market = try await ProductMarket()
        let process = try await ProductProcess(market, epoch: 0)
        let id = try await process.submit(catcher)
        try await market.tick(100, heardBy: [process])
        let unrecorded = PriceTick(
            token: weth, priceE8: 200, tick: 3, asOfMillis: ProductMarket.firstStamp + 150, source: .simulation,
            isRecorded: false)
        process.service.published([unrecorded])
        guard case .failure(let paused) = try await process.submission(catcher) else { return #expect(Bool(false)) }
        #expect(paused.code == "products_paused")
        #expect(paused.kind == .unavailable)
        try await market.tick(104, heardBy: [process])
        try await process.service.turn()
        #expect(try await process.state(id)["movementE8"] == "4")
        _ = try await process.submit(catcher)
        try await market.close()
    }
}
