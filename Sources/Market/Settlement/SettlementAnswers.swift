public import Ethereum

/// What became of sending an order to CoW.
public enum SendAnswer: Sendable, Hashable {
    /// CoW took an order and said its id.
    case accepted([UInt8])
    /// CoW has this order already.
    case duplicated
    /// The contract does not confirm the signature: it may not be mined yet.
    case notYetValid(String)
    /// CoW will not take this order. Its kind of error and its words.
    case refused(kind: String, words: String)
    /// Nobody knows: no answer, or one that says nothing.
    case unclear(String)
}

/// What CoW says of an order when asked by its id.
public enum LookUpAnswer: Sendable, Hashable {
    /// It is there and may fill.
    case open
    /// It filled and brought this much, where CoW says.
    case fulfilled(executedBuyAmount: UInt256?)
    /// Its owner withdrew it.
    case cancelled
    /// Its validTo passed.
    case expired
    /// CoW does not know it.
    case notFound
    /// The answer is about another order.
    case foreign(String)
    /// Nobody knows: no answer, or one that says nothing.
    case unclear(String)
}

/// What the worker does next for an order.
public enum SettlementAction: Sendable, Hashable {
    /// Send it; the send is counted already.
    case send(SettlementProposal, signature: [UInt8])
    /// Ask for it by its id.
    case lookUp(OrderUID)
    /// Nothing now.
    case wait
}
