public import Ethereum
import HeapModule
public import Market
import Synchronization

/// The live books: every open offer in memory, folded from the log in seq order and from nothing else.
///
/// Readers take snapshots; a snapshot is a value that later changes do not touch.
public final class Books: Sendable {
    let state = Mutex(State())

    /// Empty books; `load` or `apply` fills them.
    public init() {}

    // MARK: Folding the log

    /// What became of a run of rows handed to `apply`.
    public enum Applied: Sendable, Hashable {
        case upToDate
        /// Rows are missing between what was applied and what was given: read from `after` on.
        case gap(after: UInt64)
    }

    /// Starts from a snapshot of the open offers.
    public func load(_ offers: [OfferState], _ snapshot: BooksSnapshot) {
        state.withLock { $0.load(offers, snapshot) }
    }

    /// Applies the rows that follow what was applied; rows applied before are passed over.
    public func apply(_ events: [BookEvent]) -> Applied {
        let (applied, onChange) = state.withLock { state in
            let applied = state.apply(events)
            return (applied, state.gathered.isEmpty && state.options.isEmpty ? nil : state.onChange)
        }
        onChange?()
        return applied
    }

    /// From now on keeps what changes until `takeChanges` and `takeOptions`, and calls `onChange` when there is something
    /// to take: often for nothing, from any thread, never twice at the same time for the same change.
    public func gatherChanges(_ onChange: @escaping @Sendable () -> Void) {
        state.withLock { $0.onChange = onChange }
    }

    /// What changed since the last call, in the log's order.
    public func takeChanges() -> [BookChanges] {
        state.withLock { state in
            defer { state.gathered = [] }
            return state.gathered
        }
    }

    /// The options that rows of the log were about since the last call, or whose settlements.
    public func takeOptions() -> Set<UInt256> {
        state.withLock { state in
            defer { state.options = [] }
            return state.options
        }
    }

    /// The last row of the log that the books show.
    public var appliedSeq: UInt64 { state.withLock { $0.appliedSeq } }
    /// The log's head when the books were loaded: it carries the epoch.
    public var loadedHead: LogHead { state.withLock { $0.loadedHead } }

    // MARK: Reading

    /// One book as it stands; empty when nothing was ever offered there.
    public func book(_ id: BookID) -> Book {
        state.withLock { $0.books[id] ?? Book(id: id) }
    }

    /// Several books as they stood at one moment of the log. Taken one by one, a change of the first could fall between
    /// them and be missing from what then looks like the newest state of all.
    public func books(_ ids: [BookID]) -> [Book] {
        state.withLock { state in ids.map { state.books[$0] ?? Book(id: $0) } }
    }

    /// Every book, and what they come to together, as they stood at one moment of the log.
    public var all: (books: [Book], standing: BookStanding) {
        state.withLock { (Array($0.books.values), $0.all) }
    }

    /// The last change among `ids`, without copying a book.
    public func lastChange(of ids: [BookID]) -> UInt64 {
        state.withLock { state in ids.reduce(0) { max($0, state.books[$1]?.seq ?? 0) } }
    }

    /// The open offer with this id.
    public func entry(_ offerHash: Bytes32) -> BookEntry? {
        state.withLock { $0.entries[offerHash] }
    }

    /// How many offers `writer` has open.
    public func openOffers(of writer: Address) -> Int {
        state.withLock { $0.openByWriter[writer] ?? 0 }
    }

    /// Number of open offers and of books that hold any.
    public var counts: (offers: Int, books: Int) {
        state.withLock { state in (state.entries.count, state.books.values.count { $0.count > 0 }) }
    }

    // MARK: Deadlines

    /// Open offers whose deadline (unix seconds) lies before `now`, the longest overdue first, at most `limit`.
    public func overdue(at now: UInt64, limit: Int) -> [Bytes32] {
        state.withLock { $0.overdue(at: now, limit: limit) }
    }

    /// The earliest deadline of an open offer, unix seconds.
    public var earliestDeadline: UInt64? {
        state.withLock { $0.earliestDeadline() }
    }
}

extension Books {
    struct Deadline: Comparable {
        let deadline: UInt64
        let seq: UInt64
        let offerHash: Bytes32

        static func < (left: Deadline, right: Deadline) -> Bool {
            left.deadline == right.deadline ? left.seq < right.seq : left.deadline < right.deadline
        }
    }

    struct State {
        var appliedSeq: UInt64 = 0
        var loadedHead = LogHead(seq: 0, hash: .zero, epoch: 0)
        var entries: [Bytes32: BookEntry] = [:]
        var books: [BookID: Book] = [:]
        var openByWriter: [Address: Int] = [:]
        /// Open offers by who must deliver what, listed or not.
        var funded = FundingIndex()
        /// Every open offer and, until they surface, some that were closed meanwhile.
        var deadlines = Heap<Deadline>()
        /// The last change of any book, and the sum of the books' hashes.
        var all = BookStanding(seq: 0, hash: .zero)
        var onChange: (@Sendable () -> Void)?
        var gathered: [BookChanges] = []
        var options: Set<UInt256> = []

        mutating func load(_ offers: [OfferState], _ snapshot: BooksSnapshot) {
            let gathers = funded.gathers
            self = State(onChange: onChange)
            funded.gathers = gathers
            appliedSeq = snapshot.head.seq
            loadedHead = snapshot.head
            entries.reserveCapacity(offers.count)
            deadlines = Heap(offers.map(Self.deadline))
            for change in snapshot.lastChanges {
                books[change.book] = Book(id: change.book, seq: change.seq, changedAtMicros: change.atMicros)
            }
            for offer in offers { add(offer) }
            all = BookStanding(
                seq: books.values.reduce(0) { max($0, $1.seq) },
                hash: books.values.reduce(.zero) { $0.addingReportingOverflow($1.hash).partialValue })
        }

