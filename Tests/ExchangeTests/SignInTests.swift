import Ethereum
import Market
import Testing

@testable import Exchange

@Suite struct SignInTests {
    /// Made by the Python package siwe and signed by eth-account with the key 0x1111…11.
    private static let messages: [(text: String, signature: String)] = [
        (
            """
            app.example:8443 wants you to sign in with your Ethereum account:
            0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A


            URI: https://app.example:8443/login
            Version: 1
            Chain ID: 31337
            Nonce: a1b2c3d4e5f6a7b8
            Issued At: 2026-01-02T03:04:05.678Z
            """,
            "0x24b05dbcf7fc5e814cfd7db52502f7bc87591e8b5976d7305b9d0e28af977a1a441ee1d173f8ea3fff4c9607107d4c743407b1b1b7e6f7ffea151062444f9ab41c"
        ),
        (
            """
            app.example:8443 wants you to sign in with your Ethereum account:
            0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A

            I accept the terms: https://app.example/tos

            URI: https://app.example:8443/login
            Version: 1
            Chain ID: 31337
            Nonce: a1b2c3d4e5f6a7b8
            Issued At: 2026-01-02T03:04:05.678Z
            """,
            "0x41b2f60e90c49525ca41c13c459c56fdd339c6ffb4ee51d4b535d6e537693044298edc3c6d77c432b83b60faa98ea7788ebe5cbba8b179cb189945f0222dec0b1b"
        ),
        (
            """
            app.example:8443 wants you to sign in with your Ethereum account:
            0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A


            URI: https://app.example:8443/login
            Version: 1
            Chain ID: 31337
            Nonce: a1b2c3d4e5f6a7b8
            Issued At: 2026-01-02T03:04:05.678Z
            Expiration Time: 2026-01-02T04:04:05Z
            Not Before: 2026-01-02T03:00:00Z
            """,
            "0xbad350908b3fcc215625c2aa5c56c53c2020ba226ce028b895d4572fc06b0762348309e6fb8eb6fcc1e7386b282856bc4e09bf834a094e1645d0baaf2ae549921b"
        ),
        (
            """
            app.example:8443 wants you to sign in with your Ethereum account:
            0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A

            Hi

            URI: https://app.example:8443/login
            Version: 1
            Chain ID: 31337
            Nonce: a1b2c3d4e5f6a7b8
            Issued At: 2026-01-02T03:04:05.678Z
            Request ID: r-1
            Resources:
            - ipfs://bafy
            - https://app.example/x
            """,
            "0xf98be44282cbf12e3699be0ffa43e7de63923fd129ebf975ab0d1942cdfb4e466dbe50196d9ec7a2338494aa5058eb8117781d2fbd6c1422f20b6b57e56bdd851c"
        ),
        (
            """
            https://app.example:8443 wants you to sign in with your Ethereum account:
            0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A

            With a scheme

            URI: https://app.example:8443/login
            Version: 1
            Chain ID: 31337
            Nonce: a1b2c3d4e5f6a7b8
            Issued At: 2026-01-02T03:04:05.678Z
            """,
            "0xe63cab24596f77bc56a7dfc2fa3fe9672cdd9557d735d3d21b7cde0271a3c090376607b0f4792bc84d095377845118a6ba8f617d1cbcf5eb658e96aff8c0376e1c"
        ),
    ]

    private static let account = "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A"

