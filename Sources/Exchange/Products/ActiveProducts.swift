import Ethereum
import Market

/// Every active product, folded tick by tick from what is stored and from nothing else: pure, the same in every process.
///
/// A tick costs a look at each product of each token, some 50 ns; what a look changes is said by what it returns.
struct ActiveProducts {
    /// Ticks that are kept for products of which this process hears late.
    private static let mostRecent = 128
    /// Ended products that are kept for readers.
    private static let mostEnded = 4_096

    /// A product at a moment at which something about it changed.
    struct Change {
        let product: Product
        /// Grows with each change of a product.
        let revision: UInt64
        /// Whether the log says what the product says of its end.
        let isLogged: Bool
    }

    private struct Entry {
        var product: Product
        /// The last row of the log about it.
        var seq: UInt64
        var revision: UInt64 = 0
        /// Ticks that it has not seen are no longer at hand: it waits until they are read.
        var isBehind = false
    }

    private struct Place {
        let token: Address
        var index: Int
    }

    private var entries: [Address: [Entry]] = [:]
    /// The keys of `entries`, apart so that going through them does not copy it.
    private var tokens: [Address] = []
    private var places: [String: Place] = [:]
    private var recent: [RecordedTick] = []
    private var ended: [String: Change] = [:]
    private var endedIDs: [String] = []
    /// Products whose fold says more than the log: rungs hit, or an end.
    private var undecided: Set<String> = []

    /// The newest tick folded; nil before the first.
    private(set) var newestTick: UInt64?

    /// Active products.
    var count: Int { places.count }

    // MARK: Reading

    /// A product that is active, or ended a while ago.
    func find(_ id: String) -> Change? {
        if let entry = entry(id) { return Change(product: entry.product, revision: entry.revision, isLogged: false) }
        return ended[id]
    }

    /// An active product and the last row about it; nil while ticks that it should have seen are being read.
    func logged(_ id: String) -> LoggedProduct? {
        entry(id).flatMap { $0.isBehind ? nil : LoggedProduct(product: $0.product, seq: $0.seq) }
    }

    /// Every active product, in no order.
    var all: [Product] { entries.values.flatMap { $0.map(\.product) } }

    /// What a leader has to write, at most `limit` products.
    func decisions(limit: Int) -> [LoggedProduct] {
        undecided.lazy.compactMap(logged).prefix(limit).map { $0 }
    }

    /// Whether there is anything to decide.
    var hasDecisions: Bool { !undecided.isEmpty }

    /// The oldest tick that a product waiting for older ones has seen.
    var oldestSeenOfThoseBehind: UInt64? {
        entries.values.lazy.flatMap { $0.lazy.filter(\.isBehind).map(\.product.seenTick) }.min()
    }

    private func entry(_ id: String) -> Entry? { places[id].flatMap { entries[$0.token]?[$0.index] } }

    // MARK: Ticks

    /// Nothing, when `newestTick` is the newest that is stored.
    init(newestTick: UInt64? = nil) {
        self.newestTick = newestTick
    }

    /// Folds the tick that follows the newest; `changed` hears of every product that observed it.
    mutating func fold(_ tick: RecordedTick, _ changed: (Change) -> Void) {
        if let newestTick, tick.number <= newestTick { return }
        newestTick = tick.number
        if recent.count == Self.mostRecent { recent.removeFirst(Self.mostRecent / 2) }
        recent.append(tick)
        for token in tokens {
            Self.fold(tick, behind: false, &entries[token, default: []], &undecided, changed)
        }
    }

    /// Folds ticks that were read again for the products that wait for them; `isAll` says that these end with the newest.
    mutating func catchUp(_ ticks: [RecordedTick], isAll: Bool, _ changed: (Change) -> Void) {
        for token in tokens {
            for tick in ticks { Self.fold(tick, behind: true, &entries[token, default: []], &undecided, changed) }
            guard isAll else { continue }
            for index in entries[token, default: []].indices { entries[token]?[index].isBehind = false }
        }
    }

