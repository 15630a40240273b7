public import Ethereum
public import Market

/// What `GET /offers` can narrow by; absent fields do not narrow.
public struct OfferFilter: Sendable, Hashable {
    /// Whose offers.
    public var writer: Address?
    /// The token that options are written on.
    public var underlying: Address?
    /// What premiums are paid in.
    public var stablecoin: Address?
    /// Calls or puts.
    public var isCall: Bool?
    /// What became of it.
    public var status: OfferStatus?
    /// Keep offers whose range of days overlaps the asked one.
    public var minDuration: UInt16?
    /// See `minDuration`.
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
    /// The offers, in ascending `seq`.
    public let offers: [OfferState]
    /// The `seq` to go on after; nil at the end.
    public let nextSeq: UInt64?
    /// The log's head that the page reflects and when it was committed, µs since 1970.
    public let headSeq: UInt64
    /// When that head was committed, µs since 1970.
    public let headAtMicros: Int64

    /// A page of `offers`, complete at `headSeq`.
    public init(offers: [OfferState], nextSeq: UInt64?, headSeq: UInt64, headAtMicros: Int64) {
        self.offers = offers
        self.nextSeq = nextSeq
        self.headSeq = headSeq
        self.headAtMicros = headAtMicros
    }
}
