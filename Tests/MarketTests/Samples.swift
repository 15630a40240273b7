import Ethereum
import Foundation
import Market
import StrictJSON

/// The deployment, keys and offers that the tests share.
enum Samples {
    /// Unix seconds at which the fixtures are read.
    static let now: UInt64 = 1_893_456_000
    static let deployment = Deployment(
        chainId: 42161, verifyingContract: address("0x5FbDB2315678afecb367f032d93F642f64180aa3"))
    /// The domain of the protocol's vectors.
    static let vectors = Deployment(chainId: 84532, verifyingContract: repeated(0x11))
    static let key = key(0x22)

    /// The protocol's first vector.
    static let offer = offer()

    static func offer(
        writer: Address = repeated(0x22), underlying: String = "0x4200000000000000000000000000000000000006",
        collateralAmount: UInt256 = 1_000_000_000_000_000_000,
        stablecoin: String = "0x036CbD53842c5426634e7929541eC2318f3dCF7e", isCall: Bool = true,
        premiumPerDay: UInt256 = 10_000_000, minDuration: UInt16 = 7, maxDuration: UInt16 = 365,
        minFillAmount: UInt256 = 100_000_000_000_000_000, deadline: UInt64 = 1_893_456_000, configHash: Bytes32 = .zero
    ) -> Offer {
        Offer(
            writer: writer, underlying: address(underlying), collateralAmount: collateralAmount,
            stablecoin: address(stablecoin), isCall: isCall, premiumPerDay: premiumPerDay, minDuration: minDuration,
            maxDuration: maxDuration, minFillAmount: minFillAmount, deadline: deadline, configHash: configHash)
    }

    /// An offer that the key signed in a deployment.
    static func draft(_ offer: Offer, _ deployment: Deployment = deployment, key: PrivateKey = key) -> Draft {
        Draft(offer: offer, signature: key.sign(digest: deployment.digest(offer)).bytes65)
    }

    static func address(_ text: String) -> Address {
        guard let address = try? Address.parse(text) else { preconditionFailure("\(text) is no address") }
        return address
    }

    static func hash(_ text: String) -> Bytes32 {
        guard let hash = Bytes32(hex: text) else { preconditionFailure("\(text) is no hash") }
        return hash
    }

    static func repeated(_ byte: UInt8) -> Address {
        address(Hex.encode(Array(repeating: byte, count: 20)))
    }

    static func word(_ byte: UInt8) -> Bytes32 {
        hash(Hex.encode(Array(repeating: byte, count: 32)))
    }

    static func key(_ byte: UInt8) -> PrivateKey {
        guard let key = try? PrivateKey(bytes: Array(repeating: byte, count: 32)) else { preconditionFailure("no key") }
        return key
    }

    /// The lines of a fixture but the first, which names versions.
    static func lines(_ name: String) -> [JSONObject] {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
            "Fixtures/\(name)"
        ).path
        let bytes = FileManager.default.contents(atPath: path).map(Array.init) ?? []
        return bytes.split(separator: UInt8(ascii: "\n")).dropFirst().compactMap {
            try? JSONValue.parse(Array($0)).object
        }
    }

    /// A value as JSON text again.
    static func bytes(_ value: JSONValue) -> [UInt8] {
        var json = JSONWriter()
        json.value(value)
        return json.bytes
    }
}

extension JSONObject {
    /// A string member's text.
    func text(_ key: StaticString) -> String? {
        self[key]?.string.map { String(decoding: $0, as: UTF8.self) }
    }
}

/// The refusal that a call ends with, nil when it succeeds.
func refusal(_ body: () throws(Rejection) -> Void) -> Rejection? {
    do {
        try body()
        return nil
    } catch {
        return error
    }
}