    private static func fold(
        _ tick: RecordedTick, behind isBehind: Bool, _ entries: inout [Entry], _ undecided: inout Set<String>,
        _ changed: (Change) -> Void
    ) {
        for index in entries.indices where entries[index].isBehind == isBehind {
            let effect = entries[index].product.observe(tick)
            if effect == .none { continue }
            if effect == .hit || effect == .ended { undecided.insert(entries[index].product.id) }
            entries[index].revision += 1
            changed(Change(product: entries[index].product, revision: entries[index].revision, isLogged: false))
        }
    }

    // MARK: The log

    /// Takes a product as the log has it by now. What it has not seen of the ticks at hand it sees at once.
    mutating func apply(_ logged: LoggedProduct, _ changed: (Change) -> Void) {
        let id = logged.product.id
        let old = self.entry(id)
        if let old, old.seq >= logged.seq { return }
        if ended[id] != nil { return }
        let revision = old.map { $0.revision + 1 } ?? 0
        undecided.remove(id)
        if logged.product.outcome != nil {
            remove(id)
            let change = Change(product: logged.product, revision: revision, isLogged: true)
            keep(change)
            return changed(change)
        }
        var entry = Entry(product: logged.product, seq: logged.seq, revision: revision)
        catchUp(&entry)
        put(entry)
        if entry.product != old?.product ?? logged.product {
            changed(Change(product: entry.product, revision: entry.revision, isLogged: false))
        }
    }

    private mutating func catchUp(_ entry: inout Entry) {
        let seen = entry.product.seenTick
        guard let newestTick, seen < newestTick else { return }
        guard let first = recent.first, first.number <= seen + 1 else {
            entry.isBehind = true
            return
        }
        for tick in recent where tick.number > seen {
            let effect = entry.product.observe(tick)
            if effect == .none { continue }
            if effect == .hit || effect == .ended { undecided.insert(entry.product.id) }
            entry.revision += 1
        }
    }

    /// Takes out a product whose record was deleted.
    mutating func delete(_ id: String, atMillis: Int64, _ changed: (Change) -> Void) {
        ended[id] = nil
        guard let old = entry(id) else { return }
        remove(id)
        undecided.remove(id)
        var product = old.product
        // What the ticks made of it, but the log does not say, stays unsaid.
        guard product.cancel(atMillis: atMillis) else { return }
        changed(Change(product: product, revision: old.revision + 1, isLogged: true))
    }

    /// Takes out every product whose last row is before `seq`.
    mutating func delete(before seq: UInt64, atMillis: Int64, _ changed: (Change) -> Void) {
        ended = [:]
        endedIDs = []
        for id in places.keys.map({ $0 }) where entry(id)?.seq ?? seq < seq {
            delete(id, atMillis: atMillis, changed)
        }
    }

    private mutating func put(_ entry: Entry) {
        if let place = places[entry.product.id] {
            entries[place.token]?[place.index] = entry
        } else {
            let token = entry.product.terms.token
            if entries[token] == nil { tokens.append(token) }
            places[entry.product.id] = Place(token: token, index: entries[token, default: []].count)
            entries[token, default: []].append(entry)
        }
    }

    private mutating func remove(_ id: String) {
        guard let place = places.removeValue(forKey: id), let last = entries[place.token]?.popLast() else { return }
        if last.product.id == id { return }
        entries[place.token]?[place.index] = last
        places[last.product.id]?.index = place.index
    }

    private mutating func keep(_ change: Change) {
        if endedIDs.count == Self.mostEnded {
            for id in endedIDs.prefix(Self.mostEnded / 2) { ended[id] = nil }
            endedIDs.removeFirst(Self.mostEnded / 2)
        }
        endedIDs.append(change.product.id)
        ended[change.product.id] = change
    }
}
