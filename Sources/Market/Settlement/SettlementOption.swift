public import Ethereum

/// What settling needs to know of an option.
public struct SettlementOption: Sendable, Hashable {
    /// What its offer says; unknown while the offer was not posted here.
    public struct Contract: Sendable, Hashable {
        /// A call, else a put.
        public let isCall: Bool
        /// The token the option is on: what a call's collateral is.
        public let underlying: Address
        /// What it pays in: what a put's collateral is.
        public let stablecoin: Address
        /// Both tokens' decimals; nil where one is unknown.
        public let decimals: SettlementDecimals?

        /// An option's tokens.
        public init(isCall: Bool, underlying: Address, stablecoin: Address, decimals: SettlementDecimals?) {
            self.isCall = isCall
            self.underlying = underlying
            self.stablecoin = stablecoin
            self.decimals = decimals
        }
    }

    /// Its number in the protocol contract.
    public let tokenId: UInt256
    /// Its tokens, where its offer is known.
    public let contract: Contract?
    /// Locked behind it, in the collateral's smallest unit.
    public let collateral: UInt256
    /// The strike, 8 decimals.
    public let strikeE8: UInt256
    /// Unix seconds.
    public let expiry: UInt64
    /// Who owns the position.
    public let holder: Address
    /// Whether enough blocks stand on its event.
    public let isConfirmed: Bool
    /// Whether it was paid out.
    public let isSettled: Bool

    /// An option as it stands.
    public init(
        tokenId: UInt256, contract: Contract?, collateral: UInt256, strikeE8: UInt256, expiry: UInt64, holder: Address,
        isConfirmed: Bool, isSettled: Bool
    ) {
        self.tokenId = tokenId
        self.contract = contract
        self.collateral = collateral
        self.strikeE8 = strikeE8
        self.expiry = expiry
        self.holder = holder
        self.isConfirmed = isConfirmed
        self.isSettled = isSettled
    }
}

/// The clocks by which a settlement is judged.
public struct SettlementClock: Sendable, Hashable {
    /// This service's clock, µs since 1970.
    public let nowMicros: Int64
    /// By which options expire, unix seconds: the chain's time, or the clock where no chain tells.
    public let chainTime: UInt64
    /// Time of the newest confirmed block, unix seconds; nil while none is known.
    public let confirmedTime: UInt64?

    /// The clocks at one moment.
    public init(nowMicros: Int64, chainTime: UInt64, confirmedTime: UInt64?) {
        self.nowMicros = nowMicros
        self.chainTime = chainTime
        self.confirmedTime = confirmedTime
    }

    /// This service's clock in unix seconds.
    public var now: UInt64 { UInt64(clamping: nowMicros / 1_000_000) }
}
