import Ethereum
import Exchange
import Market
import Testing

/// A book as one would write it first: an array, sorted when asked.
private struct NaiveBook {
    var open: [OfferState] = []

    func page(_ query: BookQuery, _ id: BookID) -> [Bytes32] {
        var rows = open.filter { BookID($0.offer) == id && keeps($0.offer, $0.remaining, query) }
        switch query.sort {
        case .premium: rows.sort { Self.isCheaper($0, $1) }
        case .premiumDescending: rows.sort { Self.isCheaper($1, $0) }
        case .created: rows.sort { $0.seq < $1.seq }
        case .deadline: rows.sort { ($0.offer.deadline, $0.seq) < ($1.offer.deadline, $1.seq) }
        }
        return rows.map(\.offerHash)
    }

    private func keeps(_ offer: Offer, _ remaining: UInt256, _ query: BookQuery) -> Bool {
        let days = offer.minDuration...offer.maxDuration
        return (query.stablecoin.map { $0 == offer.stablecoin } ?? true)
            && (query.duration.map { days.contains($0) } ?? true)
            && days.overlaps((query.minDuration ?? 0)...(query.maxDuration ?? .max))
            && (query.minSize.map { remaining >= $0 } ?? true)
    }

    /// premiumPerDay ÷ collateralAmount as fractions of numbers below 2^64, by 128-bit products; then seq.
    private static func isCheaper(_ left: OfferState, _ right: OfferState) -> Bool {
        let (a, b) = (product(left.offer.premiumPerDay, right), product(right.offer.premiumPerDay, left))
        return a == b ? left.seq < right.seq : a < b
    }

    private static func product(_ premium: UInt256, _ other: OfferState) -> UInt128 {
        UInt128(premium.asUInt64 ?? 0) * UInt128(other.offer.collateralAmount.asUInt64 ?? 0)
    }
}

@Suite("The book against a naive one")
struct BookOracleTests {
    @Test(
        "random offers, cancels and expiries: every filter, order and page agrees", arguments: [1, 2, 3, 4] as [UInt64])
    func oracle(seed: UInt64) {
        var random = SplitMix(state: seed)
        var database = MemoryDatabase()
        var naive = NaiveBook()
        let books = Books()
        books.load([], BooksSnapshot(head: Samples.genesis, lastChanges: []))
        for round in 0..<60 {
            let requests = (0..<Int.random(in: 1...60, using: &random)).map { _ in
                request(naive, salt: random.next(), &random)
            }
            let plan = database.commit(requests, now: Samples.now + UInt64(round))
            #expect(books.apply(plan.events) == .upToDate)
            naive.open = database.offers.values.filter { $0.closed == nil }
            for _ in 0..<4 { check(query(&random), books, naive, &random) }
        }
        #expect(books.counts.offers == naive.open.count)
        for writer in UInt8(1)...4 {
            let address = Samples.address(writer)
            #expect(books.openOffers(of: address) == naive.open.count { $0.offer.writer == address })
        }
    }

    private func request(_ naive: NaiveBook, salt: UInt64, _ random: inout SplitMix) -> WriteRequest {
        let victim = naive.open.randomElement(using: &random)
        switch Int.random(in: 0..<10, using: &random) {
        case 0:
            guard let victim else { break }
            return .cancel(Samples.cancel([victim.offerHash], by: victim.offer.writer.array[0]))
        case 1 where Int.random(in: 0..<20, using: &random) == 0:
            return .cancel(Samples.cancelAll(before: Samples.now + UInt64.random(in: 0...70, using: &random)))
        case 2:
            guard let victim else { break }
            return .expire([victim.offerHash], leaderEpoch: 1)
        default: break
        }
        let low = UInt16.random(in: 1...40, using: &random)
        // Few distinct prices, so that ties and equal fractions of unequal terms are common.
        let scale = ([1, 2, 3, 1_000_000_007] as [UInt64]).randomElement(using: &random) ?? 1
        return .offer(
            Samples.signed(
                writer: UInt8.random(in: 1...4, using: &random), underlying: Bool.random(using: &random) ? 0xaa : 0xab,
                stablecoin: Bool.random(using: &random) ? 0xbb : 0xbc,
                collateral: UInt64.random(in: 1...12, using: &random) * scale,
                premium: UInt64.random(in: 1...12, using: &random) * scale, isCall: Bool.random(using: &random),
                days: low...UInt16.random(in: low...60, using: &random),
                deadline: Samples.now + UInt64.random(in: 0...80, using: &random), salt: salt))
    }

    private func query(_ random: inout SplitMix) -> BookQuery {
        var query = BookQuery()
        query.sort = BookQuery.Sort.allCases.randomElement(using: &random) ?? .premium
        query.limit = Int.random(in: 1...50, using: &random)
        if Bool.random(using: &random) { query.stablecoin = Samples.address(0xbb) }
        if Bool.random(using: &random) { query.duration = UInt16.random(in: 1...60, using: &random) }
        if Bool.random(using: &random) { query.minDuration = UInt16.random(in: 1...30, using: &random) }
        if Bool.random(using: &random) { query.maxDuration = UInt16.random(in: 30...60, using: &random) }
        if Bool.random(using: &random) { query.minSize = UInt256(UInt64.random(in: 1...12, using: &random)) }
        return query
    }

