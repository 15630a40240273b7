import Ethereum
public import Market
import Synchronization

/// One open offer as the live book holds it: immutable, shared by every snapshot that shows it.
public final class BookEntry: Sendable {
    /// The offer as it stands.
    public let state: OfferState
    private let row = Mutex<[UInt8]?>(nil)
    private let priced = Mutex<Priced?>(nil)

    private struct Priced {
        let generation: UInt64
        let days: UInt16
        let json: [UInt8]
    }

    /// An open offer.
    public init(_ state: OfferState) {
        self.state = state
    }

    /// What the row adds to its book's hash: `keccak256(offerHash ‖ remaining as 32 bytes)`.
    var hashTerm: UInt256 {
        var hasher = Keccak256()
        hasher.update(state.offerHash)
        hasher.update(state.remaining.bigEndian)
        return UInt256(hasher.finalize())
    }

    /// The row's JSON object without pricing; encoded at the first need and kept.
    public var rowJSON: [UInt8] {
        row.withLock { bytes in
            if let bytes { return bytes }
            let encoded = BookRow.encode(state)
            bytes = encoded
            return encoded
        }
    }

    /// The row's pricing for `days` at a moment's `generation`; made at the first need and kept until another is asked for.
    func pricingJSON(generation: UInt64, days: UInt16, make: () -> [UInt8]) -> [UInt8] {
        priced.withLock { kept in
            if let kept, kept.generation == generation, kept.days == days { return kept.json }
            let made = make()
            kept = Priced(generation: generation, days: days, json: made)
            return made
        }
    }
}
