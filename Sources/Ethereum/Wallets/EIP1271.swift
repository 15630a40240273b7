/// EIP-1271: a contract says whether a signature of a digest is its own.
public enum EIP1271 {
    /// `isValidSignature(bytes32,bytes)`, which is also what a wallet answers when the signature holds.
    public static let magic: [UInt8] = [0x16, 0x26, 0xba, 0x7e]
    /// The magic value as the ABI returns a bytes4: in front of 28 zeros.
    static let magicWord = Bytes32(words: 0x1626_ba7e_0000_0000, 0, 0, 0)

    /// The call's data.
    public static func call(digest: Bytes32, signature: [UInt8]) -> [UInt8] {
        var arguments = ABIEncoder(capacity: 4 + signature.count / 32)
        arguments.append(digest)
        arguments.append(ABI.word(UInt64(64)))
        arguments.append(bytes: signature)
        return magic + arguments.bytes
    }
}
