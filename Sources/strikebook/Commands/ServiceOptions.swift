import ArgumentParser
import Logging

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Which databases a command works on.
struct DatabaseOptions: ParsableArguments {
    @Option(help: "The private servers' directory (default ./.strikebook).")
    var dataDir: String?
    @Option(
        help: """
            A PostgreSQL of yours, as postgres://user@host/db; also DATABASE_URL, or DB_HOST, DB_PORT, DB_NAME, DB_USER, \
            DB_PASSWORD.
            """)
    var databaseUrl: String?
    @Option(help: "A Redis of yours, as redis://host:6379 or unix:///path; none runs without one. Also REDIS_URL.")
    var redisUrl: String?
    @Option(help: "A file of settings: one JSON object, keys as the flags.")
    var config: String?

    /// The values given, by key.
    var flags: [String: String] {
        ["data-dir": dataDir, "database-url": databaseUrl, "redis-url": redisUrl].compactMapValues { $0 }
    }

    /// The settings of these flags, the environment and the config file.
    func settings() throws -> DatabaseSettings {
        let environment = ProcessEnvironment.all
        return DatabaseSettings(
            try SettingsSource(flags: flags, environment: environment, configFile: config), environment: environment)
    }
}

/// The environment, as a dictionary.
enum ProcessEnvironment {
    /// Every variable.
    static var all: [String: String] {
        var variables: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let pair = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if pair.count == 2 { variables[String(pair[0])] = String(pair[1]) }
            entry += 1
        }
        return variables
    }
}
