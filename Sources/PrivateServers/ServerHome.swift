import Glibc

/// Where everything of one data directory's servers lies, and whose it is.
///
/// ```
/// lock  users.lock          who runs the servers; which commands use them
/// config/                   postgresql.conf pg_hba.conf pg_ident.conf redis.conf, written anew at every start
/// log/                      what the servers wrote while starting (PostgreSQL's own log: postgres/log)
/// postgres/  redis/         the cluster; Redis' working directory (nothing is kept in it)
/// run/                      the sockets, unless the path is too long for one
/// ```
/// That is the data directory itself, except for root with a parent that the servers' user cannot enter: then it is
/// `/var/lib/strikebook/<name>-<hash of the path>`, and a link `servers` in the data directory leads there.
struct ServerHome: Sendable, Equatable {
    /// The data directory, absolute and without links.
    let dataDirectory: String
    let path: String
    let user: ServersUser

    /// Where root's servers go when the data directory cannot be entered by them.
    static let systemDirectory = "/var/lib/strikebook"

    var cluster: String { path + "/postgres" }
    var redis: String { path + "/redis" }
    var config: String { path + "/config" }
    var logs: String { path + "/log" }
    var lock: String { path + "/lock" }
    var usersLock: String { path + "/users.lock" }
    /// Sixteen hex digits that tell this home from others on the machine.
    var identity: String { Self.hash(path) }

    /// The home of a data directory that exists, without making anything; `nil` when there is none yet.
    static func find(_ dataDirectory: String) -> ServerHome? {
        guard let real = FileSystem.realPath(dataDirectory) else { return nil }
        for path in [real, real + "/servers", remote(for: real)] {
            guard let path = FileSystem.realPath(path), let status = FileSystem.status(path + "/postgres"),
                let user = try? ServersUser.choose(cluster: status)
            else { continue }
            return ServerHome(dataDirectory: real, path: path, user: user)
        }
        return nil
    }

    /// Makes the directories that are missing and checks owner and mode of those that are there.
    static func prepare(
        _ dataDirectory: String, systemDirectory: String = systemDirectory
    ) throws(PrivateServerError) -> ServerHome {
        let isRoot = geteuid() == 0
        // Root's is passable, because the servers run as somebody else; nobody else can list it.
        try FileSystem.makeDirectory(FileSystem.absolute(dataDirectory), mode: isRoot ? 0o711 : 0o700)
        guard let real = FileSystem.realPath(dataDirectory) else { throw FileSystem.failure("find", dataDirectory) }
        try check(real)
        if FileSystem.status(real + "/PG_VERSION") != nil {
            throw .notOurs(path: real, detail: "it is itself a PostgreSQL cluster; choose another --data-dir")
        }
        let path = try choosePath(real, isRoot: isRoot, systemDirectory: systemDirectory)
        let home = ServerHome(
            dataDirectory: real, path: path, user: try .choose(cluster: FileSystem.status(path + "/postgres")))
        guard home.user.canEnter(path) || !isRoot else {
            throw .permissions(
                path: path,
                detail: "user \(home.user.name), whose servers are there, can no longer enter it; "
                    + "make every directory above it passable (chmod o+x)")
        }
        let inner: mode_t = isRoot ? 0o755 : 0o700
        try FileSystem.makeDirectory(home.config, mode: inner)
        try FileSystem.makeDirectory(home.logs, mode: inner)
        return home
    }

    private static func choosePath(
        _ real: String, isRoot: Bool, systemDirectory: String
    ) throws(PrivateServerError) -> String {
        // What is there decides: a later change of modes must never lead to a new, empty database.
        if FileSystem.status(real + "/postgres") != nil { return real }
        let link = real + "/servers"
        if FileSystem.status(link, followLinks: false) != nil {
            guard let target = FileSystem.realPath(link) else {
                throw .notOurs(
                    path: link, detail: "it leads nowhere; restore what it led to, or remove it to start empty")
            }
            try check(target)
            return target
        }
        let user = try ServersUser.choose(cluster: nil)
        if !isRoot || user.canEnter(real) { return real }
        let remote = remote(for: real, systemDirectory: systemDirectory)
        try FileSystem.makeDirectory(systemDirectory, mode: 0o755)
        try FileSystem.makeDirectory(remote, mode: 0o711)
        try check(remote)
        if symlink(remote, link) != 0 { throw FileSystem.failure("make the link", link) }
        return remote
    }

    private static func remote(for real: String, systemDirectory: String = systemDirectory) -> String {
        let name = real.split(separator: "/").suffix(2).joined(separator: "-").prefix(40)
        return systemDirectory + "/" + name + "-" + hash(real)
    }

    /// A directory of somebody else, or one that somebody else may write to, is refused.
    private static func check(_ path: String) throws(PrivateServerError) {
        guard let status = FileSystem.status(path), status.isDirectory else {
            throw .notOurs(path: path, detail: "a directory is expected there")
        }
        let caller = geteuid()
        guard status.owner == caller || caller == 0 else {
            let owner = ServersUser.lookUp(status.owner)?.name ?? "user id \(status.owner)"
            throw .permissions(
                path: path, detail: "it belongs to \(owner); start as that user or choose another --data-dir")
        }
        guard status.mode & 0o022 == 0 else {
            throw .permissions(path: path, detail: "others may write to it; chmod go-w it first")
        }
    }

    /// FNV-1a, 64 bits, as 16 hex digits: names directories, guards nothing.
    static func hash(_ text: String) -> String {
        var value: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
