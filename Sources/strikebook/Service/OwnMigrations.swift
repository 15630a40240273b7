import Store

extension Migrator {
    /// The migrations this program comes with, or those in STRIKEBOOK_MIGRATIONS.
    static func own() throws -> Migrator {
        Migrator(try MigrationFiles.load(explicit: ProcessEnvironment.all["STRIKEBOOK_MIGRATIONS"]))
    }
}
