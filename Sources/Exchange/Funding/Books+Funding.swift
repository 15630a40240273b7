import Ethereum
public import Market
import Synchronization

/// Open offers by who must deliver what, for whoever looks after the writers' funds.
extension Books {
    /// From now on keeps which writers' offers changed until `takeFundingChanges`.
    public func gatherFundingChanges() {
        state.withLock { $0.funded.gathers = true }
    }

    /// Writers and tokens whose offers changed since they were last taken, at most `limit`.
    public func takeFundingChanges(_ limit: Int) -> [FundingPair] {
        state.withLock { $0.funded.takeChanges(limit) }
    }

    /// A piece of the round through all writers and tokens with open offers, from a place on; where the next one starts.
    public func fundingPairs(from place: Int, limit: Int) -> (pairs: [FundingPair], next: Int) {
        state.withLock { $0.funded.pairs(from: place, limit: limit) }
    }

    /// How many writers and tokens have open offers.
    public var fundingPairCount: Int { state.withLock { $0.funded.count } }

    /// How often the offers of a writer and token changed; nil when none is open.
    public func fundingVersion(_ pair: FundingPair) -> UInt64? {
        state.withLock { $0.funded.version(pair) }
    }

    /// The open offers of a writer whose collateral is a token, in no order, and the version they are.
    public func offers(of pair: FundingPair) -> (offers: [OfferState], version: UInt64) {
        state.withLock { state in
            let hashes = state.funded.offers(pair)
            return (hashes.compactMap { state.entries[$0]?.state }, state.funded.version(pair) ?? 0)
        }
    }

    /// How many open offers are not wholly funded.
    public var partlyFundedCount: Int { state.withLock { $0.funded.short.count } }

    /// Open offers of which less than all that remains is known to be funded, at most `limit`.
    public func partlyFunded(_ limit: Int) -> [OfferState] {
        state.withLock { state in
            guard !state.funded.short.isEmpty else { return [] }
            return state.funded.short.prefix(limit).compactMap { state.entries[$0]?.state }
        }
    }
}
