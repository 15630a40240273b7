import Glibc

/// The directory of one installed PostgreSQL and its major version.
struct PostgresBinaries: Sendable, Equatable {
    let directory: String
    let major: Int

    static let oldestMajor = 15

    var postgres: String { directory + "/postgres" }
    var initdb: String { directory + "/initdb" }

    /// Every one that is installed, newest first: in PATH, and where Debian and the PostgreSQL project's packages put it.
    static func installed(for home: ServerHome) async throws(PrivateServerError) -> [PostgresBinaries] {
        var candidates = Launch.searchPath
        candidates += FileSystem.entries("/usr/lib/postgresql").map { "/usr/lib/postgresql/\($0)/bin" }
        candidates += FileSystem.entries("/usr").filter { $0.hasPrefix("pgsql-") }.map { "/usr/\($0)/bin" }
        var directories: [String] = []
        for candidate in candidates {
            // What is in PATH may be a link; the version's other programs lie beside the real one.
            guard access(candidate + "/postgres", X_OK) == 0,
                let real = FileSystem.realPath(candidate + "/postgres").map(FileSystem.parent(of:)),
                access(real + "/initdb", X_OK) == 0, !directories.contains(real)
            else { continue }
            directories.append(real)
        }
        var found: [PostgresBinaries] = []
        for directory in directories {
            if let major = try await version(of: directory, home: home) {
                found.append(PostgresBinaries(directory: directory, major: major))
            }
        }
        return found.sorted { $0.major > $1.major }
    }

    /// The ones to use for a cluster of this major version, or the newest for a cluster yet to be made.
    static func choose(for home: ServerHome, made: Int?) async throws(PrivateServerError) -> PostgresBinaries {
        let installed = try await installed(for: home).filter { $0.major >= oldestMajor }
        guard let newest = installed.first else {
            throw .missingProgram(
                name: "PostgreSQL \(oldestMajor) or later", searched: "PATH and /usr/lib/postgresql/*/bin",
                hint: "install the package postgresql, or give --database-url")
        }
        guard let made else { return newest }
        guard let fitting = installed.first(where: { $0.major == made }) else {
            throw .otherVersion(
                directory: home.cluster, made: "\(made)",
                installed: installed.map { "\($0.major)" }.joined(separator: ", "))
        }
        return fitting
    }

    /// What `postgres --version` says: `postgres (PostgreSQL) 15.20 (Debian …)`; `nil` when it does not run.
    private static func version(of directory: String, home: ServerHome) async throws(PrivateServerError) -> Int? {
        let launch = Launch(
            program: directory + "/postgres", arguments: ["--version"], user: home.user,
            logFile: home.logs + "/version.log")
        do { try await launch.run("postgres --version", limit: .seconds(10)) } catch {
            if error == .cancelled { throw error }
            return nil
        }
        let words = (FileSystem.read(launch.logFile) ?? "").split(separator: " ")
        return words.lazy.compactMap { Int($0.prefix { $0.isASCII && $0.isNumber }) }.first
    }
}
