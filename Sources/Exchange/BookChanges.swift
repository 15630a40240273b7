public import Ethereum
import Market

/// Where a book stands: the position of its own last change, and the hash of its rows.
public struct BookStanding: Sendable, Hashable {
    /// The last change's position in the log; 0 before the first.
    public let seq: UInt64
    /// See `Book.hash`.
    public let hash: UInt256

    /// A book's standing after the change at `seq`.
    public init(seq: UInt64, hash: UInt256) {
        self.seq = seq
        self.hash = hash
    }
}

/// What one commit (or a part of a large one) changed in the books, in the log's order.
///
/// Where one ends and the next begins depends on the log alone: every process cuts the same pieces, whatever it reads at
/// a time. See `readLimit`.
public struct BookChanges: Sendable {
    /// Rows of the log that one piece spans at most; pieces end at its multiples.
    public static let longest: UInt64 = 100

    /// What became of a row of a book.
    public enum Kind: String, Sendable {
        /// It came into the book.
        case add
        /// What is left to take of it changed.
        case update
        /// It left the book.
        case remove
    }

    /// One row's change.
    public struct Change: Sendable {
        /// What became of it.
        public let kind: Kind
        /// The offer's id.
        public let offerHash: Bytes32
        /// The row as it is now; nil when it left.
        public let entry: BookEntry?
        /// The book.
        public let book: BookID
        /// Position in the log.
        public let seq: UInt64
    }

    /// A book (or all of them) before and after.
    public struct Move: Sendable {
        /// Before the first of the changes.
        public let before: BookStanding
        /// After the last of them.
        public fileprivate(set) var after: BookStanding
    }

    /// The changes, at least one.
    public private(set) var changes: [Change] = []
    /// How each book that changed moved.
    public private(set) var books: [BookID: Move] = [:]
    /// How all of them together moved.
    public private(set) var all: Move
    private let atMicros: Int64
    private let piece: UInt64

    init(_ event: BookEvent, allBefore: BookStanding) {
        all = Move(before: allBefore, after: allBefore)
        atMicros = event.createdAtMicros
        piece = Self.piece(event.seq)
    }

    /// Whether a row belongs to this piece: it is of the same commit, and the piece is not full.
    func takes(_ event: BookEvent) -> Bool { event.createdAtMicros == atMicros && Self.piece(event.seq) == piece }

    mutating func append(_ change: Change, before: BookStanding, after: BookStanding, all standing: BookStanding) {
        changes.append(change)
        books[change.book, default: Move(before: before, after: after)].after = after
        all.after = standing
    }

    /// The pieces of a run of the log's rows, for clients that come back. Where books stood before the first of these rows
    /// is not known: the first move of each begins at 0, and no hash is true.
    public static func past(_ events: [BookEvent]) -> [BookChanges] {
        var pieces: [BookChanges] = []
        var last: [BookID: UInt64] = [:]
        var lastOfAll: UInt64 = 0
        for event in events {
            let change: Change
            switch event.change {
            case .none: continue
            case .created(let offer):
                guard offer.closed == nil else { continue }
                change = Change(
                    kind: .add, offerHash: offer.offerHash, entry: BookEntry(offer), book: BookID(offer.offer),
                    seq: event.seq)
            case .changed(let offer, let wasListed):
                guard wasListed || offer.isListed else { continue }
                let kind: Kind = !offer.isListed ? .remove : wasListed ? .update : .add
                change = Change(
                    kind: kind, offerHash: offer.offerHash, entry: kind == .remove ? nil : BookEntry(offer),
                    book: BookID(offer.offer), seq: event.seq)
            case .closed(let hash, let book, _, let wasListed):
                guard wasListed else { continue }
                change = Change(kind: .remove, offerHash: hash, entry: nil, book: book, seq: event.seq)
            }
            if pieces.last?.takes(event) != true {
                pieces.append(BookChanges(event, allBefore: BookStanding(seq: lastOfAll, hash: .zero)))
            }
            let after = BookStanding(seq: event.seq, hash: .zero)
            pieces[pieces.count - 1].append(
                change, before: BookStanding(seq: last[change.book] ?? 0, hash: .zero), after: after, all: after)
            last[change.book] = event.seq
            lastOfAll = event.seq
        }
        return pieces
    }

    /// How many rows after `seq` may be read at a time, so that a reading ends where a piece does: at most `most`, which
    /// is more than `longest`.
    public static func readLimit(after seq: UInt64, most: Int) -> Int { most - Int(seq % longest) }

    private static func piece(_ seq: UInt64) -> UInt64 { (max(seq, 1) - 1) / longest }
}
