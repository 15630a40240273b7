import Exchange

/// Who a request is from, for limits: the peer, or what trusted proxies say of it.
public struct ClientAddress: Sendable {
    /// A block of addresses, `10.0.0.0/8` or a single one.
    public struct Block: Sendable, Hashable {
        private let bytes: [UInt8]
        private let prefix: Int

        /// Reads CIDR notation, IPv4 or IPv6; nil when it is neither.
        public init?(_ text: String) {
            let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            guard let bytes = ClientAddress.bytes(of: String(parts[0])) else { return nil }
            var prefix = bytes.count * 8
            if parts.count == 2 {
                guard let length = Int(parts[1]), (0...prefix).contains(length) else { return nil }
                prefix = length
            }
            self.bytes = bytes
            self.prefix = prefix
        }

        func contains(_ address: [UInt8]) -> Bool {
            guard address.count == bytes.count else { return false }
            for bit in 0..<prefix where (address[bit / 8] ^ bytes[bit / 8]) & (0x80 >> UInt8(bit % 8)) != 0 {
                return false
            }
            return true
        }
    }

    private let trusted: [Block]

    /// Believes `X-Forwarded-For` of peers in `trusted` alone.
    public init(trusted: [Block]) {
        self.trusted = trusted
    }

    /// The address to count: going back from the peer, the first that is no trusted proxy.
    func client(peer: String, forwardedFor: String?) -> String {
        guard let forwardedFor, isTrusted(peer) else { return peer }
        var client = peer
        for hop in forwardedFor.split(separator: ",").reversed() {
            let address = hop.filter { $0 != " " }
            guard Self.bytes(of: address) != nil else { return client }
            client = address
            if !isTrusted(address) { return client }
        }
        return client
    }

    private func isTrusted(_ address: String) -> Bool {
        guard let bytes = Self.bytes(of: address) else { return false }
        return trusted.contains { $0.contains(bytes) }
    }
}
