/// One `eth_call` that asks a contract wallet whether it signed, and deploys it first where the signature says how.
///
/// The call has no `to`: its data is creation code of our own (WalletProbe.easm, assembled by `assemble`) that is run and
/// never deployed. The wallet is called from inside it, with so much gas and no more, and of what it returns one word is
/// looked at. So whatever a wallet does (revert, burn its gas, return megabytes), the call itself succeeds with 128
/// bytes, and an error is always the node's.
public struct WalletProbe: Sendable, Hashable {
    /// Gas for `isValidSignature` unless told: over twice what the dearest wallets in use take (a passkey's curve in
    /// Solidity).
    public static let walletGas: UInt64 = 1_000_000
    /// Gas for the factory of an ERC-6492 signature.
    public static let factoryGas: UInt64 = 3_000_000
    /// Gas for the call's data, the probe itself and what EIP-150 holds back.
    private static let ownGas: UInt64 = 1_000_000

    /// Creation code and its arguments: the `data` of a call without `to`.
    public let data: [UInt8]
    /// The `gas` of the call.
    public let gas: UInt64

    /// Asks `wallet` about `signature` of `digest`, giving it so much gas.
    /// - Throws: `ERC6492.Broken` when the signature has the suffix of ERC-6492 but not its form.
    public init(
        wallet: Address, digest: Bytes32, signature: [UInt8], walletGas: UInt64 = WalletProbe.walletGas
    ) throws(ERC6492.Broken) {
        let wrapped = try ERC6492(signature)
        let call = EIP1271.call(digest: digest, signature: wrapped?.signature ?? signature)
        var arguments = ABIEncoder(capacity: 5)
        arguments.append(ABI.word(wallet))
        arguments.append(ABI.word(wrapped?.factory ?? .zero))
        arguments.append(ABI.word(walletGas))
        arguments.append(ABI.word(Self.factoryGas))
        arguments.append(ABI.word(UInt64(wrapped?.factoryCall.count ?? 0)))
        data = Self.code + arguments.bytes + (wrapped?.factoryCall ?? []) + call
        gas = Self.ownGas + (wrapped == nil ? walletGas : 2 * walletGas + Self.factoryGas)
    }

    /// What the probe found.
    public enum Answer: Sendable, Hashable {
        /// The wallet has code and answered with exactly the word of EIP-1271.
        case signed
        /// The wallet has code and answered anything else.
        case refused
        /// There is no code at the address, also after the factory was called.
        case noCode
    }

    /// Reads what the call returned; nil when it is no answer of the probe.
    public static func answer(_ bytes: [UInt8]) -> Answer? {
        guard bytes.count == 128, let codeSize = Bytes32(bytes: bytes[0..<32]),
            let success = Bytes32(bytes: bytes[32..<64]), let length = Bytes32(bytes: bytes[64..<96]),
            let word = Bytes32(bytes: bytes[96..<128])
        else { return nil }
        if codeSize.isZero { return .noCode }
        let isExact = success == ABI.word(true) && length == ABI.word(UInt64(32)) && word == EIP1271.magicWord
        return isExact ? .signed : .refused
    }

    private static let code = Hex.decode("0x" + bytecode) ?? []
    private static let bytecode = """
        607738038060776000395b6000513b81526000816060015260208160600160a06080510180840390600051604051fa80\
        82602001523d826040015260203d14168160600151631626ba7e60e01b141660205115176072576000600060805160a0\
        6000602051606051f1506000602052600a565b608090f3
        """
}
