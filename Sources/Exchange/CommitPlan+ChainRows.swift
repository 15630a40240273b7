import Ethereum
import Market
import StrictJSON

/// The log's rows about events: what counts no more, then what counts from now on, then what is kept apart.
extension CommitPlan {
    mutating func log(_ changed: Set<EventKey>, _ logging: inout ChainLogging) {
        let events = changed.compactMap { state.chain.events[$0] }.sorted { $0.precedes($1) }
        for event in events.reversed() where !event.isEffective {
            guard let old = logging.before[event.key], old.status != .reverted else { continue }
            if old.isEffective || event.status == .reverted { withdraw(event, old, &logging) }
        }
        for event in events where event.isEffective {
            let old = logging.before[event.key]
            if old?.isEffective != true {
                take(event, &logging)
            } else if logging.linking != nil {
                let seq = state.head.seq
                fill(event, &logging)
                keep(event, hasNewRow: state.head.seq > seq)
            } else if old?.status != event.status {
                if event.taken != nil { row(.optionConfirmed, about: event, isBrief: true) }
                keep(event, hasNewRow: event.taken != nil)
            }
        }
        for event in events where event.status != .reverted && event.quarantine != nil {
            let old = logging.before[event.key]
            let isNew = old.map { $0.status == .reverted || $0.quarantine == nil } ?? true
            if isNew { row(.eventQuarantined, about: event) }
            keep(event, hasNewRow: isNew)
        }
    }

    /// Writes an event as it stands, and the fill that it is.
    private mutating func keep(_ event: RecordedEvent, hasNewRow: Bool = false) {
        if hasNewRow { state.chain.events[event.key]?.seq = state.head.seq }
        chain.events[event.key] = state.chain.events[event.key]
        guard let taken = event.taken else { return }
        let hash = offerHash(of: event)
        chain.fills[event.key] = FillState(
            key: event.key, blockNumber: event.blockNumber, txHash: event.txHash, offerHash: hash, taken: taken,
            premium: hash.flatMap { state.offers[$0] }?.offer.premium(fill: taken.fillAmount, days: taken.duration),
            status: event.isEffective ? event.status : .reverted, seq: state.chain.events[event.key]?.seq ?? event.seq)
    }

    private mutating func take(_ event: RecordedEvent, _ logging: inout ChainLogging) {
        row(type(of: event), about: event)
        keep(event, hasNewRow: true)
        if let hash = offerHash(of: event) { logging.causes[hash] = event }
        fill(event, &logging)
    }

    private mutating func withdraw(_ event: RecordedEvent, _ old: RecordedEvent, _ logging: inout ChainLogging) {
        row(event.taken != nil && old.isEffective ? .optionReverted : .eventReverted, about: event, isBrief: true)
        keep(event, hasNewRow: true)
        guard let hash = offerHash(of: event) else { return }
        logging.causes[hash] = event
        // A take that came before its offer had filled nothing of it.
        if old.isEffective, hash != logging.linking { unfill(event, of: hash, logging) }
    }

    private func type(of event: RecordedEvent) -> EventType {
        switch event.name {
        case .optionTaken: .optionTaken
        case .optionSettled: .optionSettled
        case .settlementInitiated: .settlementInitiatedOnChain
        case .settlementApproved: .settlementApprovedOnChain
        case .settlementExecuted: .settlementExecutedOnChain
        case .offerCancelled: .cancelSeen
        case .transfer: .optionTransferred
        }
    }

    /// A row about an event: where it is, what it says, and how sure it is. Keys in their order, so the text is canonical.
    private mutating func row(_ type: EventType, about event: RecordedEvent, isBrief: Bool = false) {
        var json = JSONWriter(capacity: 512)
        json.beginObject()
        if !isBrief {
            json.key("args")
            json.raw(event.text.utf8)
        }
        json.key("blockHash")
        json.hash(event.key.blockHash)
        json.key("logIndex")
        json.string(String(event.key.logIndex))
        json.key("name")
        json.string(event.name.rawValue)
        if let reason = event.quarantine {
            json.key("quarantine")
            json.string(reason)
        }
        json.key("status")
        json.string(event.status.rawValue)
        json.endObject()
        let subject = event.event?.tokenId?.decimalString ?? event.event?.namedHash?.hex ?? event.key.blockHash.hex
        append(
            type, about: subject, txHash: event.txHash, blockNumber: event.blockNumber,
            data: String(decoding: json.bytes, as: UTF8.self))
    }
}
