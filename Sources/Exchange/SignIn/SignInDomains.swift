/// The sites from which people may sign in: a message that another site had signed must open nothing here.
public struct SignInDomains: Sendable, CustomStringConvertible {
    private static let own: Set<String> = ["localhost", "127.0.0.1", "[::1]"]

    private let sites: Set<String>
    private let admitsOwn: Bool

    /// - Parameters:
    ///   - origins: as `https://app.example.com`; `*` admits nobody.
    ///   - host: where the service listens. One of this machine alone admits pages of this machine, at any port.
    public init(origins: Set<String>, host: String) {
        sites = Set(
            origins.compactMap { origin in
                let parts = origin.lowercased().split(separator: "/", omittingEmptySubsequences: true)
                return parts.count == 2 && parts[0].hasSuffix(":") ? String(parts[1]) : nil
            })
        admitsOwn = Self.own.contains(host) || host == "::1"
    }

    /// Whether a message for `domain` (host and port, in small letters) is for this service.
    func admits(_ domain: String) -> Bool {
        if sites.contains(domain) { return true }
        guard admitsOwn else { return false }
        return Self.own.contains { domain == $0 || domain.hasPrefix($0 + ":") }
    }

    /// What a refusal says.
    public var description: String {
        let all = sites.sorted() + (admitsOwn ? ["localhost"] : [])
        return all.isEmpty ? "nowhere yet" : all.joined(separator: ", ")
    }
}
