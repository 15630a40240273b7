import Exchange
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import Market
import NIOCore

/// What Hummingbird keeps of a request beside itself: who sent it.
struct RouteContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let peer: String

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        peer = source.channel.remoteAddress?.ipAddress ?? "unix"
    }
}

/// Routes as values: a path, its methods, and one way to answer.
struct RouteTable {
    typealias Endpoint = @Sendable (APIRequest) async throws -> Reply

    /// What a path does under one method.
    struct Method {
        let method: HTTPRequest.Method
        let largestBody: Int
        var media = BodyMedia.json
        let endpoint: Endpoint

        static func get(_ endpoint: @escaping Endpoint) -> Method {
            Method(method: .get, largestBody: 0, endpoint: endpoint)
        }

        static func post(largestBody: Int, _ endpoint: @escaping Endpoint) -> Method {
            Method(method: .post, largestBody: largestBody, endpoint: endpoint)
        }

        static func put(largestBody: Int, media: BodyMedia = .json, _ endpoint: @escaping Endpoint) -> Method {
            Method(method: .put, largestBody: largestBody, media: media, endpoint: endpoint)
        }

        static func delete(_ endpoint: @escaping Endpoint) -> Method {
            Method(method: .delete, largestBody: 0, endpoint: endpoint)
        }
    }

    /// What a body is sent as.
    enum BodyMedia: String {
        case json = "application/json"
        case bytes = "application/octet-stream"

        /// Whether a header says this, or nothing.
        func admits(_ contentType: String?) -> Bool {
            switch self {
            case .json: MediaType.isJSON(contentType)
            case .bytes: MediaType.isBytes(contentType)
            }
        }
    }

    private static let methods: [HTTPRequest.Method] = [
        .get, .head, .post, .put, .delete, .patch, .options, .trace, .connect,
    ]

    let router = Router(context: RouteContext.self, options: [])
    private let clients: ClientAddress

    init(clients: ClientAddress) {
        self.clients = clients
        router.middlewares.add(UnknownPath())
    }

    /// Serves `path`; any other method is answered 405 and told which there are.
    func add(_ path: RouterPath, _ methods: Method...) {
        var served = Set(methods.map(\.method))
        for method in methods {
            let respond = responder(method)
            router.on(path, method: method.method, use: respond)
            // The guard makes a GET of a HEAD, and keeps the body back.
            if method.method == .get { served.insert(.head) }
        }
        let allow = served.map(\.rawValue).sorted().joined(separator: ", ")
        for method in Self.methods where !served.contains(method) {
            router.on(path, method: method) { request, _ in
                let requestID = RequestID.accept(request.headers[.requestID])
                var reply = Problem.reply(
                    status: 405, code: "method_not_allowed", detail: "Use \(allow) here.", requestID: requestID)
                reply.headers.append(("Allow", allow))
                return Response(reply, requestID: requestID)
            }
        }
    }

    private func responder(_ method: Method) -> @Sendable (Request, RouteContext) async throws -> Response {
        let clients = clients
        return { request, context in
            let requestID = RequestID.accept(request.headers[.requestID])
            do {
                let asked = try await APIRequest(
                    request, context, clients: clients, method: method, requestID: requestID)
                return Response(try await method.endpoint(asked), requestID: requestID)
            } catch let rejection as Rejection {
                return Response(Problem.reply(rejection, requestID: requestID), requestID: requestID)
            } catch let failure as WriteFailure {
                return Response(Problem.reply(failure, requestID: requestID), requestID: requestID)
            } catch {
                context.logger.error("a request failed", metadata: ["error": "\(error)", "requestId": "\(requestID)"])
                return Response(Problem.unavailable(requestID: requestID), requestID: requestID)
            }
        }
    }
}

/// 404 in our own words.
private struct UnknownPath: RouterMiddleware {
    typealias Context = RouteContext

    func handle(
        _ request: Request, context: RouteContext, next: (Request, RouteContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as HTTPError where error.status == .notFound {
            let requestID = RequestID.accept(request.headers[.requestID])
            let reply = Problem.reply(
                status: 404, code: "not_found", detail: "There is nothing at this path.", requestID: requestID)
            return Response(reply, requestID: requestID)
        }
    }
}

extension HTTPField.Name {
    static let requestID = HTTPField.Name("X-Request-Id")!
    static let forwardedFor = HTTPField.Name("X-Forwarded-For")!
}

extension APIRequest {
    /// Reads a bounded request.
    init(
        _ request: Request, _ context: RouteContext, clients: ClientAddress, method: RouteTable.Method,
        requestID: String
    ) async throws {
        let largestBody = method.largestBody
        if largestBody > 0, !method.media.admits(request.headers[.contentType]) {
            throw Rejection(
                .unsupportedMedia, code: "unsupported_media_type", field: "Content-Type",
                detail: "Send the body as \(method.media.rawValue).")
        }
        var body: [UInt8] = []
        for try await part in request.body {
            guard body.count + part.readableBytes <= largestBody else {
                throw Rejection(
                    .tooLarge, code: "body_too_large", field: nil,
                    detail: largestBody == 0
                        ? "This request takes no body." : "The body may have \(largestBody) bytes here.")
            }
            body.append(contentsOf: part.readableBytesView)
        }
        var parameters: [String: String] = [:]
        for (name, value) in context.parameters {
            guard let decoded = QueryParameters.decode(value) else {
                throw QueryParameters.refusal(String(name), "is not percent-encoded UTF-8")
            }
            parameters[String(name)] = decoded
        }
        self.init(
            method: request.method.rawValue, path: request.uri.path, query: request.uri.query ?? "",
            parameters: parameters, body: body,
            client: clients.client(peer: context.peer, forwardedFor: request.headers[.forwardedFor]),
            requestID: requestID, ifNoneMatch: request.headers[.ifNoneMatch],
            coding: ContentCoding.chosen(
                by: (request.headers[.acceptEncoding] ?? "").split(separator: ",").map {
                    $0.drop { $0 == " " }
                }),
            authorization: request.headers[.authorization], cookie: request.headers[.cookie])
    }
}

extension Response {
    /// A reply as Hummingbird writes it.
    init(_ reply: Reply, requestID: String) {
        var headers = HTTPFields()
        let hasBody = reply.status != 304 && reply.status != 204
        if hasBody { headers[.contentType] = reply.contentType }
        for (name, value) in reply.headers {
            if let name = HTTPField.Name(name) { headers.append(HTTPField(name: name, value: value)) }
        }
        headers[.vary] = "Accept-Encoding"
        headers[.requestID] = requestID
        let status = HTTPResponse.Status(code: reply.status)
        self =
            hasBody
            ? Response(status: status, headers: headers, body: ResponseBody(byteBuffer: reply.body))
            : Response(status: status, headers: headers)
    }
}
