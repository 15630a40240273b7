import Glibc
import Synchronization

/// A program that was started, its output in a file, ended by its id.
final class ChildProcess: Sendable {
    let pid: pid_t
    private let output: String
    private let status = Mutex<Int32?>(nil)

    private init(pid: pid_t, output: String) {
        self.pid = pid
        self.output = output
    }

    /// Starts `words` in a process group of its own (a terminal's Ctrl-C is for the benchmark, which ends it), without
    /// the caller's settings in its environment.
    /// - Parameter output: the file that takes both its outputs.
    static func start(_ words: [String], output: String) throws -> ChildProcess {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) } + [nil]
        defer { for text in arguments + variables { free(text) } }
        var pid: pid_t = 0
        let code = posix_spawn(&pid, words[0], &actions, &attributes, &arguments, &variables)
        guard code == 0 else { throw BenchmarkFailure("\(words[0]): \(String(cString: strerror(code)))") }
        return ChildProcess(pid: pid, output: output)
    }

    /// Nothing that could lead a service to another database than its own.
    private static var environment: [String] {
        let passed: [String] = ["PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "STRIKEBOOK_MIGRATIONS"]
        return passed.compactMap { name in Environment[name].map { "\(name)=\($0)" } }
    }

    /// What it has written so far.
    var text: String { TextFile.read(output) ?? "" }

    /// As `waitpid` gives it; nil while it runs.
    var exitStatus: Int32? {
        status.withLock { status in
            var found: Int32 = 0
            if status == nil, waitpid(pid, &found, WNOHANG) == pid { status = found }
            return status
        }
    }

    /// Waits for its own end; a cancelled task's process is ended.
    func finish() async throws -> Int32 {
        do {
            while true {
                if let exitStatus { return exitStatus }
                try await Task.sleep(for: .milliseconds(10))
            }
        } catch {
            await end(graceSeconds: 1)
            throw error
        }
    }

    /// SIGTERM, and SIGKILL after a while; returns when it is gone. Works in a cancelled task.
    @discardableResult
    func end(graceSeconds: Int) async -> Int32? {
        guard exitStatus == nil else { return exitStatus }
        kill(pid, SIGTERM)
        try? await OwnThread.run { [self] in
            for _ in 0..<(graceSeconds * 100) where exitStatus == nil { usleep(10_000) }
            if exitStatus == nil { kill(pid, SIGKILL) }
            while exitStatus == nil { usleep(10_000) }
        }
        return exitStatus
    }
}

/// The environment's variables.
enum Environment {
    static subscript(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}

/// Small files.
enum TextFile {
    /// The whole text, nil when it cannot be read.
    static func read(_ path: String) -> String? {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = fread(&part, 1, part.count, file)
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += part[..<count]
        }
    }

    /// Writes the whole text.
    static func write(_ text: String, to path: String) throws {
        guard let file = fopen(path, "we") else {
            throw BenchmarkFailure("\(path): \(String(cString: strerror(errno)))")
        }
        defer { fclose(file) }
        fputs(text, file)
    }

    /// The names in a directory.
    static func names(in directory: String) -> [String] {
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}

/// A directory for one measurement, under TMPDIR or /tmp, removed afterwards whatever happens.
struct TemporaryDirectory: Sendable {
    let path: String

    /// Runs `body` with a new directory.
    static func with<Value: Sendable>(_ body: (TemporaryDirectory) async throws -> Value) async throws -> Value {
        let parent = Environment["TMPDIR"] ?? "/tmp"
        var template =
            Array("\(parent)/strikebook-bench-".utf8CString.dropLast()) + Array(repeating: CChar(88), count: 6) + [0]
        guard mkdtemp(&template) != nil else { throw BenchmarkFailure("no directory in \(parent)") }
        let directory = TemporaryDirectory(path: template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) })
        // A private PostgreSQL of root runs as somebody else, who has to pass through.
        chmod(directory.path, 0o711)
        do {
            let value = try await body(directory)
            await directory.remove()
            return value
        } catch {
            await directory.remove()
            throw error
        }
    }

    /// A file or directory in it.
    func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

    private func remove() async {
        let removal = try? ChildProcess.start(["/bin/rm", "-rf", path], output: "/dev/null")
        try? await OwnThread.run { while let removal, removal.exitStatus == nil { usleep(5_000) } }
    }
}
