import Glibc

/// What a running PostgreSQL writes to `postmaster.pid` in its cluster (one item a line; see miscadmin.h of PostgreSQL).
struct PostmasterFile: Sendable, Equatable {
    let pid: pid_t
    /// Empty while the server has not yet opened its sockets.
    let socketDirectory: String
    /// `starting`, `ready`, `stopping` or `standby`; empty at first.
    let status: String

    init?(_ text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard let first = lines.first, let pid = pid_t(first), pid > 1 else { return nil }
        self.pid = pid
        socketDirectory = lines.count > 4 ? String(lines[4]) : ""
        status = lines.count > 7 ? String(lines[7].prefix { $0 != " " }) : ""
    }

    static func read(cluster: String) -> PostmasterFile? {
        FileSystem.read(cluster + "/postmaster.pid", limit: 4096).flatMap(PostmasterFile.init)
    }
}
