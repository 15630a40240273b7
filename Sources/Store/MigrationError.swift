/// Why the schema is not, or cannot be made, what this program knows. Each says what to do.
public enum MigrationError: Error, Sendable, Equatable {
    /// No directory of migration files where they are looked for.
    case filesNotFound(tried: [String])
    /// The directory's files are not a sequence of pairs.
    case badFiles(String)
    /// An applied migration's file is not what it was when it was applied.
    case edited(title: String)
    /// The database has a step that this program does not know: it belongs to a newer one.
    case unknown(version: Int, name: String, newest: Int)
    /// A step is missing although a later one is there.
    case gap(version: Int)
    /// The database is older than this program.
    case pending(titles: [String])
    /// Asked for a version there is no file for.
    case noSuchVersion(Int, newest: Int)
    /// Roles or rights are missing that the connecting user cannot give; `sql` is for a superuser of this database.
    case needsAdministrator(reason: String, sql: String)
    /// Another migrator held the lock all the time.
    case busy(seconds: Int)
    /// A file's SQL failed and its transaction was rolled back.
    case failed(title: String, sqlstate: String?, detail: String)
}

extension MigrationError: CustomStringConvertible {
    /// A sentence for whoever ran the command.
    public var description: String {
        switch self {
        case .filesNotFound(let tried):
            "no migration files found; set STRIKEBOOK_MIGRATIONS to the directory that holds them. Tried: "
                + tried.joined(separator: ", ")
        case .badFiles(let detail): "the migration files cannot be used: \(detail)"
        case .edited(let title):
            "\(title) was edited after it was applied; restore the file and put the change into a new migration"
        case .unknown(let version, let name, let newest):
            "the database has migration \(version) (\(name)), this program knows up to \(newest): run a newer program"
        case .gap(let version):
            "migration \(version) is missing in the database although a later one is applied"
        case .pending(let titles):
            "the database is older than this program; run `strikebook migrate up` for " + titles.joined(separator: ", ")
        case .noSuchVersion(let version, let newest):
            "there is no migration \(version); the newest is \(newest)"
        case .needsAdministrator(let reason, let sql):
            "the connecting user may not prepare the roles (\(reason)). A superuser must run, in this database:\n\(sql)"
        case .busy(let seconds):
            "another migrator has been at work for \(seconds) seconds; nothing was changed"
        case .failed(let title, let sqlstate, let detail):
            "\(title) failed and was rolled back: \(detail)" + (sqlstate.map { " (SQLSTATE \($0))" } ?? "")
        }
    }
}
