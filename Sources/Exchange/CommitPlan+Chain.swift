import Ethereum
import Market

/// What the chain did becomes rows: the events of an update are recorded, then everything they touch is folded anew from
/// all events that still count, and each difference is logged.
extension CommitPlan {
    mutating func follow(_ part: ChainUpdate.Part) {
        let update = part.update
        if part.isFirst {
            let refusal = refusal(of: update)
            following = refusal == nil ? ChainOutcome() : nil
            if let refusal { results.append(refusal) }
        }
        guard var outcome = following else { return }
        let before = state.chain.events
        var touched = part.isFirst ? withdraw(update, &outcome) : []
        touched.formUnion(record(part.blocks, update, &outcome))
        note(transactionsOf: touched, before)
        touched.formUnion(confirm(through: update.confirmedThrough, &outcome))
        fold(touched, before)
        following = outcome
        if part.isLast { end(update, outcome) }
    }

    private func refusal(of update: ChainUpdate) -> WriteResult? {
        guard let move = update.cursor else { return conflict(in: update).map(WriteResult.rejected) }
        guard move.leaderEpoch == state.leaderEpoch else { return .failed(.notStored) }
        return move.from == state.chain.cursor ? nil : .rejected(Self.cursorMoved)
    }

    private mutating func end(_ update: ChainUpdate, _ outcome: ChainOutcome) {
        var outcome = outcome
        for block in update.blocks {
            outcome.quarantined += block.events.count { event in
                let key = EventKey(blockHash: block.hash, logIndex: event.logIndex)
                return state.chain.events[key]?.quarantine != nil
            }
        }
        if let move = update.cursor {
            chain.cursor = move
            chain.removedBlocks += update.reverted
            state.chain.cursor = move.to.hash
        }
        outcome.headSeq = state.head.seq
        results.append(.followed(outcome))
    }

    private static let cursorMoved = Rejection(
        .conflict, code: "cursor_moved", detail: "Another process followed the chain meanwhile.")

    /// An event that is recorded at the same place with another content: one of the two deliveries is wrong.
    private func conflict(in update: ChainUpdate) -> Rejection? {
        for block in update.blocks {
            for event in block.events {
                let delivered = RecordedEvent(event, in: block)
                guard let stored = state.chain.events[delivered.key] else { continue }
                if stored.content != delivered.content || stored.txHash != delivered.txHash
                    || stored.blockNumber != delivered.blockNumber || stored.blockTime != delivered.blockTime
                {
                    return Rejection(
                        .conflict, code: "event_conflict", field: "logIndex",
                        detail: "Another event is recorded at place \(event.logIndex) of block \(block.hash.hex); "
                            + "nothing was taken over.")
                }
            }
        }
        return nil
    }

