import Ethereum
import Exchange
@_spi(Store) import Market

/// What looking after writers' funds costs the leader besides the node's answers: a hundred thousand open offers of a
/// thousand writers, of whom a block asks about five hundred.
struct FundsInMemory {
    private static let writers = 1_000
    private static let pairs = 500

    let scale: Scale

    func run() throws -> Report {
        let each = scale(100, quick: 10)
        let books = filled(each)
        let total = Number.text(Double(Self.writers * each))
        var place = 0
        let unchanged = micros(of: 20) {
            let (pairs, next) = books.fundingPairs(from: place, limit: Self.pairs)
            place = next
            return pairs.count { books.fundingVersion($0) != nil }
        }
        let changed = micros(of: 4) {
            let (pairs, next) = books.fundingPairs(from: place, limit: Self.pairs)
            place = next
            return pairs.reduce(0) { sum, pair in
                let offers = books.offers(of: pair).offers
                return sum + FundingRule.judge(offers, available: UInt256(UInt64(offers.count / 2) * Self.size)).count
            }
        }
        return Report(figures: [
            figure(
                "a block's \(Self.pairs) writers of \(Self.writers) with \(total) offers, nothing new", unchanged, "µs"),
            figure("the same when the funds of all \(Self.pairs) changed: decided anew", changed / 1e3, "ms"),
        ])
    }

    private static let size: UInt64 = 1_000

    private func figure(_ what: String, _ measured: Double, _ unit: String) -> Figure {
        Figure(section: .wallets, what: "funds in memory: " + what, measured: measured, unit: unit)
    }

    private func filled(_ each: Int) -> Books {
        let books = Books()
        var seq: UInt64 = 0
        for writer in 0..<Self.writers {
            let address = Address(bytes: Keccak256.hash(Array("writer \(writer)".utf8)).array.prefix(20)) ?? .zero
            let events = (0..<each).map { number in
                seq += 1
                return BookEvent(
                    seq: seq, createdAtMicros: 0,
                    change: .created(OfferState(signed: offer(of: address, number, seq), seq: seq, createdAtMicros: 0)))
            }
            _ = books.apply(events)
        }
        return books
    }

    private func offer(of writer: Address, _ number: Int, _ seq: UInt64) -> SignedOffer {
        let price = seq &* 0x9e37_79b9_7f4a_7c15 >> 44
        let offer = Offer(
            writer: writer, underlying: SampleOffers.weth, collateralAmount: UInt256(Self.size),
            stablecoin: SampleOffers.usdc, isCall: true, premiumPerDay: UInt256(1 + price), minDuration: 1,
            maxDuration: 30,
            minFillAmount: .one, deadline: .max, configHash: Keccak256.hash(Array("\(number)".utf8)))
        return .stored(offer: offer, hashes: SampleOffers.deployment.hashes(offer), signature: [])
    }

    private func micros(of times: Int, _ body: () -> Int) -> Double {
        var count = 0
        let begin = Clock.thread()
        for _ in 0..<times { count &+= body() }
        let spent = Clock.thread() - begin
        precondition(count > 0)
        return Double(spent) / Double(times) / 1e3
    }
}
