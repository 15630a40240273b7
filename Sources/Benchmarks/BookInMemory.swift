import Ethereum
import Exchange
import Market

/// The live book by itself: how fast it is filled, and what a page costs.
struct BookInMemory {
    private static let run = 500

    let offers: [SignedOffer]

    /// Everything on one core, by the processor time of this thread.
    func run() throws -> Report {
        let states = offers.enumerated().map { index, signed in
            OfferState(signed: signed, seq: UInt64(index + 1), createdAtMicros: 1_700_000_000_000_000 + Int64(index))
        }
        let id = BookID(underlying: SampleOffers.weth, isCall: true)
        let (books, folding) = fill(states)
        var figures = [
            figure(
                "\(Number.text(Double(offers.count))) offers into the book, by \(Self.run) of the log",
                Double(offers.count) / folding, "offers/s")
        ]
        let book = books.book(id)
        guard book.count == offers.count else { throw BenchmarkFailure("the book holds \(book.count) offers") }
        figures.append(
            figure("page of 100, rows never shown before", micros(of: 1) { render(BookQuery(), book) }, "µs"))
        figures.append(figure("page of 100, rows encoded before", micros(of: 500) { render(BookQuery(), book) }, "µs"))
        figures.append(figure("page of 100 after one change", changedPage(books, states[0], id), "µs"))
        var filtered = BookQuery()
        filtered.duration = 90
        filtered.minSize = UInt256(8_000_000_000_000_000_000)
        figures.append(figure("page of 100 with two filters", micros(of: 100) { render(filtered, book) }, "µs"))
        filtered.minSize = .max
        figures.append(
            figure("filters that nothing passes, a full scan", micros(of: 10) { render(filtered, book) }, "µs"))
        figures.append(figure("page of 100 in the middle, by cursor", deepPage(book), "µs"))
        var recent = BookQuery()
        recent.sort = .created
        figures.append(figure("page of 100 in another order", micros(of: 10) { render(recent, book) }, "µs"))
        figures.append(figure("one offer by its hash", lookUp(books), "µs"))
        return Report(figures: figures)
    }

    private func figure(_ what: String, _ measured: Double, _ unit: String) -> Figure {
        Figure(section: .book, what: "in memory: " + what, measured: measured, unit: unit)
    }

    private func fill(_ states: [OfferState]) -> (Books, seconds: Double) {
        let books = Books()
        var nanoseconds: UInt64 = 0
        for start in stride(from: 0, to: states.count, by: Self.run) {
            let events = states[start..<min(start + Self.run, states.count)].map { state in
                BookEvent(seq: state.seq, createdAtMicros: state.createdAtMicros, change: .created(state))
            }
            let begin = Clock.thread()
            _ = books.apply(events)
            nanoseconds += Clock.thread() - begin
        }
        return (books, Double(nanoseconds) / 1e9)
    }

    private func micros(of times: Int, _ body: () -> Int) -> Double {
        var bytes = 0
        let begin = Clock.thread()
        for _ in 0..<times { bytes &+= body() }
        let spent = Clock.thread() - begin
        precondition(bytes >= 0)
        return Double(spent) / Double(times) / 1e3
    }

    /// The rows' bytes of a page, as a reply holds them.
    private func render(_ query: BookQuery, _ book: Book) -> Int {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(100_000)
        for row in query.page(of: book).rows { bytes += row.rowJSON }
        return bytes.count
    }

    /// One offer leaves the book and comes back, a change a page.
    private func changedPage(_ books: Books, _ state: OfferState, _ id: BookID) -> Double {
        var seq = books.appliedSeq
        return micros(of: 200) {
            seq += 1
            let change: BookEvent.Change =
                books.entry(state.offerHash) == nil
                ? .created(OfferState(signed: state.signed, seq: seq, createdAtMicros: 0))
                : .closed(offerHash: state.offerHash, book: id, reason: .cancelled)
            _ = books.apply([BookEvent(seq: seq, createdAtMicros: 0, change: change)])
            return render(BookQuery(), books.book(id))
        }
    }

    private func deepPage(_ book: Book) -> Double {
        var position: Book.Position?
        var seen = 0
        book.forEach { entry in
            seen += 1
            let offer = entry.state.offer
            position = .init(
                premiumPerDay: offer.premiumPerDay, collateralAmount: offer.collateralAmount, seq: entry.state.seq)
            return seen < offers.count / 2
        }
        var query = BookQuery()
        query.after = position.map { .init(position: $0, deadline: 0) }
        _ = render(query, book)
        return micros(of: 500) { render(query, book) }
    }

    private func lookUp(_ books: Books) -> Double {
        let names = offers.prefix(10_000).map(\.hashes.offerHash)
        return micros(of: 10) { names.count { books.entry($0) != nil } } / Double(names.count)
    }
}
