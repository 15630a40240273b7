public import Postgres

/// Brings a database's schema to the version this program knows, and back.
///
/// One migrator works at a time (session advisory lock). Each file is one transaction together with its row in
/// `schema_migrations`, so a kill at any instant leaves a state from which `up` finishes.
public struct Migrator: Sendable {
    /// What was done, or would be.
    public struct Step: Sendable, Equatable {
        /// Number of the migration.
        public let version: Int
        /// `0003_offers`
        public let title: String
        /// How long its file took.
        public let executionMillis: Int
    }

    /// One migration as `status` shows it.
    public struct Status: Sendable, Equatable {
        /// Where the migration stands.
        public enum State: String, Sendable {
            case applied, pending, edited, unknown
        }

        /// Number of the migration.
        public let version: Int
        /// Its name, `offers`.
        public let name: String
        /// Where it stands.
        public let state: State
        /// Microseconds since 1970; nil when it is not applied.
        public let appliedAtMicros: Int64?
        /// How long its file took; nil when it is not applied.
        public let executionMillis: Int?
    }

    /// Any number will do as long as all migrators use it: "strikebk" in ASCII.
    private static let lockKey: Int64 = 0x7374_7269_6b65_626b
    /// How long one file may take.
    private static let longest = Duration.seconds(3_600)

    /// By version, 1, 2, 3, …
    public let migrations: [Migration]
    /// How long to wait for another migrator.
    public var patience: Duration = .seconds(60)
    /// `lock_timeout` of the files' statements: a migration that must wait for a table gives up, rather than make everyone
    /// queue behind it.
    public var lockTimeout: Duration = .seconds(3)

    /// A migrator of these steps; see ``MigrationFiles``.
    public init(_ migrations: [Migration]) { self.migrations = migrations }

    /// Takes every pending step up to `version` (nil: all), in order.
    ///
    /// - Parameter report: told of each step as it is done.
    /// - Returns: the steps taken; none when the schema was there.
    @discardableResult
    public func up(
        to version: Int? = nil, on connection: PostgresConnection, report: (Step) -> Void = { _ in }
    ) throws -> [Step] {
        let target = try checked(version) ?? migrations.count
        return try withLock(connection) {
            let ledger = MigrationLedger(connection: connection)
            let applied = try agreed(ledger)
            if applied > 0, let first = migrations.first { try restoreRoles(first, connection) }
            let checksums = try ledger.checksums(migrations)
            return try migrations.prefix(target).dropFirst(applied).map { migration in
                let checksum = checksums[migration.version - 1]
                let millis = try run(
                    migration, migration.up, on: connection,
                    after: { try ledger.insert(migration, checksum: checksum, executionMillis: $0) })
                let step = Step(version: migration.version, title: migration.title, executionMillis: millis)
                report(step)
                return step
            }
        }
    }

    /// Takes back every step above `version` (nil: the last one; 0: all), the newest first.
    @discardableResult
    public func down(
        to version: Int? = nil, on connection: PostgresConnection, report: (Step) -> Void = { _ in }
    ) throws -> [Step] {
        let target = try checked(version)
        return try withLock(connection) {
            let ledger = MigrationLedger(connection: connection)
            let applied = try agreed(ledger)
            let steps = migrations.prefix(applied).dropFirst(target ?? max(0, applied - 1))
            return try steps.reversed().map { migration in
                let millis = try run(
                    migration, migration.down, on: connection, before: { try ledger.remove(migration) })
                let step = Step(version: migration.version, title: migration.title, executionMillis: millis)
                report(step)
                return step
            }
        }
    }

    /// Every migration of the files and of the database, by version.
    public func status(on connection: PostgresConnection) throws -> [Status] {
        let ledger = MigrationLedger(connection: connection)
        let entries = try ledger.entries()
        let checksums = try ledger.checksums(migrations)
        let known = migrations.enumerated().map { index, migration in
            guard let entry = entries.first(where: { $0.version == migration.version }) else {
                return Status(
                    version: migration.version, name: migration.name, state: .pending, appliedAtMicros: nil,
                    executionMillis: nil)
            }
            let same = entry.name == migration.name && entry.checksum == checksums[index]
            return Status(
                version: entry.version, name: entry.name, state: same ? .applied : .edited,
                appliedAtMicros: entry.appliedAtMicros, executionMillis: entry.executionMillis)
        }
        let unknown = entries.filter { $0.version > migrations.count }.map { entry in
            Status(
                version: entry.version, name: entry.name, state: .unknown, appliedAtMicros: entry.appliedAtMicros,
                executionMillis: entry.executionMillis)
        }
        return known + unknown
    }

    /// Refuses a database whose schema is not exactly what this program knows: `migrate verify`, and `serve` at its start.
    public func requireCurrent(on connection: PostgresConnection) throws {
        let applied = try agreed(MigrationLedger(connection: connection))
        if applied < migrations.count { throw MigrationError.pending(titles: migrations[applied...].map(\.title)) }
    }
}

