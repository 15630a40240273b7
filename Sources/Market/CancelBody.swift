public import Ethereum
public import StrictJSON

/// The body of `POST /offers/cancel`: `{"message": …, "signature": "0x…", "writer"?: "0x…"}`, and nothing besides.
public enum CancelBody {
    private static let names: [StaticString] = ["message", "signature", "writer"]

    /// Reads a body, whose size the caller has bounded.
    public static func parse(_ body: [UInt8]) throws(Rejection) -> CancelDraft {
        let json: JSONValue
        do {
            json = try JSONValue.parse(body)
        } catch {
            throw Rejection(error)
        }
        return try read(json)
    }

    /// The draft in a body that was parsed.
    public static func read(_ json: JSONValue) throws(Rejection) -> CancelDraft {
        let body = try FieldReader(json, name: nil, keys: names)
        let message = try CancelMessage.read(try body.value("message", 0))
        let writer = body.object["writer"] == nil ? nil : try body.address("writer", 2)
        return CancelDraft(message: message, signature: try body.signature(1), writer: writer)
    }
}

/// A cancel as it was sent, its signature not looked at yet.
public struct CancelDraft: Sendable, Hashable {
    /// What was signed.
    public let message: CancelMessage
    /// The signature's bytes, 0…4096 of them.
    public let signature: [UInt8]
    /// Who is said to have signed, beside the message.
    public let writer: Address?

    /// A draft of its parts.
    public init(message: CancelMessage, signature: [UInt8], writer: Address? = nil) {
        self.message = message
        self.signature = signature
        self.writer = writer
    }

    /// What is asked of the named writer where that is a contract; nil when none is named, or two that differ.
    public func claim(_ deployment: Deployment) -> WalletClaim? {
        guard let wallet = message.writer ?? writer, writer == nil || writer == wallet else { return nil }
        return WalletClaim(wallet: wallet, digest: message.digest(deployment), signature: signature)
    }
}
