/// ERC-6492: a signature of a wallet that may not be deployed yet, with the call that deploys it:
/// `abi.encode(address factory, bytes factoryCall, bytes signature) ‖ suffix`.
public struct ERC6492: Sendable, Hashable {
    /// It has the suffix but not the form.
    public struct Broken: Error, Sendable, Hashable {}

    /// `6492`, sixteen times.
    public static let suffix: [UInt8] = (0..<32).map { $0.isMultiple(of: 2) ? 0x64 : 0x92 }

    /// Who deploys the wallet.
    public let factory: Address
    /// What it is called with.
    public let factoryCall: [UInt8]
    /// What the wallet itself is asked about.
    public let signature: [UInt8]

    /// Takes a signature apart; nil when it has no suffix.
    public init?(_ bytes: [UInt8]) throws(Broken) {
        guard bytes.count >= 32, bytes.suffix(32).elementsEqual(Self.suffix) else { return nil }
        let body = bytes.dropLast(32)
        guard let first = Bytes32(bytes: body.prefix(32)), let factory = Address(word: first),
            let call = Self.tail(of: body, word: 1), let signature = Self.tail(of: body, word: 2)
        else { throw Broken() }
        self.factory = factory
        self.factoryCall = call
        self.signature = signature
    }

    /// The bytes that the offset in a word of the head leads to; nil when they do not lie within `body`.
    private static func tail(of body: ArraySlice<UInt8>, word: Int) -> [UInt8]? {
        guard let offset = integer(in: body, at: 32 * word), let count = integer(in: body, at: offset),
            count <= body.count - offset - 32
        else { return nil }
        let start = body.startIndex + offset + 32
        return Array(body[start..<(start + count)])
    }

    /// The word at an offset, when it is a place or length within `body`.
    private static func integer(in body: ArraySlice<UInt8>, at offset: Int) -> Int? {
        guard offset <= body.count - 32 else { return nil }
        let start = body.startIndex + offset
        guard let word = Bytes32(bytes: body[start..<(start + 32)]), let value = UInt256(word).asUInt64,
            value <= UInt64(body.count)
        else { return nil }
        return Int(value)
    }
}
