import Foundation
import Glibc
import Synchronization
import TestServers

/// A Unix socket in front of a PostgreSQL that can lose the answer to a COMMIT: the transaction is durable, and its
/// writer never hears of it.
final class CuttingProxy: Sendable {
    private let directory: URL
    private let server: String
    private let listener: Int32
    private let cutsLeft = Mutex(0)
    private let lost = Mutex(0)
    private let isAway = Mutex(false)
    private let leavesWithCut = Mutex(false)

    init(before postgres: TestPostgres) throws {
        server = postgres.directory.appending(path: ".s.PGSQL.5432").path
        directory = postgres.directory.appending(path: "proxy-\(UInt16.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
        let listener = Self.socket()
        self.listener = listener
        let path = directory.appending(path: ".s.PGSQL.5432").path
        guard Self.withAddress(path, { bind(listener, $0, $1) }) == 0, listen(listener, 16) == 0 else {
            throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: path])
        }
        // Everything lives as long as the process: tests are few, and a blocked accept cannot be woken portably.
        let server = server
        Thread.detachNewThread { [self] in
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0 else { return }
                let upstream = Self.socket()
                guard !isAway.withLock({ $0 }), Self.withAddress(server, { connect(upstream, $0, $1) }) == 0 else {
                    close(client)
                    close(upstream)
                    continue
                }
                Thread.detachNewThread { Self.pump(from: client, to: upstream) { _ in true } }
                Thread.detachNewThread { Self.pump(from: upstream, to: client, if: self.passes) }
            }
        }
    }

    /// A connection URL through the proxy.
    func url(database: String) -> String {
        let host = directory.path.replacingOccurrences(of: "/", with: "%2F")
        return "postgres://postgres@\(host)/\(database)"
    }

    /// The next `count` answers to a COMMIT are lost, and their connections with them; then, if so wished, nobody gets
    /// through until ``comeBack()``.
    func loseCommits(_ count: Int, thenAway: Bool = false) {
        leavesWithCut.withLock { $0 = thenAway }
        cutsLeft.withLock { $0 = count }
    }

    /// Lets connections through again.
    func comeBack() { isAway.withLock { $0 = false } }

    /// Answers lost so far.
    var lostCommits: Int { lost.withLock { $0 } }

    /// Whether bytes from the server reach the client: CommandComplete's tag tells.
    private func passes(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard Data(bytes).range(of: Data("COMMIT\0".utf8)) != nil else { return true }
        let isCut = cutsLeft.withLock { left in
            defer { left = max(0, left - 1) }
            return left > 0
        }
        if isCut {
            isAway.withLock { $0 = leavesWithCut.withLock { $0 } }
            lost.withLock { $0 += 1 }
        }
        return !isCut
    }

    private static func pump(from source: Int32, to sink: Int32, if passes: (ArraySlice<UInt8>) -> Bool) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while case let count = read(source, &buffer, buffer.count), count > 0, passes(buffer[..<count]) {
            guard send(sink, buffer, count, Int32(MSG_NOSIGNAL)) == count else { break }
        }
        shutdown(source, Int32(SHUT_RDWR))
        shutdown(sink, Int32(SHUT_RDWR))
    }

    private static func socket() -> Int32 { Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0) }

    private static func withAddress(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
