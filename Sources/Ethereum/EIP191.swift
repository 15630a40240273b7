/// EIP-191's version 0x45, `personal_sign`: a message signed by a wallet with Ethereum's prefix before it.
public enum EIP191 {
    private static let prefix = Array("\u{19}Ethereum Signed Message:\n".utf8)

    /// keccak256(prefix ‖ the message's length in decimal ‖ the message): what `personal_sign` signs.
    public static func digest(message: [UInt8]) -> Bytes32 {
        var hash = Keccak256()
        hash.update(prefix)
        hash.update(Array(String(message.count).utf8))
        hash.update(message)
        return hash.finalize()
    }

    /// What `eth_sign` signs when it is handed a digest: the digest's 32 bytes as the message.
    public static func digest(ofDigest digest: Bytes32) -> Bytes32 {
        self.digest(message: digest.array)
    }
}
