/// Why private servers could not be used; `description` is a sentence for the person who started the program.
public enum PrivateServerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Another process holds the data directory; its id, when it could be read.
    case busy(directory: String, pid: Int32?)
    /// A program that is needed is not installed.
    case missingProgram(name: String, searched: String, hint: String)
    /// The cluster was made by another major version of PostgreSQL than those installed.
    case otherVersion(directory: String, made: String, installed: String)
    /// Something lies in the data directory that this program did not put there.
    case notOurs(path: String, detail: String)
    /// A directory's owner or mode is unsafe or keeps a server out.
    case permissions(path: String, detail: String)
    /// A server ended or did not become ready; `detail` ends with the last lines of its log.
    case startFailed(server: String, detail: String)
    /// A system call failed: what was tried, on what, and the system's words.
    case system(operation: String, path: String, reason: String)
    /// The task was cancelled while a server was starting.
    case cancelled

    /// A plain English sentence that says what to do where that is known.
    public var description: String {
        switch self {
        case .busy(let directory, let pid):
            let holder = pid.map { "process \($0)" } ?? "another process"
            return "\(directory) is in use by \(holder); stop it first or choose another --data-dir"
        case .missingProgram(let name, let searched, let hint):
            return "\(name) was not found (looked in \(searched)); \(hint)"
        case .otherVersion(let directory, let made, let installed):
            return "\(directory) was made by PostgreSQL \(made), but only \(installed) is installed; "
                + "install postgresql-\(made), or export there and import into a new data directory"
        case .notOurs(let path, let detail):
            return "\(path) was not made by strikebook: \(detail)"
        case .permissions(let path, let detail):
            return "\(path): \(detail)"
        case .startFailed(let server, let detail):
            return "\(server) did not start: \(detail)"
        case .system(let operation, let path, let reason):
            return "cannot \(operation) \(path): \(reason)"
        case .cancelled:
            return "stopped while the servers were starting"
        }
    }
}
