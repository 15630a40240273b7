import Ethereum
import Testing

@Suite struct KeccakTests {
    @Test(arguments: [
        ("", "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"),
        ("abc", "0x4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"),
        (
            "The quick brown fox jumps over the lazy dog",
            "0x4d741b6f1eb29cb2a9b9911c82f56fa8d73b04959d3d9d222895df6c0b28aa15"
        ),
    ])
    func `texts have their known hashes`(text: String, hash: String) {
        #expect(Keccak256.hash(utf8: text).hex == hash)
    }

    /// Bytes 0, 1, … 250, 0, … hashed by pycryptodome 3.24.1; lengths around the ends of words and blocks.
    @Test(arguments: [
        (1, "bc36789e7a1e281436464229828f817d6612f7b477d66591ff96a9e064bcc98a"),
        (8, "59e7c99f6be4fd053d7c99f54e371304a33213473dc41f1825b7f3ceb33841a6"),
        (31, "3e50547cf72e8583ee91462f9d99fe624f53282f78e1a5ec2347b1d0123d0d9b"),
        (32, "8ae1aa597fa146ebd3aa2ceddf360668dea5e526567e92b0321816a4e895bd2d"),
        (55, "797f92d5e159d80a886c0a7802a255b475a1e8e473e8cf4345144824a2aee79c"),
        (64, "002030bde3d4cf89919649775cd71875c4d0ab1708a380e03fefc3a28aa24831"),
        (65, "64578d7b8ae53c452c57b27375f3827854a7ead6448dc566d77a6673701f50d3"),
        (72, "0c478a57041f7910bdbeef2ab6286eb293068cad92c797e265cb46f3ee8801b7"),
        (134, "861e165162f806cd361c4421a48f205820ddf4deb02db9f041f48e179ddada97"),
        (135, "cbdfd9dee5faad3818d6b06f95a219fd290b0e1706f6a82e5a595b9ce9faca62"),
        (136, "7ce759f1ab7f9ce437719970c26b0a66ff11fe3e38e17df89cf5d29c7d7f807e"),
        (137, "ac73d4fae68b8453f764007c1a20ce95994187861f0c3227a3a8e99a73a3b1db"),
        (200, "bfb0aa97863e797943cf7c33bb7e880bb4543f3d2703c0923c6901c2af57b890"),
        (271, "27eceb59ebc3dc8a04a5b135be641591a7278540e4556a2ba9f408194e666ec3"),
        (272, "8e2476e65823b24d96ebe239f2c1534cdf763e689e2410c3b1cb0c74e6177bfc"),
        (273, "3f02f134370e4debb95140ef49ddd3aed8c65ff1ed83a43f1b269421f179c5f9"),
        (1000, "af692982e84a5a9688359025660a7857cd28ee7c8d867cfa1677baf2e6d1f63b"),
        (100_000, "6471ac9ab04fbc0d56ac61af4d291f678837a91f8e5d581a2a921d242234b6c7"),
    ])
    func `lengths around words and blocks have their known hashes`(count: Int, hash: String) {
        let bytes = (0..<count).map { UInt8($0 % 251) }
        #expect(Keccak256.hash(bytes).hex == "0x" + hash)
        #expect(Keccak256.hash(([9] + bytes)[1...]).hex == "0x" + hash)
    }

    @Test func `how the bytes are split makes no difference`() throws {
        var random = SplitMix(state: 3)
        for _ in 0..<300 {
            let bytes = random.bytes(Int.random(in: 0...500, using: &random))
            var sponge = Keccak256()
            var rest = bytes[...]
            while !rest.isEmpty {
                if rest.count >= 32, Bool.random(using: &random) {
                    sponge.update(try #require(Bytes32(bytes: rest.prefix(32))))
                    rest = rest.dropFirst(32)
                } else {
                    let count = Int.random(in: 0...min(rest.count, 150), using: &random)
                    sponge.update(rest.prefix(count))
                    rest = rest.dropFirst(count)
                }
            }
            #expect(sponge.finalize() == Keccak256.hash(bytes))
        }
    }

    @Test func `a hash may be taken on the way`() {
        var sponge = Keccak256()
        sponge.update(Array("ab".utf8))
        #expect(sponge.finalize() == Keccak256.hash(utf8: "ab"))
        sponge.update(Array("c".utf8))
        #expect(sponge.finalize() == Keccak256.hash(utf8: "abc"))
    }
}
