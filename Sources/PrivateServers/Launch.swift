import Glibc

/// What to start: a program, as whom, and where its input and output go.
struct Launch: Sendable {
    var program: String
    var arguments: [String]
    var user: ServersUser
    /// Takes standard output and error; begun anew.
    var logFile: String
    var inputFile = "/dev/null"

    /// What the servers see; nothing of the caller's environment, which may hold keys.
    static let environment = [
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "TZ=UTC",
    ]

    /// Starts the program in a session of its own (a terminal's Ctrl-C is for the service alone), in `/`, with no open
    /// file of the caller but the log.
    func start() throws(PrivateServerError) -> pid_t {
        // Each of these replaces itself by the next, so the process that is started here becomes the server.
        var words = [try Self.require("env", package: "coreutils"), "--chdir=/"]
        if user.needsSwitch {
            words += [try Self.require("setpriv", package: "util-linux"), "--reuid=\(user.uid)", "--regid=\(user.gid)"]
            words += ["--clear-groups", "--"]
        }
        words += [program] + arguments
        let log = open(logFile, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard log >= 0 else { throw FileSystem.failure("write", logFile) }
        defer { close(log) }
        let input = open(inputFile, O_RDONLY | O_CLOEXEC)
        guard input >= 0 else { throw FileSystem.failure("read", inputFile) }
        defer { close(input) }

        let (code, pid) = Self.spawn(words, input: input, output: log)
        guard code == 0 else {
            throw .system(operation: "start", path: program, reason: String(cString: strerror(code)))
        }
        return pid
    }

    /// Runs the program to its end; throws with the end of what it wrote when that was not a success.
    func run(_ what: String, limit: Duration = .seconds(120)) async throws(PrivateServerError) {
        let pid = try start()
        let end = ContinuousClock.now + limit
        while true {
            var status: Int32 = 0
            let found = waitpid(pid, &status, WNOHANG)
            if found == pid {
                if status == 0 { return }
                throw .startFailed(server: what, detail: logTail())
            }
            if (found < 0 && errno != EINTR) || ContinuousClock.now >= end || Task.isCancelled {
                kill(pid, SIGKILL)
                waitpid(pid, nil, 0)
                throw Task.isCancelled ? .cancelled : .startFailed(server: what, detail: "no end after \(limit)")
            }
            await pause(.milliseconds(10))
        }
    }

    /// The last lines of the log, for an error.
    func logTail(lines: Int = 6) -> String {
        let text = FileSystem.read(logFile) ?? ""
        let last = text.split(separator: "\n").suffix(lines).joined(separator: "\n  ")
        return last.isEmpty ? "it wrote nothing to \(logFile)" : "see \(logFile)\n  " + last
    }

    /// The program's full path from PATH and the usual directories.
    static func find(_ name: String, in directories: [String] = searchPath) -> String? {
        directories.lazy.map { $0 + "/" + name }.first { access($0, X_OK) == 0 }
    }

    private static func require(_ name: String, package: String) throws(PrivateServerError) -> String {
        if let path = find(name) { return path }
        throw .missingProgram(name: name, searched: "PATH", hint: "install the package \(package)")
    }

    static var searchPath: [String] {
        let path = getenv("PATH").map { String(cString: $0) } ?? ""
        return path.split(separator: ":").map(String.init).filter { $0.hasPrefix("/") }
            + ["/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"]
    }

    /// POSIX_SPAWN_SETSID of glibc and musl, which the Swift overlay leaves out.
    private static let newSession: Int32 = 0x80

    private static func spawn(_ words: [String], input: Int32, output: Int32) -> (code: Int32, pid: pid_t) {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_adddup2(&actions, input, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, output, 2)
        for name in FileSystem.entries("/proc/self/fd") {
            guard let file = Int32(name), file > 2 else { continue }
            let flags = fcntl(file, F_GETFD)
            if flags >= 0 && flags & FD_CLOEXEC == 0 { posix_spawn_file_actions_addclose(&actions, file) }
        }
        // A service may ignore or block signals that its servers must get.
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | newSession))
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) } + [nil]
        defer { for text in arguments + variables { free(text) } }
        var pid: pid_t = 0
        let code = posix_spawn(&pid, words[0], &actions, &attributes, &arguments, &variables)
        return (code, pid)
    }
}
