public import Ethereum
public import Market

/// What was read under the head's lock: everything the requests of one batch touch.
public struct LockedState: Sendable {
    /// The log's head.
    public var head: LogHead
    /// The leader's epoch as the head holds it.
    public var leaderEpoch: Int64
    /// The database's clock after the lock was taken, µs since 1970: the acceptance time of the whole batch.
    public var nowMicros: Int64
    /// The stored offers among those named, and every open offer of a writer whose watermark is to be raised.
    public var offers: [Bytes32: OfferState]
    /// Recorded cancels by offer hash and signer, with the log position of each.
    public var tombstones: [Tombstone: UInt64]
    /// The largest `issuedBefore` (unix seconds) recorded for each writer concerned.
    public var watermarks: [Address: UInt64]
    /// What the chain did with the offers concerned.
    public var chain = ChainState()

    /// A cancel of one offer by one signer.
    public struct Tombstone: Sendable, Hashable {
        /// The offer, by its id.
        public let offerHash: Bytes32
        /// Who signed.
        public let signer: Address

        /// `signer` cancelled `offerHash`.
        public init(offerHash: Bytes32, signer: Address) {
            self.offerHash = offerHash
            self.signer = signer
        }
    }

    /// The state read under the lock.
    public init(
        head: LogHead, leaderEpoch: Int64, nowMicros: Int64, offers: [Bytes32: OfferState] = [:],
        tombstones: [Tombstone: UInt64] = [:], watermarks: [Address: UInt64] = [:]
    ) {
        self.head = head
        self.leaderEpoch = leaderEpoch
        self.nowMicros = nowMicros
        self.offers = offers
        self.tombstones = tombstones
        self.watermarks = watermarks
    }
}
