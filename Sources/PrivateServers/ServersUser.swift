import Glibc

/// The user that the servers run as: the caller, or, since PostgreSQL refuses root, somebody else when root starts them.
struct ServersUser: Sendable, Equatable {
    let name: String
    let uid: uid_t
    let gid: gid_t

    /// Whether a server has to be started as another user than the caller.
    var needsSwitch: Bool { uid != geteuid() }

    /// Users that root starts servers as, best first; Debian's server packages make the first two.
    static let candidates = ["postgres", "redis", "nobody"]

    /// The caller's own, or for root the owner of the cluster that is there, else the first candidate that exists.
    static func choose(cluster: FileStatus?) throws(PrivateServerError) -> ServersUser {
        let caller = geteuid()
        if caller != 0 {
            guard let user = lookUp(caller) else {
                throw .permissions(
                    path: "/etc/passwd", detail: "user id \(caller) has no name there; PostgreSQL needs one")
            }
            return user
        }
        if let cluster, cluster.owner != 0, let owner = lookUp(cluster.owner) { return owner }
        for name in candidates {
            if let user = lookUp(name) { return user }
        }
        throw .permissions(
            path: "/etc/passwd",
            detail: "none of the users \(candidates.joined(separator: ", ")) exists to run the servers as")
    }

    static func lookUp(_ uid: uid_t) -> ServersUser? {
        lookUp { getpwuid_r(uid, $0, $1, $2, $3) }
    }

    static func lookUp(_ name: String) -> ServersUser? {
        lookUp { getpwnam_r(name, $0, $1, $2, $3) }
    }

    private static func lookUp(
        _ call: (
            UnsafeMutablePointer<passwd>, UnsafeMutablePointer<CChar>, Int,
            UnsafeMutablePointer<UnsafeMutablePointer<passwd>?>
        ) -> Int32
    ) -> ServersUser? {
        var entry = passwd()
        var result: UnsafeMutablePointer<passwd>?
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16384) { buffer -> ServersUser? in
            guard let start = buffer.baseAddress, call(&entry, start, buffer.count, &result) == 0, result != nil,
                let name = entry.pw_name
            else { return nil }
            return ServersUser(name: String(cString: name), uid: entry.pw_uid, gid: entry.pw_gid)
        }
    }

    /// Whether this user can pass through every directory from `/` to `path` by their mode bits (access lists are
    /// not looked at: they can only make a directory that would have been usable be passed over).
    func canEnter(_ path: String) -> Bool {
        var at = path
        while true {
            guard let found = FileSystem.status(at), found.isDirectory else { return false }
            let bit: mode_t = found.owner == uid ? 0o100 : found.group == gid ? 0o010 : 0o001
            if found.mode & bit == 0 { return false }
            if at == "/" { return true }
            at = FileSystem.parent(of: at)
        }
    }
}
