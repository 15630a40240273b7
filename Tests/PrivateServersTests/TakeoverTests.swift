import Glibc
import Testing

@testable import PrivateServers

/// What `kill -9` of the program leaves: the servers run, and the kernel has given the lock back. Dropping a group
/// without stopping it leaves exactly that.
@Suite(.enabled(if: serversWanted), .serialized)
struct TakeoverTests {
    @Test func `servers left running are taken over with what they hold`() async throws {
        try await withScratch { scratch async throws in
            let urls = try await leaveRunning(scratch + "/data")
            let seen = try Seen(scratch + "/data")
            let left = try #require(seen.postmaster)
            let oldRedis = try #require(seen.redis)
            #expect(PrivateServerGroup.running(dataDirectory: scratch + "/data") == nil)
            _ = try await sql("CREATE TABLE kept AS SELECT 42 AS n", urls, in: scratch)

            try await withGroup(scratch + "/data") { group async throws in
                #expect(group.urls == urls)
                #expect(seen.postmaster == left)
                #expect(!oldRedis.isAlive && seen.redisAccepts)
                #expect(try await sql("SELECT n FROM kept", group.urls, in: scratch) == "42")
            }
            #expect(!left.isAlive && seen.redis == nil)
        }
    }

    @Test func `a server left with other settings is restarted with today's`() async throws {
        try await withScratch { scratch async throws in
            _ = try await leaveRunning(scratch + "/data")
            let seen = try Seen(scratch + "/data")
            let left = try #require(seen.postmaster)
            try FileSystem.write("# an older version's\n", to: seen.home.config + "/postgresql.conf", mode: 0o644)
            try await withGroup(scratch + "/data") { _ async throws in
                #expect(!left.isAlive && seen.postgresAccepts)
            }
        }
    }

    @Test func `a server whose socket was removed is restarted`() async throws {
        try await withScratch { scratch async throws in
            _ = try await leaveRunning(scratch + "/data")
            let seen = try Seen(scratch + "/data")
            let left = try #require(seen.postmaster)
            unlink(seen.sockets + "/" + SocketDirectory.postgresFile)
            try await withGroup(scratch + "/data") { _ async throws in
                #expect(!left.isAlive && seen.postgresAccepts)
            }
        }
    }

    @Test func `stale pid files and sockets are no obstacle, even when the ids belong to others by now`() async throws {
        try await withScratch { scratch async throws in
            _ = try await leaveRunning(scratch + "/data")
            let seen = try Seen(scratch + "/data")
            let left = try #require(seen.postmaster)
            left.signal(SIGKILL)
            seen.redis?.signal(SIGKILL)
            #expect(await left.waitForExit(.seconds(10)))
            for path in [seen.home.cluster + "/postmaster.pid", seen.sockets + "/.s.PGSQL.5432.lock"] {
                let lines = try #require(FileSystem.read(path)).split(separator: "\n").dropFirst()
                let text = (["\(getpid())"] + lines.map(String.init)).joined(separator: "\n")
                try FileSystem.write(text + "\n", to: path, mode: 0o644)
            }
            try await withGroup(scratch + "/data") { group async throws in
                #expect(try await sql("SELECT 1", group.urls, in: scratch) == "1")
                #expect(seen.redisAccepts)
            }
        }
    }

    @Test func `a Redis left behind is ended by a start without Redis`() async throws {
        try await withScratch { scratch async throws in
            _ = try await leaveRunning(scratch + "/data")
            let seen = try Seen(scratch + "/data")
            let left = try #require(seen.redis)
            try await withGroup(scratch + "/data", redis: false) { group async throws in
                #expect(group.urls.redis == "none")
                #expect(!left.isAlive)
            }
        }
    }

    private func leaveRunning(_ directory: String) async throws -> ServerURLs {
        try await PrivateServerGroup.start(dataDirectory: directory, logger: quiet).urls
    }
}
