import Ethereum
import Testing

@Suite struct AddressTests {
    /// The test cases of EIP-55: all capitals, all lower case, mixed.
    static let listed = [
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
        "0xde709f2102306220921060314715629080e2fb77",
        "0x27b1fdb04752bbc536007a920d24acb045561c26",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    ]

    @Test(arguments: listed)
    func `the addresses of EIP-55 are written with their checksum and read in any of three cases`(text: String) throws {
        let digits = text.dropFirst(2)
        let address = try Address.parse(text)
        #expect(address.checksummed == text)
        #expect("\(address)" == text)
        #expect(address.hex == "0x" + digits.lowercased())
        #expect(try Address.parse("0x" + digits.lowercased()) == address)
        #expect(try Address.parse("0x" + digits.uppercased()) == address)
        let bytes = try #require(Hex.decode(text))
        #expect(Address(bytes: bytes) == address)
    }

    @Test(arguments: listed.suffix(4))
    func `one letter in the wrong case is a wrong checksum`(text: String) {
        for index in text.utf8.indices.dropFirst(2) {
            var ascii = Array(text.utf8)
            let offset = text.utf8.distance(from: text.utf8.startIndex, to: index)
            guard ascii[offset] >= 0x40 else { continue }
            ascii[offset] ^= 0x20
            #expect(throws: AddressError.checksum) { try Address.parse(ascii[...]) }
        }
        #expect(throws: AddressError.checksum) {
            try Address.parse(
                "0x" + text.dropFirst(2).map { $0.isLowercase ? $0.uppercased() : $0.lowercased() }.joined())
        }
    }

    @Test(arguments: [
        ("", AddressError.notHex), ("0x", .length), ("5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", .notHex),
        ("0X5aaeb6053f3e94c9b9a09f33669435e7ef1beaed", .notHex), ("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beae", .length),
        ("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed0", .length),
        ("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaeg", .notHex),
        ("0x+aaeb6053f3e94c9b9a09f33669435e7ef1beaed", .notHex),
        ("0x5aaeb6053f3e94c9b9a09f33669435e7ef1bea d", .notHex),
        ("0x1234", .length), ("0x12zz", .notHex), (" 0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed", .notHex),
        ("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed ", .notHex),
        ("0x٣aaeb6053f3e94c9b9a09f33669435e7ef1beae", .notHex),
    ])
    func `anything else says what is wrong with it`(text: String, error: AddressError) {
        #expect(throws: error) { try Address.parse(text) }
    }

    @Test func `addresses go there and back and sort by their bytes`() throws {
        var random = SplitMix(state: 4)
        var addresses: [Address] = [.zero]
        for _ in 0..<500 {
            let bytes = random.bytes(20)
            let address = try #require(Address(bytes: bytes))
            #expect(address.array == bytes)
            #expect(try Address.parse(address.checksummed) == address)
            #expect(ABI.word(address).array == [UInt8](repeating: 0, count: 12) + bytes)
            #expect(Address(word: ABI.word(address)) == address)
            addresses.append(address)
        }
        #expect(addresses.sorted() == addresses.sorted { $0.array.lexicographicallyPrecedes($1.array) })
        #expect(Set(addresses).count == addresses.count)
        #expect(Address.zero.isZero && !addresses[1].isZero)
        for count in [0, 19, 21, 32] { #expect(Address(bytes: [UInt8](repeating: 1, count: count)) == nil) }
    }

    @Test(arguments: [0, 11])
    func `a word with anything before the address is none`(place: Int) {
        var word = [UInt8](repeating: 0, count: 12) + [UInt8](repeating: 0xab, count: 20)
        word[place] = 1
        #expect(Bytes32(bytes: word).flatMap { Address(word: $0) } == nil)
    }
}
