import Ethereum

/// What a product may ask for, each rule with a code of its own.
public struct ProductRules: Sendable, Hashable {
    /// The largest price, 1e-8 units: 2^62.
    public static let largestPriceE8: Int64 = 1 << 62

    /// How long a product may observe, ms.
    public let durationMillis: ClosedRange<Int64>
    /// Rungs of a ladder at most.
    public let mostRungs: Int
    /// Active products of one client, and of one owner, at most.
    public let mostPerSubmitter: Int
    /// Active products in all.
    public let most: Int

    /// Rules with the defaults of the service.
    public init(
        durationMillis: ClosedRange<Int64> = 1_000...3_600_000, mostRungs: Int = 100, mostPerSubmitter: Int = 100,
        most: Int = 10_000
    ) {
        self.durationMillis = durationMillis
        self.mostRungs = mostRungs
        self.mostPerSubmitter = mostPerSubmitter
        self.most = most
    }

    /// Checks terms as they were read; the first broken rule is thrown.
    public func check(_ draft: ProductDraft) throws(Rejection) {
        switch draft.bet {
        case .luckyLadder(let rungs): try check(rungs: rungs)
        case .momentumCatcher(let target, _):
            guard target > 0 else {
                throw Rejection(
                    .malformed, .invalidTarget, field: "targetMovementE8",
                    "targetMovementE8 must be above 0, in units of 1e-8.")
            }
        }
        guard durationMillis.contains(draft.durationMillis) else {
            throw Rejection(
                .malformed, .invalidDuration, field: "durationMs",
                "durationMs must be \(durationMillis.lowerBound) to \(durationMillis.upperBound) milliseconds.")
        }
        guard draft.payoffE8 > 0 else {
            throw Rejection(
                .malformed, .invalidPayoff, field: "payoffE8", "payoffE8 must be above 0, in units of 1e-8.")
        }
    }

    /// Checks a price that is given for an observation, 1e-8 units.
    public static func check(priceE8: Int64, field: String) throws(Rejection) {
        guard (1...largestPriceE8).contains(priceE8) else {
            throw Rejection(
                .malformed, .invalidPrice, field: field, "\(field) must be 1 to \(largestPriceE8) units of 1e-8.")
        }
    }

    private func check(rungs: [Int64]) throws(Rejection) {
        guard !rungs.isEmpty, rungs.count <= mostRungs else {
            throw Rejection(
                .malformed, .invalidRungCount, field: "rungsE8",
                "rungsE8 must hold 1 to \(mostRungs) prices; this has \(rungs.count).")
        }
        for rung in rungs { try Self.check(priceE8: rung, field: "rungsE8") }
        for (rung, next) in zip(rungs, rungs.dropFirst()) where rung >= next {
            if rung == next {
                throw Rejection(
                    .malformed, .duplicateRung, field: "rungsE8", "rungsE8 holds \(rung) twice; each rung counts once.")
            }
            throw Rejection(
                .malformed, .rungsNotAscending, field: "rungsE8",
                "rungsE8 must ascend strictly; \(next) stands behind \(rung).")
        }
    }
}
