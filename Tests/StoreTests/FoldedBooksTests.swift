import Ethereum
import Exchange
import Foundation
import Market
import Postgres
import Store
import Testing

/// A book is a function of the log: loading it, following it and having written it must end alike.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["STRIKEBOOK_TEST_SERVERS"] != nil))
struct FoldedBooksTests {
    /// Everything that readers can see of the books.
    private struct Look: Equatable {
        var pages: [[[UInt8]]] = []
        var changes: [[Int64]] = []
        var counts: [Int] = []
        var earliestDeadline: UInt64?

        init(_ books: Books) {
            for underlying in [weth, wbtc] {
                for isCall in [true, false] {
                    let book = books.book(BookID(underlying: underlying, isCall: isCall))
                    changes.append([Int64(book.seq), book.changedAtMicros, Int64(book.count)])
                    for sort in BookQuery.Sort.allCases {
                        var query = BookQuery()
                        query.sort = sort
                        query.limit = BookQuery.largestLimit
                        pages.append(query.page(of: book).rows.map(\.rowJSON))
                    }
                }
            }
            counts = [books.counts.offers, books.counts.books, books.partlyFunded(.max).count]
            earliestDeadline = books.earliestDeadline
        }
    }

    private func empty(_ log: PostgresLog) async throws -> Books {
        let books = Books()
        books.load([], try await log.openBooks { _ in })
        return books
    }

    private func loaded(_ log: PostgresLog) async throws -> Books {
        let (books, offers) = (Books(), Mutexed<[OfferState]>([]))
        let snapshot = try await log.openBooks { offer in offers.update { $0.append(offer) } }
        books.load(offers.value, snapshot)
        return books
    }

    @Test func `Books loaded, followed and written are the same after any history`() async throws {
        let stored = try await StoredLog()
        let (written, followed) = (try await empty(stored.log), try await empty(stored.log))
        var random = SplitMix(seed: 0x5eed)
        var known: [SignedOffer] = []
        for round in 0..<40 {
            var requests: [WriteRequest] = []
            for _ in 0..<Int.random(in: 1...12, using: &random) {
                requests.append(try request(&known, &random))
            }
            #expect(written.apply(try await stored.log.commit(requests).events) == .upToDate)
            if round % 10 == 9 {
                while case let events = try await stored.log.events(after: followed.appliedSeq, limit: 17),
                    !events.isEmpty
                {
                    #expect(followed.apply(events) == .upToDate)
                }
                let look = Look(written)
                #expect(Look(followed) == look)
                #expect(Look(try await loaded(stored.log)) == look)
                #expect(look.counts[0] > look.counts[1] && look.counts[2] > 0)
                let report = try await stored.read { try LogVerifier.verify(on: $0) }
                #expect(report.findings == [])
            }
        }
        await stored.close()
    }

    /// A new offer, an old one again, a cancel, a tombstone, a watermark, the expiry of some, or what is funded of them.
    private func request(_ known: inout [SignedOffer], _ random: inout SplitMix) throws -> WriteRequest {
        let maker = try key(UInt64.random(in: 1...4, using: &random))
        let fresh = try Terms(
            underlying: Bool.random(using: &random) ? weth : wbtc, isCall: Bool.random(using: &random),
            collateral: UInt256(UInt64.random(in: 1...5, using: &random) * 500_000),
            premium: UInt256(UInt64.random(in: 1...1_000, using: &random)),
            deadline: Bool.random(using: &random) ? 4_000_000_000 : UInt64.random(in: 1...1_000_000, using: &random)
        ).signed(by: maker)
        switch (Int.random(in: 0..<20, using: &random), known.randomElement(using: &random)) {
        case (0..<3, let old?): return .offer(old)
        case (3..<6, let old?):
            let owner = try (1...4).map { try key($0) }.first { $0.address == old.offer.writer } ?? maker
            return .cancel(try signedCancel(.offers([old.hashes.offerHash]), by: owner))
        case (6, _):
            known.append(fresh)
            return .cancel(try signedCancel(.offers([fresh.hashes.offerHash]), by: maker))
        case (7, _):
            let last = UInt64.random(in: 1...3, using: &random) == 1
            let moment = last ? UInt64(Date.now.timeIntervalSince1970) : UInt64.random(in: 1...1_000, using: &random)
            return .cancel(try signedCancel(.all(writer: maker.address, issuedBefore: moment), by: maker))
        case (8..<10, _): return .expire(known.suffix(20).map(\.hashes.offerHash), leaderEpoch: 0)
        case (10..<13, _?):
            let decisions = known.suffix(12).map { offer in
                let choice = Int.random(in: 0..<3, using: &random)
                let fundable = UInt256(UInt64.random(in: 0..<1_000_000, using: &random))
                let collateral = offer.offer.collateralAmount
                return FundingUpdate.Decision(
                    offerHash: offer.hashes.offerHash,
                    funding: choice == 0 || fundable >= collateral
                        ? nil : Funding(fundable: fundable, isUnfunded: choice == 1),
                    finding: .funds(Funds(balance: fundable, allowance: fundable), claimed: .zero))
            }
            return .fund(FundingUpdate(decisions: decisions, block: nil, leaderEpoch: 0))
        default:
            known.append(fresh)
            return .offer(fresh)
        }
    }
}
