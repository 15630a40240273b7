import Ethereum
public import Exchange
import Market
import StrictJSON

/// How following the chain goes in this process.
public struct ChainProgress: Sendable {
    /// What it does, in one word.
    public let phase: String
    /// The node's newest block.
    public let head: ChainHeader?
    /// What is wrong; nil when nothing is.
    public let problem: String?
    /// Blocks until an event counts as confirmed.
    public let confirmations: UInt64

    /// Progress as the follower tells it.
    public init(phase: String, head: ChainHeader?, problem: String?, confirmations: UInt64) {
        self.phase = phase
        self.head = head
        self.problem = problem
        self.confirmations = confirmations
    }
}

/// `/chain/status` and `/chain/events`
public struct ChainRoutes: Sendable {
    private let store: any ChainStore
    private let queue: CommitQueue
    private let operators: OperatorGuard
    private let progress: @Sendable () -> ChainProgress?
    private let now: @Sendable () -> UInt64

    /// Routes over what is stored of the chain; `progress` is nil where no node is configured.
    public init(
        store: any ChainStore, queue: CommitQueue, operators: OperatorGuard,
        progress: @escaping @Sendable () -> ChainProgress?, now: @escaping @Sendable () -> UInt64
    ) {
        self.store = store
        self.queue = queue
        self.operators = operators
        self.progress = progress
        self.now = now
    }

    /// `GET /chain/status`: `head`, `cursor` and `lag` are heights, `reorgs` a count.
    func status(_ request: APIRequest) async throws -> Reply {
        _ = try QueryParameters(request.query, allowed: [])
        let summary = try await store.chainSummary()
        let progress = progress()
        return .json { json in
            json.beginObject()
            json.key("phase")
            json.string(progress?.phase ?? "off")
            write("head", progress?.head, to: &json)
            write("cursor", summary.cursor, to: &json)
            json.key("lag")
            if let head = progress?.head, let cursor = summary.cursor {
                json.integer(head.number > cursor.number ? head.number - cursor.number : 0)
            } else {
                json.null()
            }
            json.key("chainLagSeconds")
            if let time = summary.cursor?.time {
                json.integer(now() > time ? now() - time : 0)
            } else {
                json.null()
            }
            json.key("latestBlockTime")
            if let time = summary.latestBlockTime { json.timestamp(seconds: time) } else { json.null() }
            json.key("confirmations")
            if let progress { json.integer(progress.confirmations) } else { json.null() }
            json.key("pendingEvents")
            json.integer(summary.pending)
            write(summary, to: &json)
            json.key("problem")
            if let problem = progress?.problem { json.string(problem) } else { json.null() }
            json.endObject()
        }
    }

    private func write(_ name: StaticString, _ header: ChainHeader?, to json: inout JSONWriter) {
        json.key(name)
        if let header { json.integer(header.number) } else { json.null() }
        json.key("\(name)Hash")
        if let header { json.hash(header.hash) } else { json.null() }
        json.key("\(name)Time")
        if let header { json.timestamp(seconds: header.time) } else { json.null() }
    }

    private func write(_ summary: ChainSummary, to json: inout JSONWriter) {
        json.key("reorgs")
        json.integer(summary.reorgs.count)
        json.key("lastReorgs")
        json.beginArray()
        for reorg in summary.reorgs.last {
            json.beginObject()
            json.key("depth")
            json.integer(reorg.depth)
            json.key("events")
            json.integer(reorg.events)
            json.key("seq")
            json.integer(reorg.seq)
            json.key("at")
            json.timestamp(micros: reorg.atMicros)
            json.endObject()
        }
        json.endArray()
        json.key("quarantinedEvents")
        json.integer(summary.quarantined.count)
        json.key("quarantined")
        json.beginArray()
        for event in summary.quarantined.last { write(event, to: &json) }
        json.endArray()
    }

    private func write(_ event: RecordedEvent, to json: inout JSONWriter) {
        json.beginObject()
        json.key("name")
        json.string(event.name.rawValue)
        json.key("reason")
        json.string(event.quarantine ?? "")
        json.key("blockNumber")
        json.integer(event.blockNumber)
        json.key("blockHash")
        json.hash(event.key.blockHash)
        json.key("logIndex")
        json.integer(event.key.logIndex)
        json.key("txHash")
        json.hash(event.txHash)
        json.key("args")
        json.raw(event.text.utf8)
        json.key("seq")
        json.integer(event.seq)
        json.endObject()
    }

    /// `POST /chain/events`: the operator's indexer speaks.
    func post(_ request: APIRequest) async throws -> Reply {
        try operators.admit(request)
        let posted: PostedEvents
        do {
            posted = try PostedEvents.parse(try JSONValue.parse(request.body))
        } catch let error as JSONError {
            throw Rejection(error)
        }
        switch await queue.write(.chain(try Self.update(posted))) {
        case .followed(let outcome): return reply(outcome)
        case .rejected(let rejection): throw rejection
        case .failed(let failure): return Problem.reply(failure, requestID: request.requestID)
        case .created, .existed, .cancelled, .expired, .funded:
            return Problem.reply(WriteFailure.notStored, requestID: request.requestID)
        }
    }

    private func reply(_ outcome: ChainOutcome) -> Reply {
        .json { json in
            json.beginObject()
            json.key("applied")
            json.integer(outcome.applied)
            json.key("known")
            json.integer(outcome.known)
            json.key("reverted")
            json.integer(outcome.reverted)
            json.key("confirmed")
            json.integer(outcome.confirmed)
            json.key("quarantined")
            json.integer(outcome.quarantined)
            json.key("seq")
            json.integer(outcome.headSeq)
            json.endObject()
        }
    }

    /// The events by their blocks, which must agree on height and time.
    private static func update(_ posted: PostedEvents) throws(Rejection) -> ChainUpdate {
        var order: [Bytes32] = []
        var byBlock: [Bytes32: [PostedEvents.Event]] = [:]
        for event in posted.events {
            if let first = byBlock[event.blockHash]?.first {
                guard first.blockNumber == event.blockNumber, first.blockTime == event.blockTime else {
                    throw Rejection(
                        .malformed, code: "block_contradiction", field: "blockNumber",
                        detail: "Events of block \(event.blockHash.hex) disagree on its blockNumber or blockTimestamp.")
                }
            } else {
                order.append(event.blockHash)
            }
            byBlock[event.blockHash, default: []].append(event)
        }
        return ChainUpdate(
            reverted: posted.reverted,
            blocks: order.compactMap { hash in
                byBlock[hash].flatMap { events in
                    events.first.map {
                        ChainBlock(
                            number: $0.blockNumber, hash: hash, time: $0.blockTime, events: events.map(Self.event))
                    }
                }
            })
    }

    private static func event(_ posted: PostedEvents.Event) -> ChainEvent {
        let content: ChainEvent.Content =
            if let event = posted.event {
                .event(event)
            } else {
                .garbled(posted.name, reason: posted.garbled?.reason ?? "", raw: posted.garbled?.raw ?? "null")
            }
        return ChainEvent(
            txHash: posted.txHash, logIndex: posted.logIndex, content: content, isFinal: posted.isFinal)
    }
}
