import Glibc
import Logging

/// The files of a private PostgreSQL: made once, then checked at every start.
struct PostgresCluster: Sendable {
    let home: ServerHome
    let logger: Logger

    /// Says that a cluster is ours and that it was made to the end; it comes to its place by one rename.
    static let marker = "made-by-strikebook"

    /// Makes the cluster when there is none, and returns the programs of its version.
    func prepare() async throws(PrivateServerError) -> PostgresBinaries {
        for name in FileSystem.entries(home.path) where name.hasPrefix("postgres.new-") {
            FileSystem.removeTree(home.path + "/" + name)
        }
        guard FileSystem.status(home.cluster, followLinks: false) != nil else { return try await make() }
        try FileSystem.makePrivateDirectory(home.cluster, for: home.user)
        guard FileSystem.status(home.cluster + "/" + Self.marker) != nil else {
            throw .notOurs(
                path: home.cluster, detail: "the file \(Self.marker) is missing in it; choose another --data-dir")
        }
        guard let text = FileSystem.read(home.cluster + "/PG_VERSION", limit: 64),
            let major = Int(text.prefix { $0.isASCII && $0.isNumber })
        else {
            throw .notOurs(path: home.cluster, detail: "PG_VERSION in it says no version; restore it from a backup")
        }
        return try await PostgresBinaries.choose(for: home, made: major)
    }

    /// initdb (which makes its files durable) and the database, in a directory that gets its name when all is done: a
    /// start that is killed half-way leaves nothing that a later one would take for a cluster.
    private func make() async throws(PrivateServerError) -> PostgresBinaries {
        let binaries = try await PostgresBinaries.choose(for: home, made: nil)
        logger.info("making a database cluster", metadata: ["path": "\(home.cluster)", "version": "\(binaries.major)"])
        let fresh = "\(home.path)/postgres.new-\(getpid())"
        try FileSystem.makePrivateDirectory(fresh, for: home.user)
        do {
            try await Launch(
                program: binaries.initdb,
                arguments: [
                    "--pgdata=\(fresh)", "--username=\(PostgresSettings.role)", "--data-checksums",
                    "--encoding=UTF8", "--locale=C", "--auth-local=peer", "--auth-host=reject",
                    "--no-instructions",
                ], user: home.user, logFile: home.logs + "/initdb.log"
            ).run("initdb")
            let statement = home.logs + "/create.sql"
            try FileSystem.write("CREATE DATABASE \(PostgresSettings.database);\n", to: statement, mode: 0o644)
            try await Launch(
                program: binaries.postgres,
                arguments: ["--single", "-D", fresh, "-c", "exit_on_error=on", "postgres"],
                user: home.user, logFile: home.logs + "/create.log", inputFile: statement
            ).run("PostgreSQL (to make the database)")
            unlink(statement)
            try FileSystem.write("format 1\n", to: fresh + "/" + Self.marker, mode: 0o644)
        } catch {
            FileSystem.removeTree(fresh)
            throw error
        }
        guard rename(fresh, home.cluster) == 0 else { throw FileSystem.failure("put in place", home.cluster) }
        try FileSystem.sync(directory: home.path)
        return binaries
    }
}