    private mutating func withdraw(_ update: ChainUpdate, _ outcome: inout ChainOutcome) -> Set<EventKey> {
        guard !update.reverted.isEmpty else { return [] }
        let gone = Set(update.reverted)
        let keys = state.chain.events.values.filter { gone.contains($0.key.blockHash) && $0.status != .reverted }
            .map(\.key)
        for key in keys { state.chain.events[key]?.status = .reverted }
        outcome.reverted = keys.count
        guard update.cursor != nil || !keys.isEmpty else { return [] }
        let seq = append(
            .chainReorged, about: update.cursor?.to.hash.hex ?? update.reverted[0].hex,
            data: #"{"depth":"\#(update.reverted.count)","events":"\#(keys.count)"}"#)
        chain.reorgs.append((seq, update.reverted.count, keys.count))
        return Set(keys)
    }

    private mutating func record(
        _ blocks: ArraySlice<ChainBlock>, _ update: ChainUpdate, _ outcome: inout ChainOutcome
    ) -> Set<EventKey> {
        var touched: Set<EventKey> = []
        for block in blocks {
            let isDeep = update.confirmedThrough.map { block.number <= $0 } ?? false
            for event in block.events {
                var delivered = RecordedEvent(event, in: block)
                if isDeep { delivered.status = .confirmed }
                if let stored = state.chain.events[delivered.key], stored.status != .reverted {
                    outcome.known += 1
                    guard stored.status == .pending, delivered.status == .confirmed else { continue }
                    state.chain.events[delivered.key]?.status = .confirmed
                    outcome.confirmed += 1
                } else {
                    let old = state.chain.events.updateValue(delivered, forKey: delivered.key)
                    if old == nil { chain.newEvents.insert(delivered.key) }
                    outcome.applied += 1
                }
                touched.insert(delivered.key)
            }
        }
        return touched
    }

    private mutating func confirm(through height: UInt64?, _ outcome: inout ChainOutcome) -> Set<EventKey> {
        guard let height else { return [] }
        let keys = state.chain.events.values.filter { $0.status == .pending && $0.blockNumber <= height }.map(\.key)
        for key in keys { state.chain.events[key]?.status = .confirmed }
        outcome.confirmed += keys.count
        return Set(keys)
    }

    // MARK: Folding

    /// A new offer that events named before it came: its fills count at once, and a cancel on chain.
    mutating func link(_ offer: OfferState) -> OfferState {
        guard !state.chain.events.isEmpty else { return offer }
        state.chain.name(offer.signed)
        let named = state.chain.events.values.filter {
            $0.status != .reverted && $0.event?.namedHash.flatMap { state.chain.names[$0] } == offer.offerHash
        }
        guard !named.isEmpty else { return offer }
        // As if they came just now: nothing of them counted for this offer before.
        fold(Set(named.map(\.key)), state.chain.events, linking: offer.offerHash)
        return state.offers[offer.offerHash] ?? offer
    }

    /// Folds every offer and option that `touched` events concern, and logs what changed against `before`.
    private mutating func fold(
        _ touched: Set<EventKey>, _ before: [EventKey: RecordedEvent], linking: Bytes32? = nil
    ) {
        guard !touched.isEmpty else { return }
        let offers = Set(touched.compactMap { state.chain.events[$0].flatMap(offerHash(of:)) })
        var byOffer: [Bytes32: [RecordedEvent]] = [:]
        for event in state.chain.events.values {
            if let hash = offerHash(of: event), offers.contains(hash) { byOffer[hash, default: []].append(event) }
        }
        var changed = touched
        var folds: [Bytes32: OfferFold] = [:]
        for hash in offers {
            guard let offer = state.offers[hash]?.offer, let events = byOffer[hash] else { continue }
            let fold = OfferFold(offer, events)
            folds[hash] = fold
            for event in events where event.taken != nil && event.status != .reverted {
                let reason = fold.overfills.contains(event.key) ? Self.overfill : nil
                if event.quarantine != reason {
                    state.chain.events[event.key]?.quarantine = reason
                    changed.insert(event.key)
                }
            }
        }
        var logging = ChainLogging(before: before, folds: folds, linking: linking)
        log(changed, &logging)
        settle(offers, logging)
        foldOptions(of: changed)
    }

    private static let overfill = "it takes more than remains of its offer"

    func offerHash(of event: RecordedEvent) -> Bytes32? { event.event?.namedHash.flatMap { state.chain.names[$0] } }

    private mutating func foldOptions(of changed: Set<EventKey>) {
        let tokens = Set(changed.compactMap { state.chain.events[$0]?.event?.tokenId })
        var byToken: [UInt256: [RecordedEvent]] = [:]
        for event in state.chain.events.values {
            if let token = event.event?.tokenId, tokens.contains(token) { byToken[token, default: []].append(event) }
        }
        for token in tokens {
            let old = state.chain.options[token]
            let folded = OptionFold.fold(byToken[token] ?? [], seq: state.head.seq) { taken in
                if let terms = old?.terms(of: taken) { return terms }
                let offer = state.chain.names[taken.offerHash].flatMap { state.offers[$0]?.signed }
                return offer.map { OptionState.Terms($0, taken) }
            }
            guard let new = folded ?? old?.reverted(at: state.head.seq) else { continue }
            if let old, old.isSame(as: new) { continue }
            if old == nil { chain.newOptions.insert(token) }
            state.chain.options[token] = new
            chain.options[token] = new
        }
    }
}

/// What logging a fold needs to know.
struct ChainLogging {
    /// The events before the update.
    let before: [EventKey: RecordedEvent]
    /// The offers concerned.
    let folds: [Bytes32: OfferFold]
    /// An offer that came after its events: they counted for no offer before.
    let linking: Bytes32?
    /// The last event that named each offer.
    var causes: [Bytes32: RecordedEvent] = [:]

    init(before: [EventKey: RecordedEvent], folds: [Bytes32: OfferFold], linking: Bytes32?) {
        self.before = before
        self.folds = folds
        self.linking = linking
    }
}
