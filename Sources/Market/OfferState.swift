public import Ethereum

/// What a reader is told of an offer's life.
public enum OfferStatus: String, Sendable, Hashable, CaseIterable {
    /// Nothing taken yet.
    case open
    /// Some of it taken.
    case partiallyFilled = "partially_filled"
    /// All of it taken.
    case filled
    /// Withdrawn by its writer.
    case cancelled
    /// Its deadline passed.
    case expired
    /// Open, but its writer lacks the collateral or has not approved it: no book lists it until that changes.
    case unfunded
}

/// A stored offer at one moment: one value that books and replies are made from.
public struct OfferState: Sendable, Hashable {
    /// Why an offer left the book.
    public enum ClosedReason: String, Sendable, Hashable, CaseIterable {
        /// Withdrawn by its writer.
        case cancelled
        /// Its deadline passed.
        case expired
        /// All of it was taken.
        case filled
        /// The chain took more than there was; kept apart for an operator.
        case overfilled
    }

    /// When and why an offer left the book.
    public struct Closed: Sendable, Hashable {
        /// Position in the log.
        public let seq: UInt64
        /// Why.
        public let reason: ClosedReason

        /// An offer's end.
        public init(seq: UInt64, reason: ClosedReason) {
            self.seq = seq
            self.reason = reason
        }
    }

    /// The offer and its signature.
    public let signed: SignedOffer
    /// Position in the log at which it was accepted.
    public let seq: UInt64
    /// When it was accepted, microseconds since 1970.
    public let createdAtMicros: Int64
    /// Collateral taken so far, at most collateralAmount.
    public var filled: UInt256
    /// When its writer withdrew it, microseconds since 1970; may be set on an offer that was closed before.
    public var cancelledAtMicros: Int64?
    /// Set once it left the book.
    public var closed: Closed?
    /// Set while its writer cannot deliver all that remains.
    public var funding: Funding?

    /// A state as stored or as just accepted.
    public init(
        signed: SignedOffer, seq: UInt64, createdAtMicros: Int64, filled: UInt256 = .zero,
        cancelledAtMicros: Int64? = nil, closed: Closed? = nil, funding: Funding? = nil
    ) {
        self.signed = signed
        self.seq = seq
        self.createdAtMicros = createdAtMicros
        self.filled = filled
        self.cancelledAtMicros = cancelledAtMicros
        self.closed = closed
        self.funding = funding
    }

    /// The terms.
    public var offer: Offer { signed.offer }
    /// The offer's id.
    public var offerHash: Bytes32 { signed.hashes.offerHash }

    /// Collateral not taken yet; 0 when more was taken than there was.
    public var remaining: UInt256 {
        let (rest, negative) = offer.collateralAmount.subtractingReportingOverflow(filled)
        return negative ? .zero : rest
    }

    /// floor(premiumPerDay × remaining ÷ collateralAmount), stablecoin units a day.
    public var remainingPremiumPerDay: UInt256 {
        UInt256.mulDivFloor(offer.premiumPerDay, remaining, offer.collateralAmount) ?? .zero
    }

    /// The status for a reader whose clock says `now`, in unix seconds: the deadline counts although its sweep may lag.
    ///
    /// All taken is `filled` whatever came after; else what closed it first; else a cancel, else the deadline.
    public func status(now: UInt64) -> OfferStatus {
        if remaining.isZero { return .filled }
        switch closed?.reason {
        case .cancelled: return .cancelled
        case .expired: return .expired
        case .filled, .overfilled: return .filled
        case nil: break
        }
        if cancelledAtMicros != nil { return .cancelled }
        if now > offer.deadline { return .expired }
        if funding?.isUnfunded == true { return .unfunded }
        return filled.isZero ? .open : .partiallyFilled
    }

    /// Whether it stands in the book of a reader whose clock says `now`, in unix seconds.
    public func isOpen(now: UInt64) -> Bool {
        isListed && cancelledAtMicros == nil && now <= offer.deadline && !remaining.isZero
    }
}
