/// One `eth_call` that asks an ERC-20 token for an owner's balance and for what the owner lets a spender move.
///
/// The call has no `to`: its data is creation code of our own (FundsProbe.easm, assembled by `assemble`) that is run and
/// never deployed. The token is called from inside it, with so much gas and no more, and of what it returns one word is
/// looked at. So whatever a token does (revert, burn its gas, return megabytes), the call itself succeeds with 224 bytes,
/// and an error is always the node's.
public struct FundsProbe: Sendable, Hashable {
    /// Gas for each of the two calls: several times what proxied and rebasing tokens take.
    static let tokenGas: UInt64 = 250_000
    /// Gas for the call's data, the probe itself and what EIP-150 holds back.
    private static let ownGas: UInt64 = 300_000
    /// `balanceOf(address)`
    private static let balanceOf: [UInt8] = [0x70, 0xa0, 0x82, 0x31]
    /// `allowance(address,address)`
    private static let allowance: [UInt8] = [0xdd, 0x62, 0xed, 0x3e]

    /// Creation code and its arguments: the `data` of a call without `to`.
    public let data: [UInt8]
    /// The `gas` of the call.
    public let gas: UInt64

    /// Asks `token` about what `owner` has and lets `spender` move.
    public init(token: Address, owner: Address, spender: Address) {
        var arguments = ABIEncoder(capacity: 2)
        arguments.append(ABI.word(token))
        arguments.append(ABI.word(Self.tokenGas))
        let balanceCall = Self.balanceOf + ABI.word(owner).array
        let allowanceCall = Self.allowance + ABI.word(owner).array + ABI.word(spender).array
        data =
            Self.code + arguments.bytes + balanceCall + [UInt8](repeating: 0, count: 64 - balanceCall.count)
            + allowanceCall
        gas = Self.ownGas + 2 * Self.tokenGas
    }

    /// What the probe found.
    public enum Answer: Sendable, Hashable {
        /// The token answered both questions with exactly one word.
        case funds(balance: UInt256, allowance: UInt256)
        /// It answered anything else.
        case garbled
        /// There is no code at the address.
        case noCode
    }

    /// Reads what the call returned; nil when it is no answer of the probe.
    public static func answer(_ bytes: [UInt8]) -> Answer? {
        guard bytes.count == 224 else { return nil }
        let words = stride(from: 0, to: 224, by: 32).compactMap { Bytes32(bytes: bytes[$0..<($0 + 32)]) }
        guard words.count == 7 else { return nil }
        if words[0].isZero { return .noCode }
        let isExact = [1, 4].allSatisfy { words[$0] == ABI.word(true) && words[$0 + 1] == ABI.word(UInt64(32)) }
        return isExact ? .funds(balance: UInt256(words[3]), allowance: UInt256(words[6])) : .garbled
    }

    private static let code = Hex.decode("0x" + bytecode) ?? []
    private static let bytecode = """
        6049380360496000396000513b61010052602061016060246040600051602051fa610120523d6101405260206101c060\
        446080600051602051fa610180523d6101a05260e0610100f3
        """
}
