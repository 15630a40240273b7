import Glibc

/// Kind, owner and permission bits of a path.
struct FileStatus: Sendable {
    let isDirectory: Bool
    let isSymbolicLink: Bool
    let owner: uid_t
    let group: gid_t
    /// The lowest twelve bits: permissions, set-id and sticky.
    let mode: mode_t
}

/// The few file operations that the servers need, each with its failure as a `PrivateServerError`.
enum FileSystem {
    /// `nil` when there is nothing at the path (or it cannot be reached). Follows links only when asked.
    static func status(_ path: String, followLinks: Bool = true) -> FileStatus? {
        var info = Glibc.stat()
        guard (followLinks ? stat(path, &info) : lstat(path, &info)) == 0 else { return nil }
        return FileStatus(
            isDirectory: info.st_mode & S_IFMT == S_IFDIR, isSymbolicLink: info.st_mode & S_IFMT == S_IFLNK,
            owner: info.st_uid, group: info.st_gid, mode: info.st_mode & 0o7777)
    }

    /// Absolute and free of links; `nil` when it does not exist.
    static func realPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// Absolute, from the working directory; links and `..` stay.
    static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/"), let current = realPath(".") else { return path }
        return current == "/" ? "/" + path : current + "/" + path
    }

    /// Makes the directory and its missing parents with exactly this mode; does nothing when it is there.
    static func makeDirectory(_ path: String, mode: mode_t) throws(PrivateServerError) {
        if status(path)?.isDirectory == true { return }
        let parent = parent(of: path)
        if parent != path, status(parent) == nil { try makeDirectory(parent, mode: mode | 0o055) }
        if mkdir(path, mode) != 0 && errno != EEXIST { throw failure("create the directory", path) }
        // mkdir's mode passes through the umask; chmod's does not.
        if chmod(path, mode) != 0 { throw failure("set the mode of", path) }
    }

    /// Makes a directory that only `user` may enter, or checks that the one there is so.
    static func makePrivateDirectory(_ path: String, for user: ServersUser) throws(PrivateServerError) {
        if mkdir(path, 0o700) == 0 {
            if user.needsSwitch, lchown(path, user.uid, user.gid) != 0 { throw failure("give away", path) }
        } else if errno != EEXIST {
            throw failure("create the directory", path)
        }
        guard let found = status(path, followLinks: false), found.isDirectory else {
            throw .notOurs(path: path, detail: "a directory is expected there")
        }
        guard found.owner == user.uid else {
            throw .permissions(
                path: path, detail: "it belongs to user id \(found.owner), but the servers run as \(user.name)")
        }
        if found.mode & 0o777 != 0o700, chmod(path, 0o700) != 0 { throw failure("set the mode of", path) }
    }

    /// The bytes as text, at most `limit` of them; `nil` when the file cannot be read.
    static func read(_ path: String, limit: Int = 1 << 20) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16384)
        while bytes.count < limit {
            let count = Glibc.read(file, &chunk, chunk.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { break }
            bytes.append(contentsOf: chunk[..<count])
        }
        return String(decoding: bytes.prefix(limit), as: UTF8.self)
    }

    /// Replaces the file's content at once (a reader sees the old or the new text) and makes it durable.
    static func write(_ text: String, to path: String, mode: mode_t) throws(PrivateServerError) {
        let temporary = path + ".new"
        unlink(temporary)
        let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
        guard file >= 0 else { throw failure("write", temporary) }
        defer { close(file) }
        let bytes = Array(text.utf8)
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw failure("write", temporary) }
            done += count
        }
        guard fchmod(file, mode) == 0, fsync(file) == 0, rename(temporary, path) == 0 else {
            throw failure("write", path)
        }
        try sync(directory: parent(of: path))
    }

    /// Makes the directory's entries (a rename in it, say) durable.
    static func sync(directory: String) throws(PrivateServerError) {
        let handle = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard handle >= 0 else { throw failure("open", directory) }
        defer { close(handle) }
        if fsync(handle) != 0 { throw failure("sync", directory) }
    }

    /// Names in a directory without `.` and `..`; empty when it cannot be read.
    static func entries(_ path: String) -> [String] {
        guard let handle = opendir(path) else { return [] }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }

    /// Removes a directory and all below it without following links; what is gone already is no error.
    static func removeTree(_ path: String) {
        if let found = status(path, followLinks: false), found.isDirectory {
            for name in entries(path) { removeTree(path + "/" + name) }
            rmdir(path)
        } else {
            unlink(path)
        }
    }

    static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    static func failure(_ operation: String, _ path: String) -> PrivateServerError {
        .system(operation: operation, path: path, reason: String(cString: strerror(errno)))
    }
}
