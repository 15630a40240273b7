public import Market

/// Asks tokens what writers own of them and let the protocol's contract move. `Chain` is its one implementation.
public protocol FundsNode: Sendable {
    /// One answer a pair, in order.
    /// - Parameter block: what the chain is asked as of; nil: its newest block.
    /// - Throws: when no node answers, or the block is no more what it was.
    func funds(of pairs: [FundingPair], at block: FundsBlock?) async throws -> [FundsAnswer]
}

/// What a token says.
public enum FundsAnswer: Sendable, Hashable {
    /// What the writer has.
    case funds(Funds)
    /// It cannot be asked: a sentence that says why.
    case unknown(String)
    /// The node did not answer for this one; what was found last stands.
    case unanswered
}
