import Glibc
import Testing

@testable import PrivateServers

/// Directories that must not be used, and what is said about them.
struct RefusalTests {
    @Test func `a data directory that is a PostgreSQL cluster itself`() async throws {
        try await refused(saying: "choose another --data-dir") { directory in
            try FileSystem.write("15\n", to: directory + "/PG_VERSION", mode: 0o600)
        }
    }

    @Test func `a cluster that somebody else made`() async throws {
        try await refused(saying: "was not made by strikebook") { directory in
            try FileSystem.makePrivateDirectory(directory + "/postgres", for: .choose(cluster: nil))
            try FileSystem.write("15\n", to: directory + "/postgres/PG_VERSION", mode: 0o644)
        }
    }

    @Test func `a cluster of a version that is not installed`() async throws {
        try await refused(saying: "made by PostgreSQL 9, but only") { directory in
            try FileSystem.makePrivateDirectory(directory + "/postgres", for: .choose(cluster: nil))
            try FileSystem.write("9.6\n", to: directory + "/postgres/PG_VERSION", mode: 0o644)
            try FileSystem.write("", to: directory + "/postgres/" + PostgresCluster.marker, mode: 0o644)
        }
    }

    @Test func `a data directory that others may write to`() async throws {
        try await refused(saying: "chmod go-w") { directory in chmod(directory, 0o777) }
    }

    @Test func `a link that leads nowhere`() async throws {
        try await refused(saying: "leads nowhere") { directory in symlink("/nonexistent/x", directory + "/servers") }
    }

    @Test(.enabled(if: isRoot)) func `a socket directory that belongs to somebody else`() async throws {
        try await refused(saying: "belongs to user id 0") { directory in
            try FileSystem.makeDirectory(directory + "/run", mode: 0o700)
        }
    }

    @Test func `a program that is not installed is named with the package that has it`() {
        let error = PrivateServerError.missingProgram(
            name: "redis-server", searched: "PATH", hint: "install the package redis-server")
        #expect(error.description == "redis-server was not found (looked in PATH); install the package redis-server")
    }

    private func refused(saying words: String, _ spoil: (String) throws -> Void) async throws {
        try await withScratch { scratch async throws in
            let directory = scratch + "/data"
            try FileSystem.makeDirectory(directory, mode: 0o711)
            try spoil(directory)
            let error = await #expect(throws: PrivateServerError.self) {
                _ = try await PrivateServerGroup.start(dataDirectory: directory, logger: quiet)
            }
            let text = try #require(error).description
            #expect(text.contains(words) && text.contains(directory), "\(text)")
        }
    }
}
