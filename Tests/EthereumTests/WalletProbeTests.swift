import Testing

@testable import Ethereum

/// Encodings compared with eth-abi's.
@Suite struct WalletProbeTests {
    private let digest = Bytes32(bytes: Array(0..<32)) ?? .zero
    private let wallet = Address(bytes: [UInt8](repeating: 0xda, count: 20)) ?? .zero

    @Test(arguments: [
        (
            [UInt8](repeating: 0xaa, count: 65),
            "0x1626ba7e000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f" + word(64) + word(65)
                + String(repeating: "aa", count: 65) + String(repeating: "00", count: 31)
        ),
        (
            [],
            "0x1626ba7e000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f" + word(64) + word(0)
        ),
        (
            [UInt8](repeating: 1, count: 32),
            "0x1626ba7e000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f" + word(64) + word(32)
                + String(repeating: "01", count: 32)
        ),
    ])
    func `A wallet is called as the ABI says`(signature: [UInt8], call: String) {
        #expect(Hex.encode(EIP1271.call(digest: digest, signature: signature)) == call)
    }

    @Test func `The magic value is that of the EIP`() {
        let hash = Keccak256.hash(Array("isValidSignature(bytes32,bytes)".utf8)).array
        #expect(Array(hash.prefix(4)) == EIP1271.magic)
        #expect(EIP1271.magicWord.array == EIP1271.magic + [UInt8](repeating: 0, count: 28))
        #expect(Hex.encode(ERC6492.suffix) == "0x" + String(repeating: "6492", count: 16))
    }

    @Test func `A wrapped signature is taken apart`() throws {
        let found = try #require(try ERC6492(try decoded(wrapped)))
        #expect(found.factory == Address(bytes: [UInt8](repeating: 0xfa, count: 20)))
        #expect(found.factoryCall == [1, 2, 3, 4])
        #expect(found.signature == [UInt8](repeating: 0xbb, count: 66))
        let probe = try WalletProbe(wallet: wallet, digest: digest, signature: try decoded(wrapped))
        let call = EIP1271.call(digest: digest, signature: [UInt8](repeating: 0xbb, count: 66))
        #expect(probe.data.suffix(4 + call.count).elementsEqual([1, 2, 3, 4] + call))
        #expect(probe.gas == 1_000_000 + 2 * WalletProbe.walletGas + WalletProbe.factoryGas)
    }

    @Test(arguments: [
        "0x", "0x" + String(repeating: "6492", count: 15) + "64", "0x" + suffix.dropLast(2) + "93",
        "0x" + String(repeating: "aa", count: 65),
    ])
    func `Without the suffix a signature is the wallet's as it is`(text: String) throws {
        let bytes = try decoded(text)
        #expect(try ERC6492(bytes) == nil)
        #expect(try WalletProbe(wallet: wallet, digest: digest, signature: bytes).gas == 2_000_000)
    }

    @Test(arguments: [
        "0x" + suffix,
        "0x" + factory + suffix,
        "0x" + factory + word(0x60) + suffix,
        // An address with something in front of it.
        "0x01" + factory.dropFirst(2) + word(0x60) + word(0x60) + word(0) + suffix,
        // Offsets and lengths beyond the end, also ones that overflow.
        "0x" + factory + word(0x60) + word(0x61) + word(0) + suffix,
        "0x" + factory + word(0x60) + word(0x60) + word(1) + suffix,
        "0x" + factory + word(0x60) + String(repeating: "f", count: 64) + word(0) + suffix,
        "0x" + factory + word(0x60) + word(0x60) + String(repeating: "f", count: 64) + suffix,
        "0x" + factory + word(0x60) + word(0x60) + "000000000000000000000000000000000000000000000000"
            + "7fffffffffffffff" + suffix,
    ])
    func `A broken wrapping is refused and traps nowhere`(text: String) throws {
        let bytes = try decoded(text)
        #expect(throws: ERC6492.Broken.self) { try ERC6492(bytes) }
    }

    @Test func `Every cut of a wrapped signature is read or refused`() throws {
        let whole = try decoded(wrapped).dropLast(32)
        let signature = try ERC6492(Array(whole) + ERC6492.suffix)?.signature
        for count in 0..<whole.count {
            let cut = Array(whole.prefix(count)) + ERC6492.suffix
            // The padding behind the last value may be missing, as other decoders allow.
            if count < whole.count - 30 {
                #expect(throws: ERC6492.Broken.self) { try ERC6492(cut) }
            } else {
                #expect(try ERC6492(cut)?.signature == signature)
            }
        }
    }

    @Test(
        arguments: [
            (word(562) + word(1) + word(32) + magic, .signed),
            (word(0) + word(1) + word(32) + magic, .noCode),
            (word(562) + word(0) + word(32) + magic, .refused),
            (word(562) + word(1) + word(4) + magic, .refused),
            (word(562) + word(1) + word(31) + magic, .refused),
            (word(562) + word(1) + word(6_400) + magic, .refused),
            (word(562) + word(1) + word(32) + "ffffffff" + magic.dropFirst(8), .refused),
            (word(562) + word(1) + word(32) + magic.dropLast() + "1", .refused),
            (word(562) + word(1) + word(32) + word(0x1626_ba7e), .refused),
            (word(562) + word(2) + word(32) + magic, .refused),
            ("", nil),
            (word(562) + word(1) + word(32) + magic + "00", nil),
            (magic, nil),
        ] as [(String, WalletProbe.Answer?)])
    func `Only the exact word of an account with code is a yes`(reply: String, answer: WalletProbe.Answer?) throws {
        #expect(WalletProbe.answer(try decoded("0x" + reply)) == answer)
    }
}

private func decoded(_ text: String) throws -> [UInt8] { try #require(Hex.decode(text)) }

private func word(_ number: Int) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 64 - digits.count) + digits
}

private let factory = String(repeating: "0", count: 24) + String(repeating: "fa", count: 20)
private let suffix = String(repeating: "6492", count: 16)
/// `abi.encode(factory, 0x01020304, 66 × bb)` as eth-abi encodes it.
private let wrapped =
    "0x" + factory + word(0x60) + word(0xa0) + word(4) + "01020304" + String(repeating: "0", count: 56) + word(66)
    + String(repeating: "bb", count: 66) + String(repeating: "0", count: 60) + suffix
private let magic = "1626ba7e" + String(repeating: "0", count: 56)
