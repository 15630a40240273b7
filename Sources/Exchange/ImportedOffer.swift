public import Market

/// A signed offer that another service, or this one in an earlier life, had accepted.
public struct ImportedOffer: Sendable {
    /// How it ended there for good.
    public enum End: Sendable, Hashable {
        /// Its writer withdrew it.
        case cancelled
        /// Its deadline passed.
        case expired
    }

    /// The offer, its signature verified again.
    public let signed: SignedOffer
    /// When it was accepted there, µs since 1970: what cancels by time are compared with. It enters this log later.
    /// Nil where nobody knows; a new offer then counts as older than any cancel.
    public let acceptedAtMicros: Int64?
    /// Nil while it could be taken there.
    public let end: End?

    /// An offer accepted elsewhere at `acceptedAtMicros`; what ended there is never open here.
    public init(signed: SignedOffer, acceptedAtMicros: Int64?, end: End?) {
        self.signed = signed
        self.acceptedAtMicros = acceptedAtMicros
        self.end = end
    }
}
