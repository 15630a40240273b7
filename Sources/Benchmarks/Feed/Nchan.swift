import Glibc
import Synchronization

/// nginx with its publish-and-subscribe module nchan, told ten price messages a second, for WebSocket subscribers.
final class Nchan: Sendable {
    private static let programs = ["/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/sbin/nginx"]
    private static let modules = [
        "/usr/lib/nginx/modules/ngx_nchan_module.so", "/usr/lib64/nginx/modules/ngx_nchan_module.so",
        "/usr/local/nginx/modules/ngx_nchan_module.so",
    ]

    let process: ChildProcess
    let port: UInt16
    private let isEnding = Atomic(false)

    private init(process: ChildProcess, port: UInt16) {
        self.process = process
        self.port = port
    }

    /// Whether both are installed.
    static var isInstalled: Bool { program != nil && module != nil }

    private static var program: String? { programs.first { access($0, X_OK) == 0 } }
    private static var module: String? { modules.first { access($0, R_OK) == 0 } }

    /// Runs `body` beside an nginx of its own that is published to, and ends it whatever happens.
    static func with<Value: Sendable>(
        in directory: TemporaryDirectory, _ body: (Nchan) async throws -> Value
    ) async throws -> Value {
        guard let program, let module else { throw BenchmarkFailure("nginx with nchan is not installed") }
        let port = try freePort()
        try TextFile.write(configuration(module: module, port: port, directory), to: directory("nginx.conf"))
        let process = try ChildProcess.start(
            [program, "-p", directory.path, "-e", directory("error.log"), "-c", directory("nginx.conf")],
            output: directory("nginx.log"))
        let nchan = Nchan(process: process, port: port)
        do {
            try await nchan.ready()
            let value = try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await OwnThread.run { try nchan.publish() } }
                let value: Value
                do {
                    // The group waits for the publisher whatever happens.
                    defer { nchan.isEnding.store(true, ordering: .relaxed) }
                    value = try await body(nchan)
                }
                try await group.waitForAll()
                return value
            }
            await process.end(graceSeconds: 2)
            return value
        } catch {
            if !Interrupt.isRequested { Progress.say(process.text + (TextFile.read(directory("error.log")) ?? "")) }
            await process.end(graceSeconds: 2)
            throw error
        }
    }

    /// Processor time of master and worker.
    var time: ProcessorTime {
        let workers = ProcessTable.descendants(of: process.pid).map(\.time)
        return workers.reduce(ProcessTable.entry(process.pid)?.time ?? ProcessorTime(), +)
    }

    /// One worker: several would pass every message among them, at a cost.
    private static func configuration(module: String, port: UInt16, _ directory: TemporaryDirectory) -> String {
        let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map {
            "  \($0)_temp_path \(directory($0));\n"
        }
        return """
            load_module \(module);
            \(geteuid() == 0 ? "user root;" : "")
            daemon off;
            worker_processes 1;
            worker_rlimit_nofile 20000;
            pid \(directory("nginx.pid"));
            events { worker_connections 16384; }
            http {
              access_log off;
            \(paths.joined())
              keepalive_requests 100000000;
              server {
                listen 127.0.0.1:\(port);
                location = /prices { nchan_subscriber websocket; nchan_channel_id prices; }
                location = /publish { nchan_publisher http; nchan_channel_id prices; }
              }
            }

            """
    }

    private static func freePort() throws -> UInt16 {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isFound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, length) == 0 && getsockname(socket, $0, &length) == 0
            }
        }
        guard isFound else { throw BenchmarkFailure("no free port") }
        return UInt16(bigEndian: address.sin_port)
    }

    private func ready() async throws {
        for _ in 0..<500 {
            if (try? HTTPConnection(port: port)) != nil { return }
            guard process.exitStatus == nil else { throw BenchmarkFailure("nginx ended at its start") }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw BenchmarkFailure("nginx does not listen")
    }

    /// Ten messages a second, such as the service's, stamped when they are sent.
    private func publish() throws {
        let connection = try HTTPConnection(port: port)
        var tick = 0
        var due = Clock.now()
        while !isEnding.load(ordering: .relaxed) {
            due += 100_000_000
            let now = Clock.now()
            if due > now { usleep(UInt32((due - now) / 1_000)) }
            tick += 1
            var requests = PreparedRequests()
            requests.appendPost("/publish", Self.message(tick: tick, micros: Clock.unixMicros()))
            try connection.send(requests.ranges[0], of: requests.bytes)
            while true {
                var waiting = pollfd(fd: connection.socket, events: Int16(POLLIN), revents: 0)
                guard poll(&waiting, 1, 5_000) == 1 else { throw BenchmarkFailure("nchan took no message") }
                if try connection.receive() != nil { break }
            }
        }
    }

    /// The bytes of a price of the service's own.
    private static func message(tick: Int, micros: UInt64) -> [UInt8] {
        let name = "0x4200000000000000000000000000000000000006"
        var seconds = time_t(micros / 1_000_000)
        var time = tm()
        gmtime_r(&seconds, &time)
        var stamp = [CChar](repeating: 0, count: 32)
        strftime(&stamp, stamp.count, "%Y-%m-%dT%H:%M:%S", &time)
        let millis = String(1_000 + micros / 1_000 % 1_000).dropFirst()
        let text = stamp.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
        return Array(
            ("{\"type\":\"price\",\"channel\":\"prices:\(name)\",\"token\":\"\(name)\",\"priceE8\":\"249912345678\","
                + "\"tick\":\(100_000 + tick),\"asOf\":\"\(text).\(millis)Z\"}").utf8)
    }
}
