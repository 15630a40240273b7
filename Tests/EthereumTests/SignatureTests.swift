import Ethereum
import Testing

@Suite struct SignatureTests {
    static let cancelDigest = EIP712Tests.word("0x40f88a4b5e8952e2625abdd37aa034307988d78743df29a0a00f02f891e08d92")
    /// Made by eth-account with the key 0x22 × 32.
    static let cancel = bytes(
        "0x63aec5b954000556ec2ccc203d30c546293b61fadfaba7767f371e91dfde5bfc"
            + "1f03f5f3a38f2755eedc86b1e04bd433dd6fc0a22bd7f0d6360b3ce82852dc191b")
    static let order = bytes("0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141")
    static let half = bytes("0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0")

    static func bytes(_ hex: String) -> [UInt8] { Hex.decode(hex) ?? [] }

    @Test func `the known cancel is signed and recovered`() throws {
        let key = try PrivateKey(bytes: [UInt8](repeating: 0x22, count: 32))
        #expect(key.address.checksummed == "0x1563915e194D8CfBA1943570603F7606A3115508")
        #expect(key.sign(digest: Self.cancelDigest).bytes65 == Self.cancel)
        let signature = try Signature(parsing: Self.cancel)
        #expect(try signature.recover(digest: Self.cancelDigest) == key.address)
        #expect(try signature.recover(digest: .zero) != key.address)
    }

    /// The two examples of EIP-2098.
    @Test(arguments: [
        (
            "Hello World", UInt8(27),
            "0x68a020a209d3d56c46f38cc50a33f704f4a9a10a59377f8dd762ac66910e9b90"
                + "7e865ad05c4035ab5792787d4a0297a43617ae897930a6fe4d822b8faea52064"
        ),
        (
            "It's a small(er) world", 28,
            "0x9328da16089fcba9bececa81663203989f2df5fe1faa6291a45381c81bd17f76"
                + "939c6d6b623b42da56557e5e734a43dc83345ddfadec52cbe24d0cc64f550793"
        ),
    ])
    func `compact signatures are those of EIP-2098`(message: String, v: UInt8, compact: String) throws {
        let key = try PrivateKey(bytes: Self.bytes("0x" + String(repeating: "1234567890", count: 6) + "1234"))
        let digest = EIP191.digest(message: Array(message.utf8))
        let signature = try Signature(parsing: Self.bytes(compact))
        #expect(signature == key.sign(digest: digest))
        #expect(signature.v == v)
        #expect(try signature.recover(digest: digest) == key.address)
        #expect(Hex.encode(signature.compact64) == compact)
        #expect(try Signature(parsing: signature.bytes65) == signature)
    }

    @Test(arguments: [0, 1, 32, 63, 66, 96, 130, 1 << 20])
    func `no other length is a signature`(count: Int) {
        let bytes = Array(repeatElement(Self.cancel, count: count / 65 + 1).joined().prefix(count))
        #expect(throws: SignatureError.length(count)) { try Signature(parsing: bytes) }
    }

    @Test func `v is 27, 28, 0 or 1`() throws {
        for v in UInt8.min ... .max {
            let bytes = Self.cancel.dropLast() + [v]
            switch v {
            case 0, 1: #expect(try Signature(parsing: Array(bytes)).bytes65.last == v + 27)
            case 27, 28: #expect(try Signature(parsing: Array(bytes)).v == v)
            default: #expect(throws: SignatureError.recoveryId(v)) { try Signature(parsing: Array(bytes)) }
            }
        }
    }

    static let outOfRange: [(r: [UInt8], s: [UInt8], error: SignatureError)] = {
        let (r, s) = (Array(cancel[..<32]), Array(cancel[32..<64]))
        let zero = [UInt8](repeating: 0, count: 32)
        let ones = [UInt8](repeating: 0xff, count: 32)
        return [
            (zero, s, .zero), (r, zero, .zero), (zero, zero, .zero),
            (order, s, .outOfRange), (r, order, .outOfRange), (ones, s, .outOfRange), (r, ones, .outOfRange),
            (r, half.dropLast() + [0xa1], .highS), (r, order.dropLast() + [0x40], .highS),
        ]
    }()

