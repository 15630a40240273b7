import StrictJSON

/// An offer as it was sent: typed fields, and a signature that nobody has looked at yet.
public struct Draft: Sendable, Hashable {
    /// The terms.
    public let offer: Offer
    /// The signature's bytes, 0…4096 of them.
    public let signature: [UInt8]

    /// A draft of its parts.
    public init(offer: Offer, signature: [UInt8]) {
        self.offer = offer
        self.signature = signature
    }

    /// Reads the body of `POST /offers`, whose size the caller has bounded.
    public static func parse(_ body: [UInt8]) throws(Rejection) -> Draft {
        let json: JSONValue
        do {
            json = try JSONValue.parse(body)
        } catch {
            throw Rejection(error)
        }
        return try OfferBody.read(json)
    }
}
