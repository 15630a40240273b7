public import AsyncHTTPClient
import Ethereum
import Exchange
public import Market
public import NIOCore
import NIOHTTP1
import StrictJSON

/// CoW's order book over HTTP (`/api/v1/orders`, published as `crates/orderbook/openapi.yml` of
/// github.com/cowprotocol/services). Every answer is an answer: what cannot be understood is `unclear`, never an error.
public struct CowClient: Sendable {
    /// Bytes of the largest reply that is read.
    public static let largestReply = 256 << 10
    /// How long a connection may take.
    static let connectTimeout = TimeAmount.seconds(3)
    /// How long an answer may take in all: CoW simulates an order before it takes it.
    public static let timeout = TimeAmount.seconds(10)

    private let orders: String
    private let http: HTTPClient
    private let timeout: TimeAmount

    /// A client of the API at `url`, as `https://api.cow.fi/mainnet`; nil when that is no URL of HTTP.
    /// - Parameter timeout: how long an answer may take in all.
    public init?(url: String, http: HTTPClient, timeout: TimeAmount = CowClient.timeout) {
        var base = url
        while base.hasSuffix("/") { base.removeLast() }
        let isPlain = base.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f }
        guard isPlain, base.hasPrefix("http://") || base.hasPrefix("https://"), !base.contains("?"),
            !base.contains("#"),
            (try? HTTPClient.Request(url: base)) != nil
        else { return nil }
        orders = base + "/api/v1/orders"
        self.http = http
        self.timeout = timeout
    }

    /// How its connections must be made: certificates are verified, redirects are answers that say nothing.
    public static var configuration: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow, timeout: .init(connect: connectTimeout, read: timeout),
            decompression: .disabled)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = SettlementWorker.mostAtOnce
        configuration.maximumUsesPerConnection = nil
        return configuration
    }

    /// `POST /api/v1/orders`.
    public func send(_ proposal: SettlementProposal, signature: [UInt8]) async -> SendAnswer {
        var request = HTTPClientRequest(url: orders)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.body = .bytes(ByteBuffer(bytes: Self.body(proposal, signature: signature)))
        switch await answer(to: request) {
        case .failure(let words): return .unclear(words.text)
        case .success(let reply): return reply.sent
        }
    }

    /// `GET /api/v1/orders/{uid}`.
    public func lookUp(_ uid: OrderUID) async -> LookUpAnswer {
        switch await answer(to: HTTPClientRequest(url: "\(orders)/\(uid.hex)")) {
        case .failure(let words): return .unclear(words.text)
        case .success(let reply): return reply.found(uid)
        }
    }

    private func answer(to request: HTTPClientRequest) async -> Result<CowReply, NoAnswer> {
        var request = request
        request.headers.add(name: "Accept", value: "application/json")
        request.headers.add(name: "User-Agent", value: "strikebook")
        do {
            let response = try await http.execute(request, timeout: timeout)
            let body = try await response.body.collect(upTo: Self.largestReply)
            return .success(CowReply(status: Int(response.status.code), body: Array(buffer: body)))
        } catch is NIOTooManyBytesError {
            return .failure(NoAnswer(text: "CoW answered with more than \(Self.largestReply) bytes."))
        } catch let error as HTTPClientError {
            return .failure(NoAnswer(text: "CoW gave no answer: \(error.shortDescription)."))
        } catch {
            return .failure(NoAnswer(text: "CoW cannot be reached: \(String(describing: error).prefix(200))"))
        }
    }

    /// The order as the API takes it: the whole document in `appData`, its hash beside it, the signature without the
    /// owner, who is `from`.
    static func body(_ proposal: SettlementProposal, signature: [UInt8]) -> [UInt8] {
        var json = JSONWriter(capacity: 1_024)
        json.beginObject()
        SettlementJSON.gpv2Fields(proposal.order, to: &json)
        json.key("appData")
        json.string(SettlementAppData.document(tokenId: proposal.tokenId))
        json.key("appDataHash")
        json.hash(proposal.order.appData)
        json.key("signingScheme")
        json.string("eip1271")
        json.key("signature")
        json.bytes(signature)
        json.key("from")
        json.address(proposal.uid.owner)
        json.endObject()
        return json.bytes
    }
}

/// Why there is no answer.
private struct NoAnswer: Error {
    let text: String
}