// How a step is taken.
extension Migrator {
    private func checked(_ version: Int?) throws -> Int? {
        guard let version else { return nil }
        guard (0...migrations.count).contains(version) else {
            throw MigrationError.noSuchVersion(version, newest: migrations.count)
        }
        return version
    }

    /// The number of applied steps, which are the first ones and unchanged.
    private func agreed(_ ledger: MigrationLedger) throws -> Int {
        let entries = try ledger.entries()
        let checksums = try ledger.checksums(migrations)
        for (index, entry) in entries.enumerated() {
            guard entry.version <= migrations.count else {
                throw MigrationError.unknown(version: entry.version, name: entry.name, newest: migrations.count)
            }
            guard entry.version == index + 1 else { throw MigrationError.gap(version: index + 1) }
            guard entry.name == migrations[index].name, entry.checksum == checksums[index] else {
                throw MigrationError.edited(title: migrations[index].title)
            }
        }
        return entries.count
    }

    /// Polls, because a statement that waits would hold a snapshot, and `CREATE INDEX CONCURRENTLY` waits for those.
    private func withLock<Value>(_ connection: PostgresConnection, _ body: () throws -> Value) throws -> Value {
        let usual = connection.responseTimeout
        connection.responseTimeout = Self.longest
        defer { connection.responseTimeout = usual }
        let deadline = ContinuousClock.now + patience
        while try !connection.query("SELECT pg_try_advisory_lock(\(Self.lockKey))").single().bool(0) {
            guard ContinuousClock.now < deadline else {
                throw MigrationError.busy(seconds: Int(patience.components.seconds))
            }
            _ = try connection.query("SELECT pg_sleep(0.05)")
        }
        defer { _ = try? connection.query("SELECT pg_advisory_unlock(\(Self.lockKey))") }
        return try body()
    }

    /// Runs one file, and the change of the ledger with it.
    /// - Returns: milliseconds the file took.
    private func run(
        _ migration: Migration, _ sql: String, on connection: PostgresConnection,
        before: () throws -> Void = {}, after: (Int) throws -> Void = { _ in }
    ) throws -> Int {
        do {
            if Migration.optsOut(sql) {
                let millis = try runStatements(Migration.statements(of: sql), on: connection)
                try connection.transaction {
                    try before()
                    try after(millis)
                }
                return millis
            }
            return try connection.transaction {
                try prepare(connection)
                try before()
                let start = ContinuousClock.now
                try connection.execute(script: sql, timeout: Self.longest)
                guard connection.isInTransaction else {
                    throw MigrationError.badFiles("\(migration.title) ends its own transaction")
                }
                let millis = Self.millis(since: start)
                try after(millis)
                return millis
            }
        } catch let error as PostgresError where error.kind == .server && !error.outcomeUnknown {
            if migration.version == 1, error.sqlstate == "42501" {
                throw try MigrationRoles(connection: connection).refusal(reason: error.message)
            }
            throw MigrationError.failed(title: migration.title, sqlstate: error.sqlstate, detail: error.message)
        }
    }

    /// Outside a transaction, one by one, and the session's role and limits as before afterwards.
    private func runStatements(_ statements: [String], on connection: PostgresConnection) throws -> Int {
        let before = try connection.query(
            "SELECT current_setting('role'), current_setting('statement_timeout'), current_setting('lock_timeout')"
        ).single()
        let (role, statement, lock) = (try before.text(0), try before.text(1), try before.text(2))
        defer {
            _ = try? connection.query(
                """
                SELECT set_config('role', \(role), false), set_config('statement_timeout', \(statement), false), \
                set_config('lock_timeout', \(lock), false)
                """)
        }
        try connection.execute(script: "SET ROLE NONE; SET statement_timeout = 0; SET lock_timeout = 0")
        let start = ContinuousClock.now
        for statement in statements { try connection.execute(script: statement, timeout: Self.longest) }
        return Self.millis(since: start)
    }

    /// Whatever the session is set to, a file runs as the connecting user, in public, without a time limit but for locks.
    private func prepare(_ connection: PostgresConnection) throws {
        try connection.execute(script: "SET LOCAL ROLE NONE")
        _ = try connection.query(
            """
            SELECT set_config('search_path', 'public', true), set_config('statement_timeout', '0', true),
                   set_config('lock_timeout', \(String(Self.millis(lockTimeout))), true)
            """)
    }

    /// A database restored into another cluster lacks the roles; the first file makes them and bears being run again.
    private func restoreRoles(_ first: Migration, _ connection: PostgresConnection) throws {
        if try MigrationRoles(connection: connection).areMissing() { _ = try run(first, first.up, on: connection) }
    }

    private static func millis(since start: ContinuousClock.Instant) -> Int { millis(ContinuousClock.now - start) }

    private static func millis(_ duration: Duration) -> Int {
        let (seconds, attoseconds) = duration.components
        return Int(seconds) * 1_000 + Int(attoseconds / 1_000_000_000_000_000)
    }
}