        mutating func apply(_ events: [BookEvent]) -> Applied {
            for event in events where event.seq > appliedSeq {
                guard event.seq == appliedSeq + 1 else { return .gap(after: appliedSeq) }
                apply(event)
                appliedSeq = event.seq
            }
            return .upToDate
        }

        private mutating func apply(_ event: BookEvent) {
            if let option = event.option, onChange != nil { options.insert(option) }
            switch event.change {
            case .none: break
            case .created(let offer):
                guard offer.closed == nil, entries[offer.offerHash] == nil else { return }
                let id = BookID(offer.offer)
                let before = standing(of: id)
                let entry = add(offer)
                deadlines.insert(Self.deadline(offer))
                changed(id, from: before, by: event, .add, entry)
            case .closed(let offerHash, _, _, _):
                if let entry = entries[offerHash] { remove(entry, by: event) }
            case .changed(let offer, _): change(offer, by: event)
            }
        }

        private mutating func remove(_ entry: BookEntry, by event: BookEvent) {
            let offer = entry.state.offer
            entries[entry.state.offerHash] = nil
            funded.remove(entry.state)
            let open = (openByWriter[offer.writer] ?? 1) - 1
            openByWriter[offer.writer] = open > 0 ? open : nil
            if entry.state.isListed {
                let before = standing(of: BookID(offer))
                books[BookID(offer)]?.remove(entry)
                changed(BookID(offer), from: before, by: event, .remove, entry)
            }
            compactDeadlines()
        }

        /// A row keeps its place while its fills change: price and seq do not move. An unfunded offer is open, and in no
        /// book.
        private mutating func change(_ offer: OfferState, by event: BookEvent) {
            let old = entries[offer.offerHash]
            guard offer.closed == nil else {
                if let old { remove(old, by: event) }
                return
            }
            let id = BookID(offer.offer)
            let before = standing(of: id)
            guard let old else {
                let entry = add(offer)
                deadlines.insert(Self.deadline(offer))
                if offer.isListed { changed(id, from: before, by: event, .add, entry) }
                return
            }
            let entry = BookEntry(offer)
            entries[offer.offerHash] = entry
            funded.touch(offer)
            if old.state.isListed { books[id]?.remove(old) }
            if offer.isListed { books[id, default: Book(id: id)].insert(entry) }
            switch (old.state.isListed, offer.isListed) {
            case (true, true): changed(id, from: before, by: event, .update, entry)
            case (true, false): changed(id, from: before, by: event, .remove, entry)
            case (false, true): changed(id, from: before, by: event, .add, entry)
            case (false, false): break
            }
        }

        private func standing(of id: BookID) -> BookStanding {
            books[id].map { BookStanding(seq: $0.seq, hash: $0.hash) } ?? BookStanding(seq: 0, hash: .zero)
        }

        /// Marks the change of a book, and keeps it for whoever gathers changes.
        private mutating func changed(
            _ id: BookID, from before: BookStanding, by event: BookEvent, _ kind: BookChanges.Kind, _ entry: BookEntry
        ) {
            books[id]?.touch(seq: event.seq, atMicros: event.createdAtMicros)
            let after = standing(of: id)
            let allBefore = all
            all = BookStanding(
                seq: event.seq,
                hash: all.hash.addingReportingOverflow(
                    after.hash.subtractingReportingOverflow(before.hash).partialValue
                ).partialValue)
            guard onChange != nil else { return }
            if gathered.last?.takes(event) != true { gathered.append(BookChanges(event, allBefore: allBefore)) }
            let change = BookChanges.Change(
                kind: kind, offerHash: entry.state.offerHash, entry: kind == .remove ? nil : entry, book: id,
                seq: event.seq)
            gathered[gathered.count - 1].append(change, before: before, after: after, all: all)
        }

        @discardableResult
        private mutating func add(_ offer: OfferState) -> BookEntry {
            let entry = BookEntry(offer)
            entries[offer.offerHash] = entry
            openByWriter[offer.offer.writer, default: 0] += 1
            funded.add(offer)
            let id = BookID(offer.offer)
            if offer.isListed { books[id, default: Book(id: id)].insert(entry) }
            return entry
        }

        private static func deadline(_ offer: OfferState) -> Deadline {
            Deadline(deadline: offer.offer.deadline, seq: offer.seq, offerHash: offer.offerHash)
        }

        /// Closed offers leave the heap when they surface; far deadlines would let them pile up.
        private mutating func compactDeadlines() {
            guard deadlines.count > 2 * entries.count + 1024 else { return }
            deadlines = Heap(entries.values.map { Self.deadline($0.state) })
        }

        /// Drops what was closed from the heap's top.
        private mutating func prune() {
            while let top = deadlines.min, entries[top.offerHash] == nil { deadlines.removeMin() }
        }

        mutating func earliestDeadline() -> UInt64? {
            prune()
            return deadlines.min?.deadline
        }

        mutating func overdue(at now: UInt64, limit: Int) -> [Bytes32] {
            var due: [Deadline] = []
            prune()
            while due.count < limit, let top = deadlines.min, top.deadline < now {
                due.append(deadlines.removeMin())
                prune()
            }
            // They stay due until the log says that they expired.
            deadlines.insert(contentsOf: due)
            return due.map(\.offerHash)
        }
    }
}
