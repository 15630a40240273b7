import Glibc
import ServiceLifecycle
import Testing

@testable import PrivateServers

@Suite(.enabled(if: serversWanted), .serialized)
struct SupervisionTests {
    @Test func `a PostgreSQL that is killed comes back with what it had committed`() async throws {
        try await supervised { group, seen, scratch in
            _ = try await sql("CREATE TABLE kept AS SELECT 42 AS n", group.urls, in: scratch)
            for _ in 0..<2 {
                let before = try #require(seen.postmaster)
                before.signal(SIGKILL)
                try await eventually("PostgreSQL comes back") { seen.postmaster != before && seen.postgresAccepts }
                try await eventually("and answers") {
                    (try? await sql("SELECT n FROM kept", group.urls, in: scratch)) == "42"
                }
            }
        }
    }

    @Test func `a Redis that is killed comes back`() async throws {
        try await supervised { _, seen, _ in
            let before = try #require(seen.redis)
            before.signal(SIGKILL)
            try await eventually("Redis comes back") { seen.redis != before && seen.redisAccepts }
        }
    }

    @Test func `a shutdown while PostgreSQL cannot start ends all the same`() async throws {
        try await supervised { _, seen, _ in
            let before = try #require(seen.postmaster)
            let control = seen.home.cluster + "/global/pg_control"
            rename(control, control + ".away")
            before.signal(SIGKILL)
            try await eventually("its end is noticed") { seen.postmaster == nil }
        }
    }

    /// Runs a group as a service does and shuts it down gracefully; then both servers must be gone and the lock free.
    private func supervised(
        _ body: @escaping (PrivateServerGroup, Seen, String) async throws -> Void
    ) async throws {
        try await withScratch { scratch async throws in
            let group = try await PrivateServerGroup.start(dataDirectory: scratch + "/data", logger: quiet)
            let seen = try Seen(scratch + "/data")
            let service = ServiceGroup(services: [group], logger: quiet)
            async let running: Void = service.run()
            let outcome = await Result { try await body(group, seen, scratch) }
            await service.triggerGracefulShutdown()
            try await running
            try outcome.get()
            #expect(seen.postmaster == nil && seen.redis == nil)
            #expect(!DirectoryLock.isHeld(seen.home.lock))
        }
    }
}

extension Result where Failure == any Error {
    fileprivate init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}
