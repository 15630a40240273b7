import Ethereum
import Market

/// What the events that still count say of one offer. A function of the events alone, in the chain's order: whichever
/// way they came, the result is that of a fresh sync.
struct OfferFold {
    /// Takes that would pass the collateral; they are kept apart.
    private(set) var overfills: Set<EventKey> = []
    /// Whether its writer withdrew it on chain.
    private(set) var isCancelled = false
    var isOverfilled: Bool { !overfills.isEmpty }

    init(_ offer: Offer, _ events: [RecordedEvent]) {
        var remaining = offer.collateralAmount
        for event in events.sorted(by: { $0.precedes($1) }) where event.status != .reverted {
            switch event.event {
            case .optionTaken(let taken):
                let (rest, negative) = remaining.subtractingReportingOverflow(taken.fillAmount)
                if negative { overfills.insert(event.key) } else { remaining = rest }
            case .offerCancelled(_, let writer): if writer == offer.writer { isCancelled = true }
            default: break
            }
        }
    }
}

/// What the events that count say of one option.
enum OptionFold {
    /// The option of `events`, which are all of one tokenId, with the terms that `terms` knows of its take; nil when no take
    /// of it counts.
    static func fold(
        _ events: [RecordedEvent], seq: UInt64, terms: (ProtocolEvent.OptionTaken) -> OptionState.Terms?
    ) -> OptionState? {
        let effective = events.filter(\.isEffective).sorted { $0.precedes($1) }
        guard let take = effective.last(where: { $0.taken != nil }), let taken = take.taken else { return nil }
        var holder = taken.taker
        var settledAt: UInt64?
        for event in effective {
            if case .transfer(_, let to, _)? = event.event { holder = to }
            if event.event?.settles == true, settledAt == nil { settledAt = event.blockTime }
        }
        return OptionState(
            taken: taken,
            origin: .init(
                blockHash: take.key.blockHash, blockNumber: take.blockNumber, logIndex: take.key.logIndex,
                txHash: take.txHash),
            startTime: take.blockTime, terms: terms(taken), holder: holder, status: take.status, settledAt: settledAt,
            seq: seq)
    }
}
