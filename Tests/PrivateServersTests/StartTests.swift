import Glibc
import Testing

@testable import PrivateServers

@Suite(.enabled(if: serversWanted), .serialized)
struct StartTests {
    @Test func `a first start makes both servers, durable, checksummed and without a network`() async throws {
        try await withScratch { scratch async throws in
            try await withGroup(scratch + "/data") { group async throws in
                let seen = try Seen(scratch + "/data")
                #expect(seen.postgresAccepts && seen.redisAccepts)
                let settings = try await sql(
                    """
                    SELECT string_agg(current_setting(name), ' ' ORDER BY position) FROM unnest(ARRAY['data_checksums',
                    'fsync', 'synchronous_commit', 'full_page_writes', 'wal_level', 'jit', 'server_encoding'])
                    WITH ORDINALITY AS s (name, position)
                    """, group.urls, in: scratch)
                #expect(settings == "on on on on replica off UTF8")
                #expect(try await sql("SHOW listen_addresses", group.urls, in: scratch) == "")
                let tcp = try await sql(
                    "SELECT current_user || ' ' || current_database() || coalesce(inet_server_addr()::text, '')",
                    group.urls, in: scratch)
                #expect(tcp == "strikebook strikebook")
            }
        }
    }

    @Test func `only its own user may enter the socket directory and the cluster`() async throws {
        try await withScratch { scratch async throws in
            try await withGroup(scratch + "/data") { _ async throws in
                let seen = try Seen(scratch + "/data")
                for path in [seen.sockets, seen.home.cluster, seen.home.redis] {
                    let status = try #require(FileSystem.status(path))
                    #expect(status.mode & 0o777 == 0o700 && status.owner == seen.home.user.uid && status.owner != 0)
                }
            }
        }
    }

    @Test func `what was stored is there after a stop and a start`() async throws {
        try await withScratch { scratch async throws in
            try await withGroup(scratch + "/data") { group async throws in
                _ = try await sql("CREATE TABLE kept AS SELECT 42 AS n", group.urls, in: scratch)
            }
            let seen = try Seen(scratch + "/data")
            #expect(seen.postmaster == nil && seen.redis == nil)
            try await withGroup(scratch + "/data") { group async throws in
                #expect(try await sql("SELECT n FROM kept", group.urls, in: scratch) == "42")
            }
        }
    }

    @Test func `a second start on the same directory names the process that holds it`() async throws {
        try await withScratch { scratch async throws in
            try await withGroup(scratch + "/data", redis: false) { _ async throws in
                await #expect(throws: PrivateServerError.busy(directory: scratch + "/data", pid: getpid())) {
                    _ = try await PrivateServerGroup.start(dataDirectory: scratch + "/data", logger: quiet)
                }
                #expect(try Seen(scratch + "/data").postgresAccepts)
            }
        }
    }

    @Test(arguments: [String(repeating: "long", count: 20), "with, 'quotes\" and spaces%20"])
    func `a path that no socket can have puts the sockets elsewhere`(name: String) async throws {
        try await withScratch { scratch async throws in
            try await withGroup("\(scratch)/\(name)") { group async throws in
                let seen = try Seen("\(scratch)/\(name)")
                #expect(!seen.sockets.hasPrefix(scratch) && seen.sockets.utf8.count < 70)
                #expect(FileSystem.status(seen.sockets)?.mode == 0o700)
                #expect(seen.postgresAccepts && seen.redisAccepts)
                #expect(try await sql("SELECT 1", group.urls, in: scratch) == "1")
                #expect(PrivateServerGroup.running(dataDirectory: "\(scratch)/\(name)") == group.urls)
            }
            rmdir(SocketDirectory.path(for: try #require(ServerHome.find("\(scratch)/\(name)"))))
        }
    }

    @Test func `what a killed initdb left is cleared away`() async throws {
        try await withScratch { scratch async throws in
            let home = try ServerHome.prepare(scratch + "/data")
            try FileSystem.makeDirectory(home.path + "/postgres.new-1/base", mode: 0o700)
            try await withGroup(scratch + "/data", redis: false) { _ async throws in
                #expect(FileSystem.entries(home.path).filter { $0.hasPrefix("postgres.") }.isEmpty)
            }
        }
    }

    @Test func `the operator's local settings are read, but cannot turn durability off`() async throws {
        try await withScratch { scratch async throws in
            let home = try ServerHome.prepare(scratch + "/data")
            try FileSystem.write("work_mem = '7MB'\nfsync = off\n", to: home.config + "/local.conf", mode: 0o644)
            try await withGroup(scratch + "/data", redis: false) { group async throws in
                #expect(try await sql("SHOW work_mem", group.urls, in: scratch) == "7MB")
                #expect(try await sql("SHOW fsync", group.urls, in: scratch) == "on")
            }
        }
    }
}
