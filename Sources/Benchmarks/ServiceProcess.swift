import Glibc
import Logging
import PrivateServers

/// A release `strikebook serve` with a PostgreSQL and a Redis of its own, on a free port.
struct ServiceProcess: Sendable {
    let process: ChildProcess
    let port: UInt16
    /// From its start to the first good answer of `/ready`, seconds.
    let startSeconds: Double
    /// libpq's URL of its PostgreSQL.
    let databaseURL: String

    /// Runs `body` with a service on `dataDirectory` and ends it, and its servers, whatever happens.
    static func with<Value: Sendable>(
        dataDirectory: String, flags: [String] = [], _ body: (ServiceProcess) async throws -> Value
    ) async throws -> Value {
        let words =
            [
                try program(), "serve", "--host", "127.0.0.1", "--port", "0", "--data-dir", dataDirectory,
                "--offer-rate-limit", "0", "--max-open-offers", "1000000", "--log-level", "warning",
            ] + flags
        let begin = Clock.now()
        let process = try ChildProcess.start(words, output: dataDirectory + ".log")
        do {
            let port = try await ready(process)
            let seconds = Double(Clock.now() - begin) / 1e9
            guard let urls = PrivateServerGroup.running(dataDirectory: dataDirectory) else {
                throw BenchmarkFailure("the service runs without a private PostgreSQL")
            }
            let value = try await body(
                ServiceProcess(process: process, port: port, startSeconds: seconds, databaseURL: urls.database))
            await end(process, dataDirectory)
            return value
        } catch {
            if !Interrupt.isRequested { Progress.say(process.text) }
            await end(process, dataDirectory)
            throw error
        }
    }

    /// The program: STRIKEBOOK, or what lies beside this one.
    private static func program() throws -> String {
        if let path = Environment["STRIKEBOOK"] { return path }
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        guard readlink("/proc/self/exe", &buffer, buffer.count - 1) > 0 else { throw BenchmarkFailure("no /proc") }
        let own = buffer.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
        let path = own[..<(own.lastIndex(of: "/") ?? own.startIndex)] + "/strikebook"
        guard access(String(path), X_OK) == 0 else {
            throw BenchmarkFailure(
                "there is no \(path): swift build -c release --product strikebook, or name it by STRIKEBOOK=path")
        }
        return String(path)
    }

    /// Waits for its line "listening on http://…:port", then for `/ready`.
    private static func ready(_ process: ChildProcess) async throws -> UInt16 {
        var port: UInt16?
        for _ in 0..<30_000 {
            guard process.exitStatus == nil else { throw BenchmarkFailure("the service ended at its start") }
            if port == nil,
                let line = process.text.split(separator: "\n").first(where: { $0.hasPrefix("listening on ") })
            {
                port = line.split(separator: ":").last.flatMap { UInt16($0) }
            }
            if let port, (try? HTTPConnection.get("/ready", port: port).status) == 200 { return port }
            try await Task.sleep(for: .milliseconds(2))
        }
        throw BenchmarkFailure("the service is not ready after a minute")
    }

    private static func end(_ process: ChildProcess, _ dataDirectory: String) async {
        if await process.end(graceSeconds: 30) == 0 { return }
        // It did not end by itself and may have left its servers: taking them over ends them.
        try? await PrivateServerGroup.withServers(
            dataDirectory: dataDirectory,
            logger: Logger(label: "benchmarks", factory: { _ in SwiftLogNoOpLogHandler() })
        ) { _ in }
    }
}
