public import Ethereum
public import Market

/// What a reader asks of a book: filters, an order, and where to go on.
public struct BookQuery: Sendable, Hashable {
    /// The order of a listing; ties are broken by `seq`.
    public enum Sort: String, Sendable, CaseIterable {
        case premium
        case premiumDescending = "-premium"
        case created, deadline
    }

    /// Rows of a page when nothing is asked.
    public static let defaultLimit = 100
    /// Rows of the largest page.
    public static let largestLimit = 1000

    /// What premiums are paid in.
    public var stablecoin: Address?
    /// Keeps offers that can be taken for exactly this many days.
    public var duration: UInt16?
    /// Keep offers whose range of days overlaps the asked one.
    public var minDuration: UInt16?
    /// See `minDuration`.
    public var maxDuration: UInt16?
    /// Keeps offers of which at least this much can be taken, in the collateral's smallest unit.
    public var minSize: UInt256?
    /// The order.
    public var sort = Sort.premium
    /// The most in one window.
    public var limit = BookQuery.defaultLimit
    /// The last row of the page before.
    public var after: Bookmark?

    /// The first hundred rows of everything, cheapest first.
    public init() {}

    /// The last row a reader has seen, enough to go on in any order.
    public struct Bookmark: Sendable, Hashable {
        /// Where the row stands.
        public let position: Book.Position
        /// Unix seconds.
        public let deadline: UInt64

        /// A row at `position` with this deadline (unix seconds).
        public init(position: Book.Position, deadline: UInt64) {
            self.position = position
            self.deadline = deadline
        }

        init(_ entry: BookEntry) {
            self.init(position: .init(entry), deadline: entry.state.offer.deadline)
        }
    }

    /// One page: its rows, and where the next one starts when there is more.
    public struct Page: Sendable {
        /// The rows, in the asked order.
        public let rows: [BookEntry]
        /// Where the next page starts; nil at the end.
        public let next: Bookmark?
    }

    /// True when `offer` passes every filter. `now` (unix seconds) hides what expired; nil trusts the log.
    public func admits(_ state: OfferState, now: UInt64?) -> Bool {
        let offer = state.offer
        if let now, offer.deadline < now { return false }
        if let stablecoin, offer.stablecoin != stablecoin { return false }
        if let duration, duration < offer.minDuration || duration > offer.maxDuration { return false }
        if let minDuration, offer.maxDuration < minDuration { return false }
        if let maxDuration, offer.minDuration > maxDuration { return false }
        if let minSize, state.fundable < minSize { return false }
        return true
    }

    /// The page of `book` that this query asks for.
    public func page(of book: Book, now: UInt64? = nil) -> Page {
        var rows: [BookEntry] = []
        rows.reserveCapacity(min(limit + 1, book.count))
        let collect: (BookEntry) -> Bool = { entry in
            if admits(entry.state, now: now) { rows.append(entry) }
            return rows.count <= limit
        }
        switch sort {
        case .premium: book.forEach(after: after?.position, collect)
        case .premiumDescending: book.forEachReversed(before: after?.position, collect)
        case .created: rows = first(of: book, now: now) { $0.state.seq < $1.state.seq }
        case .deadline: rows = first(of: book, now: now, by: Self.isDueBefore)
        }
        guard rows.count > limit else { return Page(rows: rows, next: nil) }
        rows.removeLast(rows.count - limit)
        return Page(rows: rows, next: rows.last.map(Bookmark.init))
    }

    private static func isDueBefore(_ left: BookEntry, _ right: BookEntry) -> Bool {
        let (a, b) = (left.state.offer.deadline, right.state.offer.deadline)
        return a == b ? left.state.seq < right.state.seq : a < b
    }

    /// The first `limit + 1` rows after the bookmark in an order the book does not keep: one scan, a bounded buffer.
    private func first(
        of book: Book, now: UInt64?, by precedes: (BookEntry, BookEntry) -> Bool
    ) -> [BookEntry] {
        var buffer: [BookEntry] = []
        let wanted = limit + 1
        book.forEach { entry in
            guard admits(entry.state, now: now), isAfterBookmark(entry) else { return true }
            buffer.append(entry)
            if buffer.count >= 4 * wanted {
                buffer.sort(by: precedes)
                buffer.removeLast(buffer.count - wanted)
            }
            return true
        }
        buffer.sort(by: precedes)
        return Array(buffer.prefix(wanted))
    }

    private func isAfterBookmark(_ entry: BookEntry) -> Bool {
        guard let after else { return true }
        let (deadline, seq) = (entry.state.offer.deadline, entry.state.seq)
        guard sort == .deadline, deadline != after.deadline else { return seq > after.position.seq }
        return deadline > after.deadline
    }
}
