import Ethereum
import Testing

@Suite struct PrivateKeyTests {
    @Test(arguments: [0, 1, 31, 33, 64])
    func `a key has 32 bytes`(count: Int) {
        #expect(throws: PrivateKey.KeyError.length(count)) {
            try PrivateKey(bytes: [UInt8](repeating: 1, count: count))
        }
    }

    @Test(arguments: [
        [UInt8](repeating: 0, count: 32), SignatureTests.order, [UInt8](repeating: 0xff, count: 32),
    ])
    func `a key is above 0 and below the curve's order`(bytes: [UInt8]) {
        #expect(throws: PrivateKey.KeyError.outOfRange) { try PrivateKey(bytes: bytes) }
    }

    @Test(arguments: [
        ([UInt8](repeating: 0, count: 31) + [1], "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"),
        (
            Hex.decode("0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80") ?? [],
            "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
        ),
        (Array(SignatureTests.order.dropLast()) + [0x40], "0x80C0dbf239224071c59dD8970ab9d542E3414aB2"),
    ])
    func `keys have their known addresses`(bytes: [UInt8], address: String) throws {
        #expect(try PrivateKey(bytes: bytes).address.checksummed == address)
    }

    @Test func `new keys differ and sign what they alone can have signed`() throws {
        var addresses: Set<Address> = []
        for count in UInt64(0)..<50 {
            let key = PrivateKey.generate()
            addresses.insert(key.address)
            let digest = ABI.word(count)
            let signature = key.sign(digest: digest)
            #expect(try signature.recover(digest: digest) == key.address)
            #expect(key.sign(digest: digest) == signature)
        }
        #expect(addresses.count == 50)
    }

    @Test func `a key never shows its number`() throws {
        let key = try PrivateKey(bytes: [UInt8](repeating: 0x22, count: 32))
        var dumped = ""
        dump(key, to: &dumped)
        for text in ["\(key)", String(reflecting: key), dumped, String(describing: Optional(key))] {
            #expect(!text.contains("2222") && text.contains("1563915e194D8CfBA1943570603F7606A3115508"))
        }
    }
}
