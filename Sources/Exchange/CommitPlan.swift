public import Ethereum
public import Market

/// Decides what one batch writes. Pure: the state read under the lock goes in, rows and answers come out.
///
/// Requests are taken in order and each sees what those before it did, so a cancel and its offer in one
/// batch end as they would in two. What the chain did may be planned in parts, so that one part is planned while the
/// database writes the one before.
public struct CommitPlan: Sendable {
    /// An open offer that the batch closes.
    public struct Closing: Sendable {
        /// The offer, by its id.
        public let offerHash: Bytes32
        /// The book.
        public let book: BookID
        /// Position in the log.
        public let seq: UInt64
        /// Why it was closed.
        public let reason: OfferState.ClosedReason
    }

    /// A cancel of one offer to be recorded, with the message that proves it.
    public struct Cancellation: Sendable {
        /// The offer, by its id.
        public let offerHash: Bytes32
        /// Who signed.
        public let signer: Address
        /// What was signed.
        public let digest: Bytes32
        /// Position in the log.
        public let seq: UInt64
    }

    /// A watermark that was raised.
    public struct Watermark: Sendable {
        /// Whose offers.
        public let writer: Address
        /// Unix seconds.
        public let issuedBefore: UInt64
        /// What was signed.
        public let digest: Bytes32
        /// Position in the log.
        public let seq: UInt64
    }

    /// The rows of the log.
    public private(set) var entries: [LogEntry] = []
    /// The rows written, as changes of books; of all parts.
    public private(set) var events: [BookEvent] = []
    /// One for each request, in order; of all parts.
    public internal(set) var results: [WriteResult] = []
    /// New offers, open or born cancelled.
    public private(set) var created: [OfferState] = []
    /// Offers that were open and are no more.
    public private(set) var closings: [Closing] = []
    /// Signed cancels kept as evidence, with the position at which each was recorded.
    public internal(set) var cancelMessages: [(cancel: VerifiedCancel, seq: UInt64)] = []
    /// Cancels of single offers.
    public internal(set) var cancellations: [Cancellation] = []
    /// Raised watermarks.
    public internal(set) var watermarks: [Watermark] = []
    /// Offers whose funding changed, each as it is after the batch.
    public internal(set) var fundings: [Bytes32: FundingChange] = [:]
    /// The books that change, each with the position of its last change.
    public internal(set) var touchedBooks: [BookID: UInt64] = [:]

    /// Acceptance time of the batch, µs since 1970.
    public let nowMicros: Int64
    /// What the chain's events write.
    public internal(set) var chain = ChainWrites()
    var state: LockedState
    /// What is still to be planned, the next last.
    private var steps: [Step] = []
    /// What has become of the update whose parts are being planned; nil when it was refused.
    var following: ChainOutcome?
    /// The head after this batch.
    public var head: LogHead { state.head }
    /// True when the batch leaves the database as it was.
    public var isEmpty: Bool { entries.isEmpty && chain.isEmpty }

    private enum Step {
        case request(WriteRequest)
        case chain(ChainUpdate.Part)
    }

    /// Plans `requests` on top of `state`; one result a request, in order.
    public init(_ requests: [WriteRequest], on state: LockedState) {
        self.init(inParts: requests, on: state)
        while let step = steps.popLast() { take(step) }
        chain.offers = standing
    }

    /// Plans `requests` on top of `state`, a part with each call of `nextPart`.
    public init(inParts requests: [WriteRequest], on state: LockedState) {
        self.state = state
        self.nowMicros = state.nowMicros
        results.reserveCapacity(requests.count)
        for request in requests.reversed() {
            if case .chain(let update) = request {
                steps += update.parts.reversed().map(Step.chain)
            } else {
                steps.append(.request(request))
            }
        }
    }

    /// What is to be written next: its rows, without results and events; nil when all was planned.
    public mutating func nextPart() -> CommitPlan? {
        guard !steps.isEmpty else { return nil }
        var isCut = false
        while !isCut, let step = steps.popLast() {
            take(step)
            if case .chain = step { isCut = true }
        }
        chain.offers = standing
        // The part must not hold what goes on to change, or all of it would be copied.
        let (whole, events, results) = (state, events, results)
        state = LockedState(head: whole.head, leaderEpoch: whole.leaderEpoch, nowMicros: nowMicros)
        (self.events, self.results) = ([], [])
        let part = self
        (entries, created, closings, cancelMessages) = ([], [], [], [])
        (cancellations, watermarks, fundings, touchedBooks, chain) = ([], [], [:], [:], ChainWrites())
        (state, self.events, self.results) = (whole, events, results)
        return part
    }

    private var standing: [OfferState] { chain.standings.compactMap { state.offers[$0] } }

    private mutating func take(_ step: Step) {
        switch step {
        case .chain(let part): follow(part)
        case .request(.offer(let signed)): results.append(create(signed, acceptedAtMicros: nowMicros))
        case .request(.imported(let imported)): results.append(adopt(imported))
        case .request(.cancel(let cancel)): results.append(record(cancel))
        case .request(.importedCancel(let cancel)): results.append(record(cancel, isImported: true))
        case .request(.expire(let hashes, let epoch)): results.append(expire(hashes, leaderEpoch: epoch))
        case .request(.fund(let update)): results.append(fund(update))
        case .request(.chain): preconditionFailure("updates are taken in parts")
        }
    }

