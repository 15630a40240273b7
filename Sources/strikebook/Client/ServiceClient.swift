import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// A running service, over HTTP. Everything it is asked may be asked again, so a lost connection and a 503 are tried
/// again, a few times.
struct ServiceClient: Sendable {
    /// Where a service is looked for when nobody says.
    static let usualURL = "http://127.0.0.1:8080"
    /// Tries of one request in all.
    private static let attempts = 4
    /// Bytes of the largest reply.
    private static let largestReply = 32 << 20
    /// How long a reply may take.
    private static let timeout = TimeAmount.seconds(30)
    /// The longest wait that a 503 may ask for, in seconds.
    private static let longestWait = 5

    /// The service's base, without a slash at its end.
    let url: String
    private let http: HTTPClient

    /// Does some work with the service at `url`.
    static func with<Result>(_ url: String, _ body: (ServiceClient) async throws -> Result) async throws -> Result {
        var url = url
        while url.hasSuffix("/") { url.removeLast() }
        guard url.hasPrefix("http://") || url.hasPrefix("https://"), url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f })
        else {
            throw CommandFailure(.usage, "--url must be as http://127.0.0.1:8080")
        }
        let configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow, timeout: .init(connect: .seconds(5), read: timeout))
        return try await HTTPClient.withHTTPClient(configuration: configuration) { http in
            try await body(ServiceClient(url: url, http: http))
        }
    }

    /// Asks for `path`, which begins with a slash and is percent-encoded.
    func get(_ path: String) async throws -> ServiceAnswer { try await send(.GET, path, body: nil) }

    /// Posts JSON.
    func post(_ path: String, _ body: [UInt8]) async throws -> ServiceAnswer {
        try await send(.POST, path, body: ByteBuffer(bytes: body))
    }

    /// A path's or query's text in its percent-encoded form.
    static func encode(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                encoded += "%" + (digits.count < 2 ? "0" : "") + digits
            }
        }
        return encoded
    }

    private func send(_ method: HTTPMethod, _ path: String, body: ByteBuffer?) async throws -> ServiceAnswer {
        var wait = Duration.milliseconds(200)
        for attempt in 1... {
            let isLast = attempt >= Self.attempts
            do {
                let answer = try await sendOnce(method, path, body: body)
                guard answer.status == 503, !isLast else { return answer }
                if let asked = answer.retryAfter { wait = max(wait, .seconds(min(asked, Self.longestWait))) }
            } catch let error as CommandFailure {
                throw error
            } catch {
                if isLast { throw Self.failure(of: error, url) }
            }
            try await Task.sleep(for: wait * Double.random(in: 0.75...1.25))
            wait *= 2
        }
        throw CommandFailure(.failure, "\(url) does not answer")
    }

    private func sendOnce(
        _ method: HTTPMethod, _ path: String, body: ByteBuffer?
    ) async throws -> ServiceAnswer {
        var request = HTTPClientRequest(url: url + path)
        request.method = method
        request.headers.add(name: "Accept", value: "application/json")
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(body)
        }
        let response: HTTPClientResponse
        do {
            response = try await http.execute(request, timeout: Self.timeout)
        } catch let error as HTTPClientError {
            guard error != .invalidURL, error != .emptyHost else {
                throw CommandFailure(.usage, "--url \(url) is not a URL that can be asked")
            }
            throw error
        }
        let bytes: [UInt8]
        do {
            bytes = Array(buffer: try await response.body.collect(upTo: Self.largestReply))
        } catch is NIOTooManyBytesError {
            throw CommandFailure(.failure, "\(url)\(path) answered with more than \(Self.largestReply) bytes")
        }
        return ServiceAnswer(
            url: url, status: Int(response.status.code), bytes: bytes,
            retryAfter: response.headers.first(name: "Retry-After").flatMap { Int($0) })
    }

    private static func failure(of error: any Error, _ url: String) -> CommandFailure {
        let text = "\(error)"
        let reason: String
        if text.contains("Connection refused") {
            reason = "nothing listens there; start it with strikebook serve"
        } else if let known = error as? HTTPClientError {
            reason = known.shortDescription
        } else {
            reason = "the connection was lost"
        }
        return CommandFailure(.failure, "\(url) does not answer: \(reason)")
    }
}
