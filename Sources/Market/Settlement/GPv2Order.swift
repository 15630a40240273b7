public import Ethereum

/// An order of CoW Protocol as its settlement contract hashes it: a sale of a whole amount, both balances plain ERC-20.
/// Source: `GPv2Order.sol` of github.com/cowprotocol/contracts.
public struct GPv2Order: Sendable, Hashable {
    /// The EIP-712 type. `kind` and the balances are strings here although the contract keeps hashes of them.
    public static let type =
        "Order(address sellToken,address buyToken,address receiver,uint256 sellAmount,uint256 buyAmount,uint32 validTo,"
        + "bytes32 appData,uint256 feeAmount,string kind,bool partiallyFillable,string sellTokenBalance,"
        + "string buyTokenBalance)"
    /// keccak256 of `type`.
    public static let typeHash = Ethereum.typeHash(type)
    /// The settlement contract, at one address on every chain that CoW Protocol serves.
    public static let settlementContract =
        Address(word: Bytes32(hex: "0x0000000000000000000000009008d19f58aabd9ed0d60971565aa8510560ab41") ?? .zero)
        ?? .zero
    /// The only kind made here.
    public static let kind = "sell"
    /// The only balance used here.
    public static let balance = "erc20"

    private static let kindHash = Keccak256.hash(utf8: kind)
    private static let balanceHash = Keccak256.hash(utf8: balance)

    /// What is sold.
    public let sellToken: Address
    /// What is bought.
    public let buyToken: Address
    /// Who gets what was bought; zero stands for the owner.
    public let receiver: Address
    /// How much is sold, in `sellToken`'s smallest unit.
    public let sellAmount: UInt256
    /// The least it must bring, in `buyToken`'s smallest unit.
    public let buyAmount: UInt256
    /// Unix seconds, the last at which it can fill.
    public let validTo: UInt32
    /// keccak256 of the document that goes along.
    public let appData: Bytes32
    /// A fee signed into the order; CoW takes none any more.
    public let feeAmount: UInt256
    /// Whether it may be filled piece by piece.
    public let partiallyFillable: Bool

    /// An order of its fields.
    public init(
        sellToken: Address, buyToken: Address, receiver: Address, sellAmount: UInt256, buyAmount: UInt256,
        validTo: UInt32, appData: Bytes32, feeAmount: UInt256 = .zero, partiallyFillable: Bool = false
    ) {
        self.sellToken = sellToken
        self.buyToken = buyToken
        self.receiver = receiver
        self.sellAmount = sellAmount
        self.buyAmount = buyAmount
        self.validTo = validTo
        self.appData = appData
        self.feeAmount = feeAmount
        self.partiallyFillable = partiallyFillable
    }

    /// The signing domain on a chain.
    public static func domain(chainId: UInt256) -> EIP712Domain {
        EIP712Domain(
            name: "Gnosis Protocol", version: "v2", chainId: chainId, verifyingContract: settlementContract)
    }

    /// EIP-712 `hashStruct`.
    public func structHash() -> Bytes32 {
        var hash = Keccak256()
        hash.update(Self.typeHash)
        hash.update(ABI.word(sellToken))
        hash.update(ABI.word(buyToken))
        hash.update(ABI.word(receiver))
        hash.update(ABI.word(sellAmount))
        hash.update(ABI.word(buyAmount))
        hash.update(ABI.word(validTo))
        hash.update(appData)
        hash.update(ABI.word(feeAmount))
        hash.update(Self.kindHash)
        hash.update(ABI.word(partiallyFillable))
        hash.update(Self.balanceHash)
        hash.update(Self.balanceHash)
        return hash.finalize()
    }

    /// The digest under which the order is known on a chain.
    public func hash(in domain: EIP712Domain) -> Bytes32 { domain.digest(structHash: structHash()) }
}

/// An order's id at CoW: digest ‖ owner ‖ validTo big-endian, 56 bytes.
public struct OrderUID: Sendable, Hashable {
    /// How many bytes there are.
    public static let count = 56

    /// The order's digest.
    public let orderHash: Bytes32
    /// Whose tokens are sold.
    public let owner: Address
    /// Unix seconds, the last at which the order can fill.
    public let validTo: UInt32

    /// The id of the order with this digest.
    public init(orderHash: Bytes32, owner: Address, validTo: UInt32) {
        self.orderHash = orderHash
        self.owner = owner
        self.validTo = validTo
    }

    /// Exactly 56 bytes, else nil.
    public init?(bytes: some Collection<UInt8>) {
        let bytes = Array(bytes)
        guard bytes.count == Self.count, let orderHash = Bytes32(bytes: bytes[..<32]),
            let owner = Address(bytes: bytes[32..<52])
        else { return nil }
        self.init(orderHash: orderHash, owner: owner, validTo: bytes[52...].reduce(0) { $0 << 8 | UInt32($1) })
    }

    /// `0x` and exactly 112 hex digits of either case, else nil.
    public init?(hex: some Collection<UInt8>) {
        guard let bytes = Hex.decode(Array(hex), maxBytes: Self.count) else { return nil }
        self.init(bytes: bytes)
    }

    /// The 56 bytes.
    public var bytes: [UInt8] {
        orderHash.array + owner.array + withUnsafeBytes(of: validTo.bigEndian, Array.init)
    }

    /// Lower-case hex with `0x`.
    public var hex: String { Hex.encode(bytes) }
}

extension OrderUID: CustomStringConvertible {
    /// Lower-case hex with `0x`.
    public var description: String { hex }
}
