public import Ethereum

/// An option that was taken, at one moment: what the chain says of it, and of its offer what is known here.
public struct OptionState: Sendable, Hashable {
    /// How sure its take is.
    public enum Status: String, Sendable, Hashable, CaseIterable {
        /// Too young to count on.
        case pending
        /// Deep enough in the chain.
        case confirmed
        /// A reorg undid the take; there is no such option now.
        case reverted
    }

    /// What the terms of its offer say, once the offer is known here.
    public struct Terms: Sendable, Hashable {
        /// The offer, by its id.
        public let offerHash: Bytes32
        /// Who wrote it and locked the collateral.
        public let writer: Address
        /// The token the option is on.
        public let underlying: Address
        /// What the premium is paid in.
        public let stablecoin: Address
        /// Call or put.
        public let isCall: Bool
        /// The protocol's configuration.
        public let configHash: Bytes32
        /// Premium paid for the whole duration, in the stablecoin's smallest unit; nil where it passes 2^256 − 1.
        public let premium: UInt256?

        /// Terms as stored.
        public init(
            offerHash: Bytes32, writer: Address, underlying: Address, stablecoin: Address, isCall: Bool,
            configHash: Bytes32, premium: UInt256?
        ) {
            self.offerHash = offerHash
            self.writer = writer
            self.underlying = underlying
            self.stablecoin = stablecoin
            self.isCall = isCall
            self.configHash = configHash
            self.premium = premium
        }

        /// The terms under which `taken` was taken from `signed`.
        public init(_ signed: SignedOffer, _ taken: ProtocolEvent.OptionTaken) {
            let offer = signed.offer
            self.init(
                offerHash: signed.hashes.offerHash, writer: offer.writer, underlying: offer.underlying,
                stablecoin: offer.stablecoin, isCall: offer.isCall, configHash: offer.configHash,
                premium: offer.premium(fill: taken.fillAmount, days: taken.duration))
        }
    }

    /// Where and when it was taken.
    public struct Origin: Sendable, Hashable {
        /// The block of the take.
        public let blockHash: Bytes32
        /// Height of that block.
        public let blockNumber: UInt64
        /// The take's place in the block.
        public let logIndex: UInt32
        /// Transaction of the take.
        public let txHash: Bytes32

        /// A take's place in the chain.
        public init(blockHash: Bytes32, blockNumber: UInt64, logIndex: UInt32, txHash: Bytes32) {
            self.blockHash = blockHash
            self.blockNumber = blockNumber
            self.logIndex = logIndex
            self.txHash = txHash
        }
    }

    /// Seconds of a day: durations are whole days.
    public static let secondsPerDay: UInt64 = 86_400

    /// The take.
    public let taken: ProtocolEvent.OptionTaken
    /// Where it was taken.
    public let origin: Origin
    /// Unix seconds of the take's block.
    public let startTime: UInt64
    /// Nil while the offer is unknown here.
    public let terms: Terms?
    /// Who owns the position: the last Transfer's recipient, else the taker.
    public let holder: Address
    /// How sure the take is.
    public let status: Status
    /// When it was paid out, unix seconds.
    public let settledAt: UInt64?
    /// The log row of its last change.
    public let seq: UInt64

    /// An option as stored or as just folded.
    public init(
        taken: ProtocolEvent.OptionTaken, origin: Origin, startTime: UInt64, terms: Terms?, holder: Address,
        status: Status, settledAt: UInt64?, seq: UInt64
    ) {
        self.taken = taken
        self.origin = origin
        self.startTime = startTime
        self.terms = terms
        self.holder = holder
        self.status = status
        self.settledAt = settledAt
        self.seq = seq
    }

    /// Counted from 1.
    public var tokenId: UInt256 { taken.tokenId }
    /// Unix seconds after which it pays out: the start plus the duration in days.
    public var expiryTime: UInt64 {
        let (sum, overflow) = startTime.addingReportingOverflow(UInt64(taken.duration) * Self.secondsPerDay)
        return overflow ? .max : sum
    }

    /// The same at another position of the log.
    public func at(seq: UInt64) -> OptionState {
        OptionState(
            taken: taken, origin: origin, startTime: startTime, terms: terms, holder: holder, status: status,
            settledAt: settledAt, seq: seq)
    }

    /// The same with its take undone, by the row `seq`.
    public func reverted(at seq: UInt64) -> OptionState {
        OptionState(
            taken: taken, origin: origin, startTime: startTime, terms: terms, holder: holder, status: .reverted,
            settledAt: settledAt, seq: seq)
    }

    /// Its terms, where they are known and `taken` is its take.
    public func terms(of taken: ProtocolEvent.OptionTaken) -> Terms? { self.taken == taken ? terms : nil }

    /// Whether both say the same, wherever in the log they were written.
    public func isSame(as other: OptionState) -> Bool { at(seq: 0) == other.at(seq: 0) }
}
