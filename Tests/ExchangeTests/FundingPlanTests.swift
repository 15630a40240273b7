import Ethereum
@_spi(Store) import Market
import Testing

@testable import Exchange

/// What is found of funds becomes rows, and the books are folded from those.
@Suite struct FundingPlanTests {
    private let funds = Funds(balance: UInt256(7), allowance: UInt256(3))

    private func update(
        _ decisions: [(Bytes32, Funding?)], epoch: Int64 = 1, claimed: UInt64 = 0
    ) -> WriteRequest {
        .fund(
            FundingUpdate(
                decisions: decisions.map {
                    .init(offerHash: $0.0, funding: $0.1, finding: .funds(funds, claimed: UInt256(claimed)))
                }, block: FundsBlock(number: 9, hash: .zero), leaderEpoch: epoch))
    }

    private func books() -> Books {
        let books = Books()
        books.load([], BooksSnapshot(head: Samples.genesis, lastChanges: []))
        return books
    }

    @Test func `A row says what changed and by which figures; the same again writes nothing`() throws {
        var database = MemoryDatabase()
        let signed = Samples.signed()
        let hash = signed.hashes.offerHash
        _ = database.commit([.offer(signed)])
        let plan = database.commit([update([(hash, Funding(fundable: UInt256(3), isUnfunded: true))], claimed: 4)])
        let entry = try #require(plan.entries.first)
        #expect((entry.eventType, entry.relatedID, entry.blockNumber) == ("offer_unfunded", hash.hex, 9))
        #expect(
            entry.data
                == #"{"allowance":"3","balance":"7","blockHash":"\#(Bytes32.zero.hex)","claimed":"4","filled":"0","#
                + #""fundable":"3","status":"open","unfunded":true,"wasOpen":true}"#)
        database.offers[hash]?.funding = Funding(fundable: UInt256(3), isUnfunded: true)
        #expect(database.commit([update([(hash, Funding(fundable: UInt256(3), isUnfunded: true))])]).isEmpty)
        #expect(database.commit([update([(hash, nil)], epoch: 2)]).isEmpty)
        #expect(database.commit([update([(hash, nil)])]).entries.map(\.eventType) == ["offer_funded"])
        _ = database.commit([.cancel(Samples.cancel([hash]))])
        #expect(database.commit([update([(hash, nil)])]).isEmpty)
    }

    /// An offer's history as a reader of its book sees it.
    @Test func `Hidden offers are open, leave their book and come back; live changes are those that are told later`() {
        var random = SplitMix(state: 11)
        for _ in 0..<60 {
            var database = MemoryDatabase()
            let books = books()
            books.gatherChanges {}
            var (events, open, listed): ([BookEvent], Set<Bytes32>, Set<Bytes32>) = ([], [], [])
            var live: [BookChanges.Change] = []
            for step in 0..<40 {
                let request: WriteRequest
                switch (
                    Int.random(in: 0..<10, using: &random),
                    open.sorted { $0.hex < $1.hex }.randomElement(using: &random)
                ) {
                case (0..<4, let hash?):
                    let choice = Int.random(in: 0..<3, using: &random)
                    let funding = choice == 0 ? nil : Funding(fundable: UInt256(5), isUnfunded: choice == 1)
                    request = update([(hash, funding)])
                    if choice == 1 { listed.remove(hash) } else { listed.insert(hash) }
                    // As the database would.
                    let plan = database.commit([request])
                    for change in plan.fundings.values { database.offers[change.offerHash]?.funding = change.funding }
                    events += plan.events
                    _ = books.apply(plan.events)
                    live += books.takeChanges().flatMap(\.changes)
                    continue
                case (4..<6, let hash?):
                    request = .cancel(Samples.cancel([hash]))
                    open.remove(hash)
                    listed.remove(hash)
                default:
                    let signed = Samples.signed(salt: UInt64(step))
                    request = .offer(signed)
                    open.insert(signed.hashes.offerHash)
                    listed.insert(signed.hashes.offerHash)
                }
                let plan = database.commit([request])
                events += plan.events
                _ = books.apply(plan.events)
                live += books.takeChanges().flatMap(\.changes)
                let book = books.book(BookID(Samples.signed().offer))
                var rows: Set<Bytes32> = []
                book.forEach { rows.insert($0.state.offerHash).inserted }
                #expect(rows == listed && book.count == listed.count)
                #expect(books.counts.offers == open.count)
                #expect(book.seq == (live.last?.seq ?? 0))
            }
            let told = BookChanges.past(events).flatMap(\.changes)
            #expect(told.map { "\($0.seq) \($0.kind)" } == live.map { "\($0.seq) \($0.kind)" })
        }
    }
}
