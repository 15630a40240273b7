public import Ethereum
public import Market

/// What `GET /offers` can narrow by; absent fields do not narrow.
public struct OfferFilter: Sendable, Hashable {
    public var writer: Address?
    public var underlying: Address?
    public var stablecoin: Address?
    public var isCall: Bool?
    public var status: OfferStatus?
    /// Keep offers whose range of days overlaps the asked one.
    public var minDuration: UInt16?
    public var maxDuration: UInt16?
    /// Keeps offers accepted after this moment, µs since 1970.
    public var createdAfterMicros: Int64?
    /// Keeps offers that one of these names, by any of the three hashes.
    public var hashes: [Bytes32]?

    /// Everything.
    public init() {}
}

/// One page of a listing in ascending `seq`.
public struct OfferListing: Sendable {
    public let offers: [OfferState]
    /// The `seq` to go on after; nil at the end.
    public let nextSeq: UInt64?
    /// The log's head that the page reflects and when it was committed, µs since 1970.
    public let headSeq: UInt64
    public let headAtMicros: Int64

    /// A page of `offers`, complete at `headSeq`.
    public init(offers: [OfferState], nextSeq: UInt64?, headSeq: UInt64, headAtMicros: Int64) {
        self.offers = offers
        self.nextSeq = nextSeq
        self.headSeq = headSeq
        self.headAtMicros = headAtMicros
    }
}
