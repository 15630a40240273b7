import Glibc
import Testing

@testable import PrivateServers

struct ServerHomeTests {
    @Test(.enabled(if: isRoot)) func `root's servers go elsewhere when they cannot enter, and are found again`()
        async throws
    {
        try await withScratch { scratch async throws in
            let system = scratch + "/system"
            let closed = scratch + "/closed"
            try FileSystem.makeDirectory(closed, mode: 0o700)
            let home = try ServerHome.prepare(closed + "/data", systemDirectory: system)
            #expect(home.path.hasPrefix(system + "/closed-data-"))
            #expect(home.user.uid != 0 && home.user.canEnter(home.path))

            // What was made there stays the truth when the way to the data directory is opened later.
            try FileSystem.makePrivateDirectory(home.cluster, for: home.user)
            chmod(closed, 0o755)
            #expect(try ServerHome.prepare(closed + "/data", systemDirectory: system) == home)
            #expect(ServerHome.find(closed + "/data") == home)
        }
    }

    @Test(.enabled(if: isRoot))
    func `a cluster that can no longer be entered is refused, never replaced by an empty one`()
        async throws
    {
        try await withScratch { scratch async throws in
            let home = try ServerHome.prepare(scratch + "/way/data")
            try FileSystem.makePrivateDirectory(home.cluster, for: home.user)
            chmod(scratch + "/way", 0o700)
            #expect(throws: PrivateServerError.self) { try ServerHome.prepare(scratch + "/way/data") }
        }
    }

    @Test func `a relative path and a link name the same home`() async throws {
        try await withScratch { scratch async throws in
            let home = try ServerHome.prepare(scratch + "/data/")
            symlink(scratch + "/data", scratch + "/link")
            #expect(try ServerHome.prepare(scratch + "/link") == home)
            #expect(try ServerHome.prepare(scratch + "/data/../data") == home)
        }
    }

    @Test(arguments: [
        ("", "cbf29ce484222325"), ("a", "af63dc4c8601ec8c"), ("foobar", "85944171f73967e8"),
    ])
    func `the hash is 64-bit FNV-1a`(text: String, expected: String) {
        #expect(ServerHome.hash(text) == expected)
    }

    @Test(
        arguments: [
            ("", nil), ("x\n", nil), ("-5\n", nil), ("1\n", nil), ("99999999999\n", nil),
            ("42\n/data\n1700000000\n5432\n/run/x\n\n  1 2\nready   \n", "42 /run/x ready"),
            ("42\n/data\n1700000000\n5432\n\n\n\nstarting\n", "42  starting"),
            ("42\n/data\n1700000000\n5432\n", "42  "),
        ] as [(String, String?)])
    func `postmaster.pid is read whole, half-written or broken`(text: String, expected: String?) {
        let file = PostmasterFile(text)
        #expect(file.map { "\($0.pid) \($0.socketDirectory) \($0.status)" } == expected)
    }

    @Test func `a lock is held by one at a time and given back when dropped`() async throws {
        try await withScratch { scratch async throws in
            let path = scratch + "/lock"
            #expect(!DirectoryLock.isHeld(path))
            var first = try DirectoryLock.acquire(path, .exclusive)
            #expect(first != nil && DirectoryLock.isHeld(path) && DirectoryLock.holder(path) == getpid())
            #expect(try DirectoryLock.acquire(path, .exclusive) == nil)
            first = nil
            #expect(!DirectoryLock.isHeld(path))
            let shared = [try DirectoryLock.acquire(path, .shared), try DirectoryLock.acquire(path, .shared)]
            #expect(!shared.contains { $0 == nil })
            #expect(try DirectoryLock.acquire(path, .exclusive) == nil)
        }
    }
}
