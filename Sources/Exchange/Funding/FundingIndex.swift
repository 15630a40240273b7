public import Ethereum
import Market

/// Who must deliver which token: what is looked up once for all offers of one writer with the same collateral.
public struct FundingPair: Sendable, Hashable {
    /// Whose offers.
    public let writer: Address
    /// The collateral: the underlying of calls, the stablecoin of puts.
    public let token: Address

    /// A writer and a token.
    public init(writer: Address, token: Address) {
        self.writer = writer
        self.token = token
    }

    init(_ state: OfferState) {
        self.init(writer: state.offer.writer, token: state.offer.collateralToken)
    }
}

/// Open offers by writer and token, and which of them changed. Pure; kept by `Books`.
///
/// A block's worth of writers is a slice of `ring`, however many offers there are: a book is never walked as a whole.
struct FundingIndex {
    private struct Slot {
        var place: Int
        var version: UInt64
        var offers: Set<Bytes32>
    }

    /// Whether changes are kept.
    var gathers = false
    private var slots: [FundingPair: Slot] = [:]
    /// All pairs; one that goes leaves its place to the last.
    private var ring: [FundingPair] = []
    private var changes: Set<FundingPair> = []
    private var lastVersion: UInt64 = 0
    /// Offers of which less than all that remains is known to be funded.
    private(set) var short: Set<Bytes32> = []

    mutating func add(_ state: OfferState) {
        let pair = FundingPair(state)
        lastVersion += 1
        mark(state)
        if slots[pair] == nil {
            slots[pair] = Slot(place: ring.count, version: lastVersion, offers: [state.offerHash])
            ring.append(pair)
        } else {
            slots[pair]?.version = lastVersion
            slots[pair]?.offers.insert(state.offerHash)
        }
        if gathers { changes.insert(pair) }
    }

    mutating func remove(_ state: OfferState) {
        let pair = FundingPair(state)
        guard slots[pair]?.offers.remove(state.offerHash) != nil, let slot = slots[pair] else { return }
        short.remove(state.offerHash)
        guard slot.offers.isEmpty else { return changed(pair) }
        slots[pair] = nil
        changes.remove(pair)
        let last = ring.removeLast()
        guard last != pair else { return }
        ring[slot.place] = last
        slots[last]?.place = slot.place
    }

    /// An offer changed.
    mutating func touch(_ state: OfferState) {
        mark(state)
        changed(FundingPair(state))
    }

    private mutating func changed(_ pair: FundingPair) {
        guard slots[pair] != nil else { return }
        lastVersion += 1
        slots[pair]?.version = lastVersion
        if gathers { changes.insert(pair) }
    }

    private mutating func mark(_ state: OfferState) {
        if state.funding == nil { short.remove(state.offerHash) } else { short.insert(state.offerHash) }
    }

    var count: Int { ring.count }

    func version(_ pair: FundingPair) -> UInt64? { slots[pair]?.version }

    func offers(_ pair: FundingPair) -> Set<Bytes32> { slots[pair]?.offers ?? [] }

    mutating func takeChanges(_ limit: Int) -> [FundingPair] {
        if changes.count <= limit {
            defer { changes.removeAll(keepingCapacity: true) }
            return Array(changes)
        }
        let taken = Array(changes.prefix(limit))
        changes.subtract(taken)
        return taken
    }

    /// At most `limit` pairs, each once, from `place` on and round the end.
    func pairs(from place: Int, limit: Int) -> (pairs: [FundingPair], next: Int) {
        guard !ring.isEmpty else { return ([], 0) }
        let start = place < ring.count ? place : 0
        let end = min(ring.count, start + min(limit, ring.count))
        let pairs = ring[start..<end] + ring[..<min(start, min(limit, ring.count) - (end - start))]
        return (Array(pairs), end < ring.count ? end : pairs.count - (end - start))
    }
}
