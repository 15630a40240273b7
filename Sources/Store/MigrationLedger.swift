import Postgres

/// `schema_migrations`: which steps this database has taken. Made with the first of them, gone with the last.
struct MigrationLedger {
    /// One applied step.
    struct Entry {
        let version: Int
        let name: String
        /// SHA-256 of the up file as applied, in hex.
        let checksum: String
        /// Microseconds since 1970.
        let appliedAtMicros: Int64
        let executionMillis: Int
    }

    private static let creation = """
        SET LOCAL ROLE strikebook_owner;
        CREATE TABLE public.schema_migrations (
            version      integer     NOT NULL,
            name         text        NOT NULL,
            checksum     text        NOT NULL,
            applied_at   timestamptz NOT NULL DEFAULT now(),
            execution_ms integer     NOT NULL,
            CONSTRAINT schema_migrations_pkey PRIMARY KEY (version),
            CONSTRAINT schema_migrations_version CHECK (version > 0),
            CONSTRAINT schema_migrations_checksum CHECK (checksum ~ '^[0-9a-f]{64}$')
        );
        COMMENT ON TABLE public.schema_migrations IS 'The migrations this database has had; written by strikebook migrate.';
        COMMENT ON COLUMN public.schema_migrations.version IS 'Number of the file.';
        COMMENT ON COLUMN public.schema_migrations.name IS 'Name of the file.';
        COMMENT ON COLUMN public.schema_migrations.checksum IS 'SHA-256 of the .up.sql file, as sha256sum prints it.';
        COMMENT ON COLUMN public.schema_migrations.applied_at IS 'When it was applied.';
        COMMENT ON COLUMN public.schema_migrations.execution_ms IS 'How long it took, milliseconds.';
        GRANT SELECT ON public.schema_migrations TO strikebook_app, strikebook_read;
        """

    let connection: PostgresConnection

    /// The applied steps, by version; none when there is no ledger.
    func entries() throws -> [Entry] {
        let exists = try connection.query("SELECT to_regclass('public.schema_migrations') IS NOT NULL").single()
        guard try exists.bool(0) else { return [] }
        let rows = try connection.query(
            "SELECT version, name, checksum, applied_at, execution_ms FROM public.schema_migrations ORDER BY version")
        return try rows.map { row in
            Entry(
                version: Int(try row.int32("version")), name: try row.text("name"), checksum: try row.text("checksum"),
                appliedAtMicros: try row.timestampMicros("applied_at"),
                executionMillis: Int(try row.int32("execution_ms")))
        }
    }

    /// Records a step, in the transaction that took it.
    func insert(_ migration: Migration, checksum: String, executionMillis: Int) throws {
        try connection.execute(script: migration.version == 1 ? Self.creation : "SET LOCAL ROLE strikebook_owner")
        _ = try connection.query(
            """
            INSERT INTO public.schema_migrations (version, name, checksum, execution_ms)
            VALUES (\(Int32(clamping: migration.version)), \(migration.name), \(checksum), \
            \(Int32(clamping: executionMillis)))
            """)
    }

    /// Forgets a step, in the transaction that takes it back; with the first step the ledger goes too.
    func remove(_ migration: Migration) throws {
        try connection.execute(script: "SET LOCAL ROLE strikebook_owner")
        if migration.version == 1 {
            try connection.execute(script: "DROP TABLE public.schema_migrations")
        } else {
            _ = try connection.query(
                "DELETE FROM public.schema_migrations WHERE version = \(Int32(clamping: migration.version))")
        }
        try connection.execute(script: "SET LOCAL ROLE NONE")
    }

    /// SHA-256 of each step's up file, in hex, computed by the server.
    func checksums(_ migrations: [Migration]) throws -> [String] {
        let files = migrations.map { Array($0.up.utf8) }
        let rows = try connection.query(
            "SELECT encode(sha256(file), 'hex') FROM unnest(\(files)) WITH ORDINALITY AS f (file, n) ORDER BY n")
        return try rows.map { try $0.text(0) }
    }
}