    @Test(arguments: messages)
    func `A message is read as another implementation wrote it, and its signer is found`(
        text: String, signature: String
    ) throws {
        let message = try SignInMessage(text)
        #expect(message.domain == "app.example:8443")
        #expect(message.address.checksummed == Self.account)
        #expect(message.uri == "https://app.example:8443/login")
        #expect(message.chainId == UInt256(31337))
        #expect(message.nonce == "a1b2c3d4e5f6a7b8")
        #expect(message.issuedAtMicros == 1_767_323_045_678_000)
        let bytes = try #require(Hex.decode(signature))
        try DigestSignature.verify(bytes, digest: message.digest, signer: message.address)
        var other = bytes
        other[5] ^= 1
        #expect(throws: Rejection.self) {
            try DigestSignature.verify(other, digest: message.digest, signer: message.address)
        }
    }

    @Test func `Times that bound a message are read`() throws {
        let message = try SignInMessage(Self.messages[2].text)
        #expect(message.expirationMicros == 1_767_326_645_000_000)
        #expect(message.notBeforeMicros == 1_767_322_800_000_000)
        #expect(try SignInMessage(Self.messages[0].text).expirationMicros == nil)
    }

    @Test(arguments: [
        ("wants you", "wants me", 1), ("app.example:8443 wants", " wants", 1),
        ("app.example:8443 wants", "a/b wants", 1),
        ("app.example:8443 wants", "évil wants", 1), ("0x19E7", "0x19e7", 2), ("0x19E7", "19E7", 2),
        ("URI: https://app.example:8443/login", "URI: ", 5), ("Version: 1", "Version: 2", 6),
        ("Chain ID: 31337", "Chain ID: 0x1", 7), ("Chain ID: 31337", "Chain-ID: 31337", 7),
        ("Nonce: a1b2c3d4e5f6a7b8", "Nonce:", 8), ("05.678Z", "05.678+00:00", 9), ("01-02T", "02-30T", 9),
        ("05.678Z", "05.678Z\nDrop: tables", 10), ("05.678Z", "05.678Z\nResources:\nipfs://x", 11),
        ("\nURI", "\r\nURI", 5), ("05.678Z", "05.678Z\n", 10),
    ])
    func `A line that is not what the grammar wants is named`(old: String, new: String, line: Int) {
        let text = Self.messages[0].text
        let changed = String(
            decoding: Self.replacing(Array(old.utf8), by: Array(new.utf8), in: Array(text.utf8)), as: UTF8.self)
        #expect(changed != text)
        do {
            _ = try SignInMessage(changed)
            Issue.record("it was read")
        } catch {
            #expect(error.code == "invalid_sign_in_message")
            #expect(error.detail.hasPrefix("Line \(line) "), "\(error.detail)")
        }
    }

    private static func replacing(_ old: [UInt8], by new: [UInt8], in text: [UInt8]) -> [UInt8] {
        for start in 0...(text.count - old.count) where Array(text[start..<(start + old.count)]) == old {
            return Array(text[..<start]) + new + Array(text[(start + old.count)...])
        }
        return text
    }

    @Test func `A nonce is known by every process that has the secret, and by no other`() {
        let (ours, theirs) = (SignInNonce(key: [1, 2, 3]), SignInNonce(key: [1, 2, 4]))
        let nonce = ours.make(now: 1_000)
        #expect(nonce.utf8.count == 64)
        #expect(SignInNonce(key: [1, 2, 3]).end(of: nonce) == 1_000 + SignInNonce.lifetime)
        #expect(theirs.end(of: nonce) == nil)
        #expect(ours.make(now: 1_000) != nonce)
        for place in nonce.indices {
            var changed = nonce
            changed.replaceSubrange(place...place, with: nonce[place] == "0" ? "1" : "0")
            #expect(ours.end(of: changed) == nil)
        }
        for text in ["", "00", String(repeating: "0", count: 64), nonce + "00", "x" + nonce.dropFirst()] {
            #expect(ours.end(of: text) == nil)
        }
    }

    @Test(
        arguments: [
            (["https://app.example"], "0.0.0.0", "app.example", true),
            (["https://app.example"], "0.0.0.0", "evil.example", false),
            (["https://App.Example:8443"], "0.0.0.0", "app.example:8443", true),
            (["https://app.example"], "0.0.0.0", "app.example:8443", false),
            (["*"], "0.0.0.0", "*", false), (["*"], "0.0.0.0", "app.example", false),
            (["app.example"], "0.0.0.0", "app.example", false),
            ([], "0.0.0.0", "localhost:3000", false), ([], "127.0.0.1", "localhost:3000", true),
            ([], "::1", "127.0.0.1", true), ([], "localhost", "localhost.evil.example", false),
            ([], "127.0.0.1", "[::1]:8080", true),
        ] as [([String], String, String, Bool)])
    func `Only sites that the operator named may have people sign in, or pages of this machine at home`(
        origins: [String], host: String, domain: String, admitted: Bool
    ) {
        #expect(SignInDomains(origins: Set(origins), host: host).admits(domain) == admitted)
    }
}