    @Test(arguments: outOfRange)
    func `r and s out of range are refused with an error of their own`(r: [UInt8], s: [UInt8], error: SignatureError) {
        #expect(throws: error) { try Signature(parsing: r + s + [27]) }
        #expect(throws: error) { try Signature(parsing: r + s + [1]) }
    }

    @Test func `the edges of the range are accepted`() throws {
        let one = [UInt8](repeating: 0, count: 31) + [1]
        let last = Array(Self.order.dropLast()) + [0x40]
        for (r, s) in [(one, one), (one, Self.half), (last, Self.half)] {
            for v in [27, 28] as [UInt8] {
                let signature = try Signature(parsing: r + s + [v])
                #expect(signature.bytes65 == r + s + [v])
                #expect(try Signature(parsing: signature.compact64) == signature)
                _ = try? signature.recover(digest: Self.cancelDigest)
            }
        }
    }

    @Test func `the other form of a good signature is refused as high`() throws {
        let s = try #require(Bytes32(bytes: Self.cancel[32..<64]))
        let order = try #require(Bytes32(bytes: Self.order))
        let twin = UInt256(order).subtractingReportingOverflow(UInt256(s)).partialValue.bigEndian.array
        #expect(throws: SignatureError.highS) { try Signature(parsing: Self.cancel[..<32] + twin + [28]) }
        // In the compact form the top bit is the parity, so what is left of a high s is some other number.
        var compact = Array(Self.cancel[..<32] + twin)
        compact[32] |= 0x80
        if let signature = try? Signature(parsing: compact) {
            #expect(
                try signature.recover(digest: Self.cancelDigest)
                    != PrivateKey(bytes: [UInt8](repeating: 0x22, count: 32)).address)
        }
    }

    @Test func `an r that is no point's coordinate names no signer`() throws {
        // x = 5 is on no point of the curve: 5³ + 7 = 132 is no square modulo p.
        let r = [UInt8](repeating: 0, count: 31) + [5]
        let signature = try Signature(parsing: r + Self.half + [27])
        #expect(throws: SignatureError.unrecoverable) { try signature.recover(digest: Self.cancelDigest) }
    }

    /// 300,000 signatures, or what a slow machine gets through in half a minute.
    @Test func `no bytes from outside end the process`() {
        var random = SplitMix(state: 2098)
        let clock = ContinuousClock()
        let deadline = clock.now + .seconds(30)
        var (tried, recovered) = (0, 0)
        while tried < 300_000, tried < 10_000 || clock.now < deadline {
            tried += 1
            let bytes = Self.mutation(tried, &random)
            guard let signature = try? Signature(parsing: bytes) else { continue }
            for form in [signature.bytes65, signature.compact64] where (try? Signature(parsing: form)) != signature {
                Issue.record("\(Hex.encode(bytes)) changes its form")
            }
            guard tried % 8 < 4 else { continue }
            if (try? signature.recover(digest: signature.r)) != nil { recovered += 1 }
        }
        #expect(recovered > 1000)
    }

    /// Random bytes, a good signature with some bits changed, and edges of the range with a random byte.
    static func mutation(_ turn: Int, _ random: inout SplitMix) -> [UInt8] {
        switch turn % 4 {
        case 0: return random.bytes(Int(random.next() % 130))
        case 1: return random.bytes(64 + Int(random.next() % 2))
        case 2:
            var bytes = cancel
            for _ in 0...random.next() % 4 { bytes[Int(random.next() % 65)] ^= UInt8(1) << (random.next() % 8) }
            return bytes
        default:
            let edges = [order, half, [UInt8](repeating: 0, count: 32), [UInt8](repeating: 0xff, count: 32)]
            var bytes = edges[Int(random.next() % 4)] + edges[Int(random.next() % 4)] + [UInt8(random.next() % 30)]
            bytes[Int(random.next() % 65)] = UInt8(truncatingIfNeeded: random.next())
            return bytes
        }
    }
}
