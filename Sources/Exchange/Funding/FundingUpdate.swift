public import Ethereum
public import Market

/// What the leader found of writers' funds at one block, for those offers of which it is something new.
public struct FundingUpdate: Sendable {
    /// Offers of one update.
    public static let largest = 500

    /// Why an offer stands as it does.
    public enum Finding: Sendable, Hashable {
        /// What the token says of its writer, and what the writer's better-priced offers claim of it.
        case funds(Funds, claimed: UInt256)
        /// The token cannot be asked: a sentence that says why. The offer is listed.
        case unknown(String)
        /// Funds are not looked at any more.
        case off
    }

    /// One offer's.
    public struct Decision: Sendable, Hashable {
        /// The offer, by its id.
        public let offerHash: Bytes32
        /// Nil when all that remains of it is taken to be funded.
        public let funding: Funding?
        /// Why.
        public let finding: Finding

        /// A decision about an offer.
        public init(offerHash: Bytes32, funding: Funding?, finding: Finding) {
            self.offerHash = offerHash
            self.funding = funding
            self.finding = finding
        }
    }

    /// At most `largest`.
    public let decisions: [Decision]
    /// The block at which the tokens were asked; nil when they were not.
    public let block: FundsBlock?
    /// The leader's epoch: an old leader writes nothing.
    public let leaderEpoch: Int64

    /// Decisions of one block.
    public init(decisions: [Decision], block: FundsBlock?, leaderEpoch: Int64) {
        self.decisions = decisions
        self.block = block
        self.leaderEpoch = leaderEpoch
    }
}

/// The block at which tokens are asked.
public struct FundsBlock: Sendable, Hashable {
    /// Its height.
    public let number: UInt64
    /// Its hash.
    public let hash: Bytes32

    /// A block by both of its names.
    public init(number: UInt64, hash: Bytes32) {
        self.number = number
        self.hash = hash
    }
}
