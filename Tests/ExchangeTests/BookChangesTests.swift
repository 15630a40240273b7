import Ethereum
import Exchange
import Market
import Testing

@Suite("What changes in the books")
struct BookChangesTests {
    /// A client that knows nothing but what it is told.
    private struct Client {
        var rows: [Bytes32: UInt256] = [:]
        var seq: UInt64 = 0

        mutating func take(_ changes: [BookChanges.Change], _ move: BookChanges.Move) {
            #expect(move.before.seq == seq)
            #expect(move.before.hash == hash)
            for change in changes {
                let remaining = change.entry?.state.remaining
                #expect(change.seq > seq && change.seq <= move.after.seq)
                #expect((remaining == nil) == (change.kind == .remove))
                #expect((rows[change.offerHash] == nil) == (change.kind == .add))
                rows[change.offerHash] = remaining
            }
            seq = move.after.seq
            #expect(move.after.hash == hash)
        }

        var hash: UInt256 {
            rows.reduce(.zero) { sum, row in
                var bytes: [UInt8] = []
                row.key.withUnsafeBytes { bytes += $0 }
                row.value.bigEndian.withUnsafeBytes { bytes += $0 }
                return sum.addingReportingOverflow(UInt256(Keccak256.hash(bytes))).partialValue
            }
        }
    }

    private static func commits(seed: UInt64, rounds: Int) -> [[BookEvent]] {
        var random = SplitMix(state: seed)
        var database = MemoryDatabase()
        return (0..<rounds).map { round in
            let open = database.offers.values.filter { $0.closed == nil }.sorted { $0.seq < $1.seq }
            let requests = (0..<Int.random(in: 1...150, using: &random)).map { _ -> WriteRequest in
                if let offer = open.randomElement(using: &random), Bool.random(using: &random) {
                    return .cancel(Samples.cancel([offer.offerHash]))
                }
                return .offer(
                    Samples.signed(
                        underlying: UInt8.random(in: 0xa0...0xa2, using: &random),
                        premium: UInt64.random(in: 1...50, using: &random), isCall: Bool.random(using: &random),
                        salt: random.next()))
            }
            return database.commit(requests, now: Samples.now + UInt64(round)).events
        }
    }

    private static func loaded() -> Books {
        let books = Books()
        books.load([], BooksSnapshot(head: Samples.genesis, lastChanges: []))
        books.gatherChanges {}
        return books
    }

    @Test("a client that adds them up holds every book, and all of them together", arguments: [1, 2] as [UInt64])
    func clients(seed: UInt64) {
        let books = Self.loaded()
        var clients: [BookID: Client] = [:]
        var all = Client()
        for commit in Self.commits(seed: seed, rounds: 20) {
            #expect(books.apply(commit) == .upToDate)
            for piece in books.takeChanges() {
                for (id, move) in piece.books {
                    clients[id, default: Client()].take(piece.changes.filter { $0.book == id }, move)
                }
                all.take(piece.changes, piece.all)
            }
        }
        #expect(clients.count == 6)
        for (id, client) in clients {
            let book = books.book(id)
            #expect(client.seq == book.seq)
            #expect(client.hash == book.hash)
            #expect(client.rows.count == book.count)
        }
        #expect(books.all.standing == BookStanding(seq: all.seq, hash: all.hash))
        #expect(books.takeChanges().isEmpty)
    }

    @Test("a follower that reads so many rows at a time sees the same pieces as the process that committed")
    func pieces() {
        let commits = Self.commits(seed: 3, rounds: 12)
        let (author, follower) = (Self.loaded(), Self.loaded())
        for commit in commits { _ = author.apply(commit) }
        let log = commits.flatMap { $0 }
        while follower.appliedSeq < log.count {
            let after = follower.appliedSeq
            let limit = BookChanges.readLimit(after: after, most: 230)
            _ = follower.apply(Array(log[Int(after)...].prefix(limit)))
        }
        let (mine, theirs) = (author.takeChanges(), follower.takeChanges())
        #expect(mine.map(\.all.after) == theirs.map(\.all.after))
        #expect(mine.map { $0.changes.map(\.seq) } == theirs.map { $0.changes.map(\.seq) })
        #expect(mine.contains { $0.changes.count > 50 })
    }

    @Test("the past, read from the log, is cut into the same pieces")
    func past() {
        let commits = Self.commits(seed: 5, rounds: 12)
        let books = Self.loaded()
        for commit in commits { _ = books.apply(commit) }
        let (live, past) = (books.takeChanges(), BookChanges.past(commits.flatMap { $0 }))
        #expect(live.map { $0.changes.map(\.seq) } == past.map { $0.changes.map(\.seq) })
        #expect(live.map { $0.changes.map(\.offerHash) } == past.map { $0.changes.map(\.offerHash) })
        #expect(live.map(\.all.before.seq) == past.map(\.all.before.seq))
        #expect(live.map { $0.books.mapValues(\.after.seq) } == past.map { $0.books.mapValues(\.after.seq) })
    }

    @Test("books that were loaded come to the same hash as books that grew")
    func loading() {
        let grown = Self.loaded()
        for commit in Self.commits(seed: 4, rounds: 8) { _ = grown.apply(commit) }
        let (all, standing) = grown.all
        var open: [OfferState] = []
        for book in all {
            book.forEach { entry in
                open.append(entry.state)
                return true
            }
        }
        let loaded = Books()
        loaded.load(
            open,
            BooksSnapshot(
                head: LogHead(seq: grown.appliedSeq, hash: .zero, epoch: 7),
                lastChanges: all.map { .init(book: $0.id, seq: $0.seq, atMicros: 0) }))
        #expect(loaded.all.standing == standing)
        for book in all { #expect(loaded.book(book.id).hash == book.hash) }
    }
}
