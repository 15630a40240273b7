import StrictJSON

/// The body of `POST /auth/login`; unknown, missing and mistyped fields are refused by name.
public enum SignInBody {
    private static let names: [StaticString] = ["message", "signature"]
    private static let longestMessage = 4_096

    /// `{message, signature}`
    public static func parse(_ body: [UInt8]) throws(Rejection) -> (message: String, signature: [UInt8]) {
        let json: JSONValue
        do {
            json = try JSONValue.parse(body)
        } catch {
            throw Rejection(error)
        }
        let fields = try FieldReader(json, name: nil, keys: names)
        return (try fields.text("message", 0, bytes: 1...longestMessage), try fields.signature(1))
    }
}
