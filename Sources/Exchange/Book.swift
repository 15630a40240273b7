public import Ethereum
import Market

/// The open offers of one underlying and side, cheapest first: `premiumPerDay ÷ collateralAmount` compared
/// exactly as fractions, then `seq`.
///
/// A list of sorted runs of bounded length, so that an insertion moves one run and not the book, and a copy
/// (a reader's snapshot) shares every run until a writer changes it.
public struct Book: Sendable {
    private static let longestRun = 512

    /// Which book.
    public let id: BookID
    /// The position of this book's own last change; 0 before the first.
    public private(set) var seq: UInt64
    /// Commit time of `seq`, µs since 1970.
    public private(set) var changedAtMicros: Int64
    /// Number of rows.
    public private(set) var count = 0
    /// What a client that holds these rows and no other comes to: the sum modulo 2^256 of `keccak256(offerHash ‖
    /// remaining as 32 bytes)`, one term a row (api.md, "WebSocket").
    public private(set) var hash = UInt256.zero
    private var runs: [[BookEntry]] = []

    /// An empty book whose last change was at `seq`.
    public init(id: BookID, seq: UInt64 = 0, changedAtMicros: Int64 = 0) {
        self.id = id
        self.seq = seq
        self.changedAtMicros = changedAtMicros
    }

    /// Where a row stands in the book: its price as a fraction, then its `seq`.
    public struct Position: Sendable, Hashable {
        /// In the stablecoin's smallest unit, for the whole collateral, a day.
        public let premiumPerDay: UInt256
        /// In the collateral token's smallest unit.
        public let collateralAmount: UInt256
        /// Position in the log.
        public let seq: UInt64

        /// The position of an offer with this price and seq.
        public init(premiumPerDay: UInt256, collateralAmount: UInt256, seq: UInt64) {
            self.premiumPerDay = premiumPerDay
            self.collateralAmount = collateralAmount
            self.seq = seq
        }

        /// Where `entry` stands.
        public init(_ entry: BookEntry) {
            let offer = entry.state.offer
            self.init(
                premiumPerDay: offer.premiumPerDay, collateralAmount: offer.collateralAmount, seq: entry.state.seq)
        }

        /// True when a row at `self` is listed before one at `other`.
        func precedes(_ other: Position) -> Bool {
            switch UInt256.compareFractions(
                premiumPerDay, collateralAmount, other.premiumPerDay, other.collateralAmount)
            {
            case .less: return true
            case .greater: return false
            case .equal: return seq < other.seq
            }
        }
    }

    /// Marks a change of this book at `seq`.
    public mutating func touch(seq: UInt64, atMicros: Int64) {
        self.seq = seq
        changedAtMicros = atMicros
    }

    /// Adds an open offer at its place.
    public mutating func insert(_ entry: BookEntry) {
        count += 1
        hash = hash.addingReportingOverflow(entry.hashTerm).partialValue
        let position = Position(entry)
        let runIndex = run(holding: position)
        guard runIndex < runs.count else {
            if runs.isEmpty { runs.append([entry]) } else { append(entry, to: runs.count - 1) }
            return
        }
        let index = Self.firstIndex(in: runs[runIndex], notBefore: position)
        runs[runIndex].insert(entry, at: index)
        splitIfLong(runIndex)
    }

    /// Takes an offer out; no effect when it is not there.
    public mutating func remove(_ entry: BookEntry) {
        let position = Position(entry)
        let runIndex = run(holding: position)
        guard runIndex < runs.count else { return }
        let index = Self.firstIndex(in: runs[runIndex], notBefore: position)
        guard index < runs[runIndex].count, runs[runIndex][index].state.seq == entry.state.seq else { return }
        let removed = runs[runIndex].remove(at: index)
        hash = hash.subtractingReportingOverflow(removed.hashTerm).partialValue
        if runs[runIndex].isEmpty { runs.remove(at: runIndex) }
        count -= 1
    }

    /// Calls `body` for every row after `position` (all when nil), cheapest first, until it answers false.
    public func forEach(after position: Position? = nil, _ body: (BookEntry) -> Bool) {
        var runIndex = position.map(run(holding:)) ?? 0
        var index = 0
        if let position, runIndex < runs.count {
            index = Self.firstIndex(in: runs[runIndex], notBefore: position)
        }
        while runIndex < runs.count {
            let entries = runs[runIndex]
            while index < entries.count {
                let entry = entries[index]
                index += 1
                if let position, !position.precedes(Position(entry)) { continue }
                if !body(entry) { return }
            }
            runIndex += 1
            index = 0
        }
    }

    /// The same from the dearest down, for rows before `position`.
    public func forEachReversed(before position: Position? = nil, _ body: (BookEntry) -> Bool) {
        for entries in runs.reversed() {
            if let position, let first = entries.first, !Position(first).precedes(position) { continue }
            for entry in entries.reversed() {
                if let position, !Position(entry).precedes(position) { continue }
                if !body(entry) { return }
            }
        }
    }

    // MARK: Runs

    /// The first run whose last row is not before `position`; `runs.count` when all are.
    private func run(holding position: Position) -> Int {
        var low = 0
        var high = runs.count
        while low < high {
            let middle = (low + high) / 2
            if let last = runs[middle].last, Position(last).precedes(position) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }

    private static func firstIndex(in run: [BookEntry], notBefore position: Position) -> Int {
        var low = 0
        var high = run.count
        while low < high {
            let middle = (low + high) / 2
            if Position(run[middle]).precedes(position) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private mutating func append(_ entry: BookEntry, to runIndex: Int) {
        runs[runIndex].append(entry)
        splitIfLong(runIndex)
    }

    private mutating func splitIfLong(_ runIndex: Int) {
        guard runs[runIndex].count > Self.longestRun else { return }
        let half = runs[runIndex].count / 2
        let upper = Array(runs[runIndex][half...])
        runs[runIndex].removeSubrange(half...)
        runs.insert(upper, at: runIndex + 1)
    }
}