    private func check(_ query: BookQuery, _ books: Books, _ naive: NaiveBook, _ random: inout SplitMix) {
        let id = BookID(
            underlying: Samples.address(Bool.random(using: &random) ? 0xaa : 0xab), isCall: Bool.random(using: &random))
        let book = books.book(id)
        var query = query
        var listed: [Bytes32] = []
        while true {
            let page = query.page(of: book)
            #expect(page.rows.count <= query.limit)
            listed += page.rows.map(\.state.offerHash)
            guard let next = page.next else { break }
            query.after = next
        }
        #expect(listed == naive.page(query, id))
    }

    @Test("pages never skip or repeat a row that stood throughout, while others come and go")
    func movingPages() {
        var random = SplitMix(state: 99)
        var database = MemoryDatabase()
        let books = Books()
        books.load([], BooksSnapshot(head: Samples.genesis, lastChanges: []))
        let stable = (0..<500 as Range<UInt64>).map {
            Samples.signed(collateral: 1_000 + $0 % 7, premium: 1 + $0 % 11, salt: $0)
        }
        _ = books.apply(database.commit(stable.map { .offer($0) }).events)
        for sort in BookQuery.Sort.allCases {
            var query = BookQuery()
            query.sort = sort
            query.limit = 17
            var seen: [Bytes32] = []
            var visitors: [SignedOffer] = []
            // Visitors come only for a while: in the order of creation they would keep ahead of the reader for ever.
            var visits = 0
            while true {
                let page = query.page(of: books.book(BookID(stable[0].offer)))
                seen += page.rows.map(\.state.offerHash)
                guard let next = page.next else { break }
                query.after = next
                let leaving = visitors.map { WriteRequest.cancel(Samples.cancel([$0.hashes.offerHash], by: 9)) }
                visits += 1
                visitors = (0..<(visits < 25 ? 20 : 0)).map { _ in
                    Samples.signed(writer: 9, premium: 1 + random.next() % 11, salt: random.next())
                }
                _ = books.apply(database.commit(leaving + visitors.map { .offer($0) }).events)
            }
            let permanent = Set(stable.map(\.hashes.offerHash))
            #expect(seen.filter(permanent.contains).count == 500)
            #expect(Set(seen).count == seen.count)
        }
    }

    @Test("rows that are missing are named as a gap; rows applied before are passed over")
    func gaps() {
        var database = MemoryDatabase()
        let events = (1...6).flatMap { database.commit([.offer(Samples.signed(salt: $0))]).events }
        let books = Books()
        books.load([], BooksSnapshot(head: Samples.genesis, lastChanges: []))
        #expect(books.apply(Array(events[2...])) == .gap(after: 0))
        #expect(books.apply(Array(events[..<4])) == .upToDate)
        #expect(books.apply(events) == .upToDate)
        #expect(books.appliedSeq == 6)
        #expect(books.counts.offers == 6)
    }

    @Test("a book's seq is that of its own last change")
    func ownSeq() {
        var database = MemoryDatabase()
        let books = Books()
        books.load([], BooksSnapshot(head: Samples.genesis, lastChanges: []))
        let (call, put) = (Samples.signed(), Samples.signed(isCall: false))
        _ = books.apply(database.commit([.offer(call), .offer(put)]).events)
        #expect(books.book(BookID(call.offer)).seq == 1)
        #expect(books.book(BookID(put.offer)).seq == 2)
        _ = books.apply(database.commit([.cancel(Samples.cancel([call.hashes.offerHash]))]).events)
        #expect(books.book(BookID(call.offer)).seq == 3)
        #expect(books.book(BookID(put.offer)).seq == 2)
    }

    @Test("the overdue come longest overdue first, and only while they are open")
    func overdue() {
        var database = MemoryDatabase()
        let books = Books()
        books.load([], BooksSnapshot(head: Samples.genesis, lastChanges: []))
        let offers = [30, 10, 20, 40].map { Samples.signed(deadline: Samples.now + $0, salt: $0) }
        _ = books.apply(database.commit(offers.map { .offer($0) }).events)
        #expect(books.overdue(at: Samples.now + 10, limit: 10).isEmpty)
        let due = books.overdue(at: Samples.now + 31, limit: 10)
        #expect(due == [offers[1], offers[2], offers[0]].map(\.hashes.offerHash))
        #expect(books.overdue(at: Samples.now + 31, limit: 2).count == 2)
        _ = books.apply(database.commit([.cancel(Samples.cancel([offers[1].hashes.offerHash]))]).events)
        #expect(books.earliestDeadline == Samples.now + 20)
    }
}
