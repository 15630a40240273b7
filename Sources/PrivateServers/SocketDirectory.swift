import Glibc

/// The 0700 directory of the servers' Unix sockets.
enum SocketDirectory {
    /// A socket's path has at most 107 bytes; some clients' own limits are lower.
    static let longestPath = 90
    /// The file names that PostgreSQL (for port 5432) and Redis make in it.
    static let postgresFile = ".s.PGSQL.5432"
    static let redisFile = "redis.sock"

    /// `run` in the home, or, where the path of a socket in it would be too long or has a character that means something
    /// in a URL or in PostgreSQL's settings, a directory under /run (root) or /tmp that is named after the home.
    static func path(for home: ServerHome) -> String {
        let near = home.path + "/run"
        if near.utf8.count + 1 + postgresFile.utf8.count <= longestPath, near.utf8.allSatisfy(isPlain) { return near }
        return geteuid() == 0
            ? "/run/strikebook/\(home.identity)" : "/tmp/strikebook-\(geteuid())-\(home.identity)"
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "-"), UInt8(ascii: "_"),
            UInt8(ascii: "."):
            return true
        default: return false
        }
    }

    /// Makes it, or checks that the one there belongs to the servers' user alone.
    static func prepare(for home: ServerHome) throws(PrivateServerError) -> String {
        let path = path(for: home)
        if path.hasPrefix("/run/") { try FileSystem.makeDirectory(FileSystem.parent(of: path), mode: 0o711) }
        try FileSystem.makePrivateDirectory(path, for: home.user)
        return path
    }

    /// Whether a server accepts connections on the socket now. Never blocks: a Unix socket's connect is immediate.
    static func accepts(_ path: String) -> Bool {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return false }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let handle = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard handle >= 0 else { return false }
        defer { close(handle) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(handle, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
    }
}
