public import Ethereum
public import Market

/// Decides what one batch writes. Pure: the state read under the lock goes in, rows and answers come out.
///
/// Requests are taken in order and each sees what those before it did, so a cancel and its offer in one
/// batch end as they would in two.
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
    /// The rows written, as changes of books.
    public private(set) var events: [BookEvent] = []
    /// One for each request, in order.
    public private(set) var results: [WriteResult] = []
    /// New offers, open or born cancelled.
    public private(set) var created: [OfferState] = []
    /// Offers that were open and are no more.
    public private(set) var closings: [Closing] = []
    /// Signed cancels kept as evidence, with the position at which each was recorded.
    public private(set) var cancelMessages: [(cancel: VerifiedCancel, seq: UInt64)] = []
    /// Cancels of single offers.
    public private(set) var cancellations: [Cancellation] = []
    /// Raised watermarks.
    public private(set) var watermarks: [Watermark] = []
    /// Offers whose funding changed, each as it is after the batch.
    public internal(set) var fundings: [Bytes32: FundingChange] = [:]
    /// The books that change, each with the position of its last change.
    public internal(set) var touchedBooks: [BookID: UInt64] = [:]

    /// Acceptance time of the batch, µs since 1970.
    public let nowMicros: Int64
    /// What the chain's events write.
    public internal(set) var chain = ChainWrites()
    var state: LockedState
    /// The head after this batch.
    public var head: LogHead { state.head }
    /// True when the batch leaves the database as it was.
    public var isEmpty: Bool { entries.isEmpty && chain.isEmpty }

    /// Plans `requests` on top of `state`; one result a request, in order.
    public init(_ requests: [WriteRequest], on state: LockedState) {
        self.state = state
        self.nowMicros = state.nowMicros
        results.reserveCapacity(requests.count)
        for request in requests {
            switch request {
            case .offer(let signed): results.append(create(signed, acceptedAtMicros: nowMicros))
            case .imported(let imported): results.append(adopt(imported))
            case .cancel(let cancel): results.append(record(cancel))
            case .importedCancel(let cancel): results.append(record(cancel, isImported: true))
            case .expire(let hashes, let leaderEpoch): results.append(expire(hashes, leaderEpoch: leaderEpoch))
            case .chain(let update): results.append(follow(update))
            case .fund(let update): results.append(fund(update))
            }
        }
        chain.offers = chain.standings.compactMap { self.state.offers[$0] }
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

    private static func micros(_ seconds: UInt64) -> Int64 {
        let (product, overflow) = Int64(clamping: seconds).multipliedReportingOverflow(by: 1_000_000)
        return overflow ? .max : product
    }

    // MARK: Cancels

    private mutating func record(_ cancel: VerifiedCancel, isImported: Bool = false) -> WriteResult {
        switch cancel.message {
        case .offers(let hashes):
            // It was accepted elsewhere, before the other's offer that it names: there it bites nobody.
            if !isImported, let foreign = hashes.first(where: { isForeign($0, to: cancel.signer) }) {
                return .rejected(Self.refusal(of: cancel, naming: foreign))
            }
            let before = state.head.seq
            let results = hashes.map { cancelOne($0, by: cancel) }
            if state.head.seq > before { keep(cancel) }
            return .cancelled(results, headSeq: state.head.seq)
        case .all(let writer, let issuedBefore): return raiseWatermark(of: writer, to: issuedBefore, by: cancel)
        }
    }

    private func isForeign(_ hash: Bytes32, to signer: Address) -> Bool {
        state.offers[hash].map { $0.offer.writer != signer } ?? false
    }

    private static func refusal(of cancel: VerifiedCancel, naming foreign: Bytes32) -> Rejection {
        Rejection(
            .signature, code: "not_the_writer", field: "offerHashes",
            detail: "Offer \(foreign.hex) is another writer's; the message was signed by "
                + "\(cancel.signer.checksummed). Nothing was cancelled.")
    }

    private mutating func cancelOne(_ hash: Bytes32, by cancel: VerifiedCancel) -> CancelResult {
        let tombstone = LockedState.Tombstone(offerHash: hash, signer: cancel.signer)
        let recordedAt = state.tombstones[tombstone]
        guard let offer = state.offers[hash], offer.offer.writer == cancel.signer else {
            let seq = recordedAt ?? recordTombstone(tombstone, digest: cancel.digest)
            return CancelResult(offerHash: hash, status: .tombstoned, seq: seq)
        }
        guard let closed = offer.closed else {
            let seq = close(offer, .offerCancelled, reason: .cancelled)
            remember(tombstone, digest: cancel.digest, seq: seq)
            return CancelResult(offerHash: hash, status: .cancelled, seq: seq)
        }
        if closed.reason == .cancelled {
            // A cancel on chain is undone with its block, this one never.
            if state.chain.closedByChain.contains(hash), recordedAt == nil {
                _ = recordTombstone(tombstone, digest: cancel.digest)
            }
            return CancelResult(offerHash: hash, status: .alreadyCancelled, seq: closed.seq)
        }
        let seq = recordedAt ?? recordTombstone(tombstone, digest: cancel.digest)
        return CancelResult(offerHash: hash, status: closed.reason == .expired ? .expired : .filled, seq: seq)
    }

    private mutating func recordTombstone(_ tombstone: LockedState.Tombstone, digest: Bytes32) -> UInt64 {
        let seq = append(
            .cancelRecorded, about: tombstone.offerHash.hex, data: #"{"signer":"\#(tombstone.signer.checksummed)"}"#)
        remember(tombstone, digest: digest, seq: seq)
        return seq
    }

    private mutating func remember(_ tombstone: LockedState.Tombstone, digest: Bytes32, seq: UInt64) {
        guard state.tombstones[tombstone] == nil else { return }
        state.tombstones[tombstone] = seq
        cancellations.append(
            Cancellation(offerHash: tombstone.offerHash, signer: tombstone.signer, digest: digest, seq: seq))
    }

    private mutating func raiseWatermark(
        of writer: Address, to issuedBefore: UInt64, by cancel: VerifiedCancel
    ) -> WriteResult {
        if let old = state.watermarks[writer], old >= issuedBefore {
            return .cancelled([], headSeq: state.head.seq)
        }
        state.watermarks[writer] = issuedBefore
        let seq = append(
            .cancelAllRecorded, about: writer.checksummed, data: #"{"issuedBefore":"\#(issuedBefore)"}"#)
        watermarks.append(
            Watermark(writer: writer, issuedBefore: issuedBefore, digest: cancel.digest, seq: seq))
        let caught = state.offers.values
            .filter {
                $0.offer.writer == writer && $0.closed == nil && $0.createdAtMicros < Self.micros(issuedBefore)
            }
            .sorted { $0.seq < $1.seq }
        let results = caught.map { offer in
            CancelResult(
                offerHash: offer.offerHash, status: .cancelled,
                seq: close(offer, .offerCancelled, reason: .cancelled))
        }
        keep(cancel)
        return .cancelled(results, headSeq: state.head.seq)
    }

    /// Keeps the signed message as evidence, once.
    private mutating func keep(_ cancel: VerifiedCancel) {
        guard !cancelMessages.contains(where: { $0.cancel.digest == cancel.digest }) else { return }
        cancelMessages.append((cancel, state.head.seq))
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

    private mutating func close(_ offer: OfferState, _ type: EventType, reason: OfferState.ClosedReason) -> UInt64 {
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
