import Ethereum
public import Exchange
import Market
import NIOCore
import StrictJSON

/// `/live /ready /health /version /stats /metrics`
public struct StatusRoutes: Sendable {
    private let status: any ServiceStatus
    private let metrics: RequestMetrics
    private let books: Books
    private let version: String
    private let startedAtMicros: Int64
    private let nowMicros: @Sendable () -> Int64

    /// Routes over the parts of one running service.
    public init(
        status: any ServiceStatus, metrics: RequestMetrics, books: Books, version: String,
        nowMicros: @escaping @Sendable () -> Int64
    ) {
        self.status = status
        self.metrics = metrics
        self.books = books
        self.version = version
        self.nowMicros = nowMicros
        startedAtMicros = nowMicros()
    }

    func live(_ request: APIRequest) async throws -> Reply {
        .json { json in
            json.beginObject()
            json.key("status")
            json.string("live")
            json.endObject()
        }
    }

    /// 200 when every required dependency is up, else 503; each with its state.
    func ready(_ request: APIRequest) async throws -> Reply {
        let dependencies = await status.dependencies()
        let isReady = dependencies.allSatisfy { !$0.isRequired || $0.state == .up }
        var reply = Reply.json(status: isReady ? 200 : 503) { json in
            json.beginObject()
            json.key("ready")
            json.bool(isReady)
            Self.write(dependencies, to: &json)
            json.endObject()
        }
        if !isReady { reply.headers.append(("Retry-After", "1")) }
        return reply
    }

    func health(_ request: APIRequest) async throws -> Reply {
        let dependencies = await status.dependencies()
        let isWell = dependencies.allSatisfy { $0.state != .down }
        return .json { json in
            json.beginObject()
            json.key("status")
            json.string(isWell ? "ok" : "degraded")
            json.key("version")
            json.string(version)
            json.key("startedAt")
            json.timestamp(micros: startedAtMicros)
            json.key("seq")
            json.integer(books.appliedSeq)
            json.key("epoch")
            json.string(books.loadedHead.epochText)
            Self.write(dependencies, to: &json)
            json.endObject()
        }
    }

    func version(_ request: APIRequest) async throws -> Reply {
        .json { json in
            json.beginObject()
            json.key("name")
            json.string("strikebook")
            json.key("version")
            json.string(version)
            json.endObject()
        }
    }

    func stats(_ request: APIRequest) async throws -> Reply {
        let live = await status.gauges()
        let stored = try await status.databaseGauges()
        return .json { json in
            json.beginObject()
            for gauge in live + stored {
                json.key(gauge.name)
                json.raw(Self.number(gauge.value).utf8)
            }
            json.endObject()
        }
    }

    /// Prometheus text exposition format 0.0.4.
    func exposition(_ request: APIRequest) async throws -> Reply {
        var text = ""
        metrics.expose(to: &text)
        for gauge in await status.gauges() {
            text += "# HELP strikebook_\(gauge.name) \(gauge.help)\n"
            text += "# TYPE strikebook_\(gauge.name) \(gauge.name.hasSuffix("_total") ? "counter" : "gauge")\n"
            text += "strikebook_\(gauge.name) \(Self.number(gauge.value))\n"
        }
        return Reply(contentType: "text/plain; version=0.0.4; charset=utf-8", body: ByteBuffer(string: text))
    }

    private static func number(_ value: Double) -> String {
        Int64(exactly: value).map { String($0) } ?? (value.isFinite ? String(value) : "0")
    }

    private static func write(_ dependencies: [Dependency], to json: inout JSONWriter) {
        json.key("dependencies")
        json.beginArray()
        for dependency in dependencies {
            json.beginObject()
            json.key("name")
            json.string(dependency.name)
            json.key("state")
            json.string(dependency.state.rawValue)
            json.key("required")
            json.bool(dependency.isRequired)
            json.key("since")
            if let since = dependency.sinceMicros { json.timestamp(micros: since) } else { json.null() }
            if let detail = dependency.detail {
                json.key("detail")
                json.string(detail)
            }
            json.endObject()
        }
        json.endArray()
    }
}
