import ArgumentParser
import Postgres
import PrivateServers
import Store

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How the program ends: the one place where errors become exit codes.
enum ProgramExit {
    /// Ends with 1 … 5 and a sentence on standard error; asked-for help ends with 0.
    static func end(_ error: any Error) -> Never {
        let (code, message) = judge(error)
        if !message.isEmpty { say(message) }
        exit(code)
    }

    /// Writes one line to standard error.
    static func say(_ message: String) {
        let line = Array((message.hasSuffix("\n") ? message : message + "\n").utf8)
        line.withUnsafeBytes { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    private static func judge(_ error: any Error) -> (code: Int32, message: String) {
        switch error {
        case let failure as CommandFailure: return (failure.code.rawValue, "strikebook: \(failure.message)")
        case let error as MigrationError: return (Code.migration.rawValue, "strikebook: \(error)")
        case let error as DeploymentTable.Mismatch: return (Code.usage.rawValue, "strikebook: \(error)")
        case let error as PrivateServerError: return (Code.database.rawValue, "strikebook: \(error)")
        case let error as PostgresError: return (Code.database.rawValue, "strikebook: the database: \(error)")
        default: break
        }
        let code = Strikebook.exitCode(for: error)
        if code.isSuccess {
            print(Strikebook.fullMessage(for: error))
            return (0, "")
        }
        let kind = code == .validationFailure ? Code.usage : Code.failure
        return (kind.rawValue, Strikebook.fullMessage(for: error))
    }

    /// Exit codes, as `--help` lists them.
    enum Code: Int32 {
        case failure = 1
        case usage, database, migration, verification
    }
}

/// An expected end of a command that is no success.
struct CommandFailure: Error {
    let code: ProgramExit.Code
    let message: String

    init(_ code: ProgramExit.Code = .failure, _ message: String) {
        self.code = code
        self.message = message
    }
}
