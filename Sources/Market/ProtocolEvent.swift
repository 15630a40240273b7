public import Ethereum

/// What the protocol contract says happened (protocol.md §8), decoded.
public enum ProtocolEvent: Sendable, Hashable {
    /// Somebody took part of an offer: the option `tokenId` exists.
    case optionTaken(OptionTaken)
    /// The option was paid out.
    case optionSettled(tokenId: UInt256, profit: UInt256, settler: Address)
    /// A settlement order was proposed on chain.
    case settlementInitiated(tokenId: UInt256, cowOrderHash: Bytes32, minBuyAmount: UInt256)
    /// The holder approved it on chain.
    case settlementApproved(tokenId: UInt256, approver: Address)
    /// The collateral was sold and paid out.
    case settlementExecuted(tokenId: UInt256, proceedsReceived: UInt256, settler: Address)
    /// A writer withdrew an offer on chain.
    case offerCancelled(offerHash: Bytes32, writer: Address)
    /// ERC-721: the option changed hands.
    case transfer(from: Address, to: Address, tokenId: UInt256)

    /// A take.
    public struct OptionTaken: Sendable, Hashable {
        /// Counted from 1.
        public let tokenId: UInt256
        /// The offer, by any of its three hashes.
        public let offerHash: Bytes32
        /// Who pays the premium.
        public let taker: Address
        /// Collateral taken, in its smallest unit; above 0.
        public let fillAmount: UInt256
        /// The oracle's spot, 8 decimals.
        public let strikePrice: UInt256
        /// Days, 1…65535.
        public let duration: UInt16

        /// A take as the event says it.
        public init(
            tokenId: UInt256, offerHash: Bytes32, taker: Address, fillAmount: UInt256, strikePrice: UInt256,
            duration: UInt16
        ) {
            self.tokenId = tokenId
            self.offerHash = offerHash
            self.taker = taker
            self.fillAmount = fillAmount
            self.strikePrice = strikePrice
            self.duration = duration
        }
    }

    /// The events by their names in the contract.
    public enum Name: String, Sendable, Hashable, CaseIterable {
        case optionTaken = "OptionTaken"
        case optionSettled = "OptionSettled"
        case settlementInitiated = "SettlementInitiated"
        case settlementApproved = "SettlementApproved"
        case settlementExecuted = "SettlementExecuted"
        case offerCancelled = "OfferCancelled"
        case transfer = "Transfer"

        /// The event's signature, whose Keccak-256 is `topic0`.
        public var signature: String {
            switch self {
            case .optionTaken: "OptionTaken(uint256,bytes32,address,uint256,uint256,uint256)"
            case .optionSettled: "OptionSettled(uint256,uint256,address)"
            case .settlementInitiated: "SettlementInitiated(uint256,bytes32,uint256)"
            case .settlementApproved: "SettlementApproved(uint256,address)"
            case .settlementExecuted: "SettlementExecuted(uint256,uint256,address)"
            case .offerCancelled: "OfferCancelled(bytes32,address)"
            case .transfer: "Transfer(address,address,uint256)"
            }
        }

        /// The first topic of its logs.
        public var topic0: Bytes32 { Self.topics[self] ?? .zero }

        /// The event whose logs begin with `topic0`.
        public init?(topic0: Bytes32) {
            guard let name = Self.names[topic0] else { return nil }
            self = name
        }

        /// Topics of a log besides the first, and the 32-byte words of its data.
        var shape: (topics: Int, words: Int) {
            switch self {
            case .optionTaken: (3, 3)
            case .optionSettled: (1, 2)
            case .settlementInitiated: (2, 1)
            case .settlementApproved: (2, 0)
            case .settlementExecuted: (2, 1)
            case .offerCancelled: (2, 0)
            case .transfer: (3, 0)
            }
        }

        private static let topics = Dictionary(uniqueKeysWithValues: allCases.map { ($0, typeHash($0.signature)) })
        private static let names = Dictionary(uniqueKeysWithValues: topics.map { ($0.value, $0.key) })
    }

    /// Which event it is.
    public var name: Name {
        switch self {
        case .optionTaken: .optionTaken
        case .optionSettled: .optionSettled
        case .settlementInitiated: .settlementInitiated
        case .settlementApproved: .settlementApproved
        case .settlementExecuted: .settlementExecuted
        case .offerCancelled: .offerCancelled
        case .transfer: .transfer
        }
    }

    /// The option it is about, nil for a cancel.
    public var tokenId: UInt256? {
        switch self {
        case .optionTaken(let taken): taken.tokenId
        case .optionSettled(let tokenId, _, _), .settlementInitiated(let tokenId, _, _),
            .settlementApproved(let tokenId, _), .settlementExecuted(let tokenId, _, _), .transfer(_, _, let tokenId):
            tokenId
        case .offerCancelled: nil
        }
    }

    /// The hash by which it names an offer, nil when it names none.
    public var namedHash: Bytes32? {
        switch self {
        case .optionTaken(let taken): taken.offerHash
        case .offerCancelled(let offerHash, _): offerHash
        default: nil
        }
    }

    /// Whether it pays the option out.
    public var settles: Bool {
        switch self {
        case .optionSettled, .settlementExecuted: true
        default: false
        }
    }
}
