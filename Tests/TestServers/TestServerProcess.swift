import Foundation
import Synchronization

/// What went wrong while a private server was handled.
public struct TestServerError: Error, CustomStringConvertible {
    /// Plain English, with the end of the server's log where there is one.
    public let description: String
}

/// A child process that never outlives this one: a shell beside it ends it and removes its directory when the pipe from
/// this process closes, whatever the reason.
final class TestServerProcess: Sendable {
    private let shell: Mutex<Process>
    private let lifeline: FileHandle
    /// The server's own process.
    let pid: pid_t

    private static let script = """
        dir=$1; shift
        exec 3<&0
        "$@" </dev/null 3<&- >>"$dir/log" 2>&1 &
        child=$!
        echo $child >"$dir/pid.new" && mv "$dir/pid.new" "$dir/pid"
        {
            read _ <&3
            touch "$dir/ending"
            kill -CONT $child; kill -QUIT $child
            for attempt in 1 2 3 4 5 6 7 8 9 10; do kill -0 $child || break; sleep 0.1; done
            kill -KILL $child
            until rm -rf "$dir"; do sleep 0.1; done
        } 2>/dev/null &
        watcher=$!
        exec 3<&- 0<&-
        wait $child
        [ -e "$dir/ending" ] || kill $watcher 2>/dev/null
        """

    /// Runs `command` with its output in `directory`/log and waits until its process exists.
    init(_ command: [String], in directory: URL) throws {
        let pidFile = directory.appending(path: "pid")
        try? FileManager.default.removeItem(at: pidFile)
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", Self.script, "sh", directory.path] + command
        let pipe = Pipe()
        lifeline = pipe.fileHandleForWriting
        _ = fcntl(lifeline.fileDescriptor, F_SETFD, FD_CLOEXEC)
        process.standardInput = pipe
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        pid = try waitUntil("the server's process exists") {
            (try? String(contentsOf: pidFile, encoding: .utf8))
                .flatMap { pid_t($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
        }
        shell = Mutex(process)
    }

    var isRunning: Bool { shell.withLock { $0.isRunning } }

    /// Sends a signal to the server and waits for its end.
    func end(_ signal: Int32) throws {
        kill(pid, signal)
        try waitUntil("the server has ended") { self.isRunning ? nil : () }
    }

    /// Stops (SIGSTOP) or continues (SIGCONT) the server and its children.
    func signalAll(_ signal: Int32) {
        kill(pid, signal)
        for child in children { kill(child, signal) }
    }

    private var children: [pid_t] {
        let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return processes.compactMap { pid_t($0) }.filter { candidate in
            let status = try? String(contentsOfFile: "/proc/\(candidate)/status", encoding: .utf8)
            return status?.split(separator: "\n").contains("PPid:\t\(pid)") ?? false
        }
    }
}

/// Repeats `attempt` every few milliseconds until it gives true, for ten seconds at most: for what happens in other
/// processes and threads, which nothing announces. An error counts as false.
public func eventually(_ attempt: () async throws -> Bool) async -> Bool {
    let deadline = ContinuousClock.now + .seconds(10)
    while ContinuousClock.now < deadline {
        if (try? await attempt()) == true { return true }
        try? await Task.sleep(for: .milliseconds(5))
    }
    return false
}

/// Looks every few milliseconds until `condition` gives something, for ten seconds at most. For conditions outside this
/// process, which nothing announces.
@discardableResult
func waitUntil<Value>(_ what: String, _ condition: () throws -> Value?) throws -> Value {
    let deadline = ContinuousClock.now + .seconds(10)
    while ContinuousClock.now < deadline {
        if let value = try condition() { return value }
        usleep(5_000)
    }
    throw TestServerError(description: "not in time: \(what)")
}

/// Runs a program to its end and returns its output.
@discardableResult
func runToEnd(_ command: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = command
    let pipe = Pipe()
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
        throw TestServerError(description: "\(command.joined(separator: " ")) failed: \(output)")
    }
    return output
}

/// A new directory with a short path, for sockets have short names.
func makeTestDirectory() throws -> URL {
    let directory = FileManager.default.temporaryDirectory.appending(path: "sb-\(UInt32.random(in: 0 ... .max))")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
    return directory
}
