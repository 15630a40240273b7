import Glibc

/// A lock on a file that the kernel gives back when the process ends, however it ends.
///
/// The lock belongs to the open file, which no child inherits (close-on-exec), and is released by `deinit`.
final class DirectoryLock: Sendable {
    enum Mode { case exclusive, shared }

    private let file: Int32

    private init(file: Int32) { self.file = file }

    deinit { close(file) }

    /// `nil` when another open file holds it. An exclusive holder leaves its process id in the file.
    static func acquire(_ path: String, _ mode: Mode) throws(PrivateServerError) -> DirectoryLock? {
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw FileSystem.failure("open the lock", path) }
        guard flock(file, (mode == .exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0 else {
            let reason = errno
            close(file)
            if reason == EWOULDBLOCK || reason == EINTR { return nil }
            errno = reason
            throw FileSystem.failure("lock", path)
        }
        if mode == .exclusive {
            let text = Array("\(getpid())\n".utf8)
            ftruncate(file, 0)
            _ = pwrite(file, text, text.count, 0)
        }
        return DirectoryLock(file: file)
    }

    /// Whether somebody holds the lock exclusively now; takes it for a moment to find out.
    static func isHeld(_ path: String) -> Bool {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else { return false }
        defer { close(file) }
        return flock(file, LOCK_SH | LOCK_NB) != 0
    }

    /// The process id that the last exclusive holder wrote.
    static func holder(_ path: String) -> Int32? {
        FileSystem.read(path, limit: 32).flatMap { text in Int32(text.prefix { $0.isASCII && $0.isNumber }) }
    }
}