    // MARK: Offers

    private mutating func create(_ signed: SignedOffer, acceptedAtMicros: Int64) -> WriteResult {
        let hash = signed.hashes.offerHash
        if let stored = state.offers[hash] { return .existed(stored) }
        let bornCancelled = isCancelled(signed, acceptedAtMicros: acceptedAtMicros)
        let open = OfferState(signed: signed, seq: state.head.seq + 1, createdAtMicros: nowMicros)
        let offer = bornCancelled ? open.closing(at: open.seq, reason: .cancelled, micros: nowMicros) : open
        append(
            .offerCreated, about: hash.hex, data: bornCancelled ? #"{"status":"cancelled"}"# : nil,
            change: .created(offer))
        created.append(offer)
        state.offers[hash] = offer
        if !bornCancelled { touchedBooks[BookID(signed.offer)] = offer.seq }
        return .created(link(offer))
    }

    /// Whether its writer cancelled it, by name or by time.
    func isCancelled(_ signed: SignedOffer, acceptedAtMicros: Int64) -> Bool {
        let writer = signed.offer.writer
        return state.tombstones[.init(offerHash: signed.hashes.offerHash, signer: writer)] != nil
            || isBelowWatermark(acceptedAtMicros, of: writer)
    }

    /// Takes over an offer with the end it had elsewhere, or that a cancel by time gives it here. One that stands open
    /// in this log is closed by a cancel it had elsewhere.
    private mutating func adopt(_ imported: ImportedOffer) -> WriteResult {
        let signed = imported.signed
        let hash = signed.hashes.offerHash
        let acceptedAtMicros = imported.acceptedAtMicros.map { min($0, nowMicros) }
        guard let stored = state.offers[hash] else {
            let result = create(signed, acceptedAtMicros: acceptedAtMicros ?? .min)
            guard case .created(let offer) = result, offer.closed == nil else { return result }
            if imported.end == .cancelled {
                _ = close(offer, .offerCancelled, reason: .cancelled)
            } else if imported.end == .expired || isOverdue(offer) {
                _ = close(offer, .offerExpired, reason: .expired)
            }
            return .created(state.offers[hash] ?? offer)
        }
        let isCancelled = acceptedAtMicros.map { isBelowWatermark($0, of: signed.offer.writer) } ?? false
        if stored.closed == nil, isCancelled || imported.end == .cancelled {
            _ = close(stored, .offerCancelled, reason: .cancelled)
        }
        return .existed(state.offers[hash] ?? stored)
    }

    func isOverdue(_ offer: OfferState) -> Bool {
        UInt64(clamping: nowMicros / 1_000_000) > offer.offer.deadline
    }

    private func isBelowWatermark(_ createdAtMicros: Int64, of writer: Address) -> Bool {
        guard let issuedBefore = state.watermarks[writer] else { return false }
        return createdAtMicros < Self.micros(issuedBefore)
    }

    static func micros(_ seconds: UInt64) -> Int64 {
        let (product, overflow) = Int64(clamping: seconds).multipliedReportingOverflow(by: 1_000_000)
        return overflow ? .max : product
    }

    // MARK: Expiry

    private mutating func expire(_ hashes: [Bytes32], leaderEpoch: Int64) -> WriteResult {
        guard leaderEpoch == state.leaderEpoch else { return .failed(.notStored) }
        var count = 0
        for hash in hashes {
            guard let offer = state.offers[hash], offer.closed == nil, isOverdue(offer) else { continue }
            _ = close(offer, .offerExpired, reason: .expired)
            count += 1
        }
        return .expired(count: count)
    }

    // MARK: Rows

    mutating func close(_ offer: OfferState, _ type: EventType, reason: OfferState.ClosedReason) -> UInt64 {
        let book = BookID(offer.offer)
        let seq = append(
            type, about: offer.offerHash.hex, data: nil,
            change: .closed(offerHash: offer.offerHash, book: book, reason: reason, wasListed: offer.isListed))
        state.offers[offer.offerHash] = offer.closing(at: seq, reason: reason, micros: nowMicros)
        closings.append(Closing(offerHash: offer.offerHash, book: book, seq: seq, reason: reason))
        if offer.isListed { touchedBooks[book] = seq }
        return seq
    }

    @discardableResult
    mutating func append(
        _ type: EventType, about relatedID: String, txHash: Bytes32? = nil, blockNumber: UInt64? = nil, data: String?,
        change: BookEvent.Change = .none
    ) -> UInt64 {
        let entry = LogEntry(
            seq: state.head.seq + 1, eventType: type.rawValue, relatedID: relatedID, txHash: txHash?.hex,
            blockNumber: blockNumber, data: data, createdAtMicros: nowMicros, previousHash: state.head.hash)
        state.head = LogHead(seq: entry.seq, hash: entry.hash, epoch: state.head.epoch)
        entries.append(entry)
        events.append(
            BookEvent(
                seq: entry.seq, createdAtMicros: nowMicros, change: change,
                option: BookEvent.option(type, about: relatedID, data: data)))
        return entry.seq
    }
}
