import Ethereum
import Market
import StrictJSON

/// What fills and cancels on chain make of an offer: how much is left, and whether it stands in its book.
extension CommitPlan {
    mutating func fill(_ event: RecordedEvent, _ logging: inout ChainLogging) {
        guard let taken = event.taken, let hash = offerHash(of: event), let offer = state.offers[hash] else { return }
        logging.causes[hash] = event
        let sum = offer.filled.addingReportingOverflow(taken.fillAmount)
        change(
            offer, .offerFilled, filled: sum.overflow ? offer.offer.collateralAmount : sum.partialValue, by: event,
            fold: logging.folds[hash])
    }

    mutating func unfill(_ event: RecordedEvent, of hash: Bytes32, _ logging: ChainLogging) {
        guard let taken = event.taken, let offer = state.offers[hash] else { return }
        let rest = offer.filled.subtractingReportingOverflow(taken.fillAmount)
        change(
            offer, .fillReverted, filled: rest.overflow ? .zero : rest.partialValue, by: event,
            fold: logging.folds[hash])
    }

    /// Opens and closes what no fill's row has opened or closed yet.
    mutating func settle(_ offers: Set<Bytes32>, _ logging: ChainLogging) {
        let sorted = offers.compactMap { state.offers[$0] }.sorted { $0.seq < $1.seq }
        for offer in sorted {
            let reason = reason(offer, filled: offer.filled, fold: logging.folds[offer.offerHash])
            if reason == offer.closed?.reason { continue }
            guard let cause = logging.causes[offer.offerHash] ?? anyEvent(of: offer.offerHash) else { continue }
            let type: EventType =
                switch reason {
                case nil: .offerReopened
                case .cancelled: .offerCancelled
                case .overfilled: .offerOverfilled
                case .filled, .expired: .offerClosed
                }
            change(offer, type, filled: offer.filled, by: cause, fold: logging.folds[offer.offerHash])
        }
    }

    private func anyEvent(of hash: Bytes32) -> RecordedEvent? {
        state.chain.events.values.first { offerHash(of: $0) == hash }
    }

    /// Why the offer is out of its book; nil when it stands there. A signed cancel and an expiry stay what they are.
    private func reason(_ offer: OfferState, filled: UInt256, fold: OfferFold?) -> OfferState.ClosedReason? {
        if let closed = offer.closed, !isClosedByChain(offer) { return closed.reason }
        if fold?.isOverfilled == true { return .overfilled }
        if filled >= offer.offer.collateralAmount { return .filled }
        if fold?.isCancelled == true || isCancelled(offer.signed, acceptedAtMicros: offer.createdAtMicros) {
            return .cancelled
        }
        // An open offer's deadline is the sweep's affair; one that comes back too late never opens.
        return offer.closed != nil && isOverdue(offer) ? .expired : nil
    }

    private func isClosedByChain(_ offer: OfferState) -> Bool {
        switch offer.closed?.reason {
        case .filled, .overfilled: true
        case .cancelled, .expired: state.chain.closedByChain.contains(offer.offerHash)
        case nil: false
        }
    }

    private mutating func change(
        _ offer: OfferState, _ type: EventType, filled: UInt256, by event: RecordedEvent, fold: OfferFold?
    ) {
        let hash = offer.offerHash
        var new = offer
        new.filled = filled
        let reason = reason(offer, filled: filled, fold: fold)
        if reason != offer.closed?.reason {
            chain.moved.insert(hash)
            new.closed = reason.map { OfferState.Closed(seq: state.head.seq + 1, reason: $0) }
            new.cancelledAtMicros = reason == .cancelled ? nowMicros : nil
            if reason == nil { state.chain.closedByChain.remove(hash) } else { state.chain.closedByChain.insert(hash) }
        }
        let seq = append(
            type, about: hash.hex, txHash: event.txHash, blockNumber: event.blockNumber,
            data: data(new, event, wasListed: offer.isListed), change: .changed(new, wasListed: offer.isListed))
        state.offers[hash] = new
        chain.standings.insert(hash)
        if offer.isListed || new.isListed { touchedBooks[BookID(new.offer)] = seq }
    }

    private func data(_ offer: OfferState, _ event: RecordedEvent, wasListed: Bool) -> String {
        var json = JSONWriter(capacity: 256)
        json.beginObject()
        if let taken = event.taken {
            json.key("amount")
            json.uint256(taken.fillAmount)
        }
        json.key("blockHash")
        json.hash(event.key.blockHash)
        json.key("filled")
        json.uint256(offer.filled)
        json.fundable(offer.funding)
        json.key("logIndex")
        json.string(String(event.key.logIndex))
        json.key("status")
        json.string(offer.closed?.reason.rawValue ?? (offer.filled.isZero ? "open" : "partially_filled"))
        if let taken = event.taken {
            json.key("tokenId")
            json.uint256(taken.tokenId)
        }
        json.unfunded(offer.funding)
        json.key("wasOpen")
        json.bool(wasListed)
        json.endObject()
        return String(decoding: json.bytes, as: UTF8.self)
    }
}
