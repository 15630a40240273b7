public import Ethereum

/// The rules an offer must satisfy before its signature is looked at, each with a code of its own.
public struct OfferRules: Sendable, Hashable {
    /// Which tokens may be offered.
    public enum TokenPolicy: Sendable, Hashable {
        /// Any two different ones.
        case any
        /// Only these, as underlying and as stablecoin.
        case listed(Set<Address>)
    }

    /// The most days an option may run.
    public let maxDurationDays: UInt16
    /// How far ahead a deadline may lie, in seconds.
    public let horizonSeconds: UInt64
    /// Open offers a writer may have.
    public let maxOpenOffers: Int
    /// Which tokens may be offered.
    public let tokens: TokenPolicy

    /// Rules with the defaults of the protocol.
    public init(
        maxDurationDays: UInt16 = 365, horizonSeconds: UInt64 = 400 * 86_400, maxOpenOffers: Int = 10_000,
        tokens: TokenPolicy = .any
    ) {
        self.maxDurationDays = maxDurationDays
        self.horizonSeconds = horizonSeconds
        self.maxOpenOffers = maxOpenOffers
        self.tokens = tokens
    }

    /// Checks in the protocol's order; the first broken rule is thrown.
    /// - Parameter now: unix seconds.
    public func check(_ offer: Offer, now: UInt64) throws(Rejection) {
        try checkAddresses(offer)
        try checkAmounts(offer)
        try checkDeadline(offer, now: now)
        try checkTokens(offer)
    }

    /// Whether a writer with so many open offers may have one more.
    public func checkOpenOffers(_ count: Int) throws(Rejection) {
        guard count < maxOpenOffers else {
            throw Rejection(
                .tooMany, .tooManyOpenOffers, field: "writer",
                "This writer has \(count) open offers, the most allowed; cancel some or let them expire.")
        }
    }

    private func checkAddresses(_ offer: Offer) throws(Rejection) {
        if offer.writer.isZero { throw zeroAddress("writer") }
        if offer.underlying.isZero { throw zeroAddress("underlying") }
        if offer.stablecoin.isZero { throw zeroAddress("stablecoin") }
        if offer.underlying == offer.stablecoin {
            throw Rejection(
                .malformed, .sameToken, field: "stablecoin", "stablecoin must be another token than underlying.")
        }
    }

    private func checkAmounts(_ offer: Offer) throws(Rejection) {
        if offer.collateralAmount.isZero {
            throw Rejection(.malformed, .zeroCollateral, field: "collateralAmount", "collateralAmount must be above 0.")
        }
        if offer.premiumPerDay.isZero {
            throw Rejection(.malformed, .zeroPremium, field: "premiumPerDay", "premiumPerDay must be above 0.")
        }
        if offer.minDuration < 1 {
            throw Rejection(.malformed, .invalidDuration, field: "minDuration", "minDuration must be at least 1 day.")
        }
        if offer.maxDuration < offer.minDuration || offer.maxDuration > maxDurationDays {
            throw Rejection(
                .malformed, .invalidDuration, field: "maxDuration",
                "maxDuration must lie between minDuration and \(maxDurationDays) days.")
        }
        if offer.minFillAmount.isZero || offer.minFillAmount > offer.collateralAmount {
            throw Rejection(
                .malformed, .invalidMinFill, field: "minFillAmount",
                "minFillAmount must be above 0 and at most collateralAmount.")
        }
    }

    private func checkDeadline(_ offer: Offer, now: UInt64) throws(Rejection) {
        if offer.deadline < now {
            throw Rejection(
                .malformed, .deadlinePassed, field: "deadline",
                "The deadline passed at \(offer.deadline) and it is \(now); sign the offer with a later one.")
        }
        if offer.deadline - now > horizonSeconds {
            throw Rejection(
                .malformed, .deadlineTooFar, field: "deadline",
                "The deadline may lie at most \(horizonSeconds) seconds after now (\(now)); it counts unix seconds, "
                    + "not milliseconds.")
        }
    }

    private func checkTokens(_ offer: Offer) throws(Rejection) {
        guard case .listed(let listed) = tokens else { return }
        if !listed.contains(offer.underlying) { throw notListed("underlying") }
        if !listed.contains(offer.stablecoin) { throw notListed("stablecoin") }
    }

    private func zeroAddress(_ field: String) -> Rejection {
        Rejection(.malformed, .zeroAddress, field: field, "\(field) must not be the zero address.")
    }

    private func notListed(_ field: String) -> Rejection {
        Rejection(
            .malformed, .tokenNotListed, field: field,
            "This service does not list that \(field); GET /protocol names the tokens it takes.")
    }
}
