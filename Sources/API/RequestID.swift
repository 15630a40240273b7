/// Names of requests, as `X-Request-Id` carries them.
enum RequestID {
    private static let longest = 128

    /// A fresh one: 16 hex digits.
    static func next() -> String {
        let digits = String(UInt64.random(in: .min ... .max), radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// The client's own when it is fit for a header and a log line, else a fresh one.
    static func accept(_ given: String?) -> String {
        guard let given, !given.isEmpty, given.utf8.count <= longest,
            given.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
        else { return next() }
        return given
    }
}
