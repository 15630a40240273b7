import Glibc
import Logging
import Testing

@testable import PrivateServers

/// Tests that start real servers run when asked for: `deploy/test` sets this.
let serversWanted = getenv("STRIKEBOOK_TEST_SERVERS").map { String(cString: $0) } == "1"
let isRoot = geteuid() == 0

let quiet = Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() }

/// A directory that servers started by root can enter, removed with all in it afterwards.
func withScratch<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    var template = Array("/tmp/sbt-XXXXXX".utf8CString)
    let path = try #require(mkdtemp(&template).map { String(cString: $0) })
    chmod(path, 0o711)
    defer { FileSystem.removeTree(path) }
    return try await body(path)
}

/// Starts servers, does the work and stops them, also when the work fails.
func withGroup<Result>(
    _ directory: String, redis: Bool = true, _ body: (PrivateServerGroup) async throws -> Result
) async throws -> Result {
    let group = try await PrivateServerGroup.start(dataDirectory: directory, redis: redis, logger: quiet)
    let result: Result
    do { result = try await body(group) } catch {
        await group.stop()
        throw error
    }
    await group.stop()
    return result
}

/// Fails when the condition does not come true in time.
func eventually(
    within limit: Duration = .seconds(10), _ what: Comment, location: SourceLocation = #_sourceLocation,
    _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + limit
    while try await !condition() {
        try #require(ContinuousClock.now < end, what, sourceLocation: location)
        await pause(.milliseconds(10))
    }
}

/// What psql prints for a statement, unaligned and without the final newline; throws when it fails.
func sql(_ statement: String, _ urls: ServerURLs, in scratch: String) async throws -> String {
    let caller = try #require(ServersUser.lookUp(geteuid()))
    let psql = try #require(Launch.find("psql"))
    let launch = Launch(
        program: psql, arguments: ["-XAtq", "-v", "ON_ERROR_STOP=1", "-c", statement, urls.database], user: caller,
        logFile: scratch + "/psql.log")
    try await launch.run("psql")
    let output = try #require(FileSystem.read(launch.logFile))
    return output.hasSuffix("\n") ? String(output.dropLast()) : output
}

/// The servers of one data directory as the machine sees them.
struct Seen {
    let home: ServerHome
    let sockets: String

    init(_ directory: String) throws {
        home = try #require(ServerHome.find(directory))
        sockets = SocketDirectory.path(for: home)
    }

    var postmaster: ServerProcess? {
        PostmasterFile.read(cluster: home.cluster).flatMap { ServerProcess(pid: $0.pid) }
    }

    var redis: ServerProcess? {
        ServerProcess.all { $0.last == home.config + "/redis.conf" }.first
    }

    var postgresAccepts: Bool { SocketDirectory.accepts(sockets + "/" + SocketDirectory.postgresFile) }
    var redisAccepts: Bool { SocketDirectory.accepts(sockets + "/" + SocketDirectory.redisFile) }
}
