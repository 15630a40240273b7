public import Ethereum
public import Market

/// What `GET /options` can narrow by; absent fields do not narrow. Options whose take was undone are never listed.
public struct OptionFilter: Sendable, Hashable {
    /// Who owns the position.
    public var holder: Address?
    /// Who wrote the offer.
    public var writer: Address?
    /// Either of the two.
    public var party: Address?
    /// The token the option is on.
    public var underlying: Address?
    /// Whether it was paid out.
    public var settled: Bool?
    /// Keeps options that expire before this moment, unix seconds.
    public var expiringBefore: UInt64?

    /// Everything.
    public init() {}
}

/// One page of options in ascending tokenId.
public struct OptionListing: Sendable {
    /// The options.
    public let options: [OptionState]
    /// The tokenId to go on after; nil at the end.
    public let nextToken: UInt256?
    /// The log's head that the page reflects.
    public let headSeq: UInt64

    /// A page, complete at `headSeq`.
    public init(options: [OptionState], nextToken: UInt256?, headSeq: UInt64) {
        self.options = options
        self.nextToken = nextToken
        self.headSeq = headSeq
    }
}

/// Stored options, as routes need them. `Store` is its one implementation.
public protocol OptionStore: Sendable {
    /// The option of this id, also one whose take was undone.
    func option(_ tokenId: UInt256) async throws -> OptionState?
    /// The options that `filter` keeps, in ascending tokenId after `token`, at most `limit`.
    func options(matching filter: OptionFilter, after token: UInt256?, limit: Int) async throws -> OptionListing
}

/// Options and their settlements as they stand at one moment, as the hub needs them. `Store` is its one implementation.
public protocol PositionStore: OptionStore {
    /// What there is of `tokenIds`, from one snapshot.
    func positions(of tokenIds: [UInt256]) async throws -> Positions
}

/// Some options and their settlements at one moment.
public struct Positions: Sendable {
    /// The options, also those whose take was undone; in ascending tokenId.
    public let options: [OptionState]
    /// Their settlements; in ascending tokenId.
    public let settlements: [StoredSettlement]
    /// The log's head that they reflect.
    public let headSeq: UInt64

    /// What was read, complete at `headSeq`.
    public init(options: [OptionState], settlements: [StoredSettlement], headSeq: UInt64) {
        self.options = options
        self.settlements = settlements
        self.headSeq = headSeq
    }
}
