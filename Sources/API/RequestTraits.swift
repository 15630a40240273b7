import NIOHTTP1

/// What the guard keeps of a request's head, taking out of it what no route shall see.
struct RequestTraits {
    let origin: String?
    let requestID: String
    let isPreflight: Bool
    let expectsContinue: Bool
    /// False for HEAD: the routes see a GET, so that its headers are the same, and the body stays here.
    let wantsBody: Bool
    /// No other request will be read from this connection.
    var isLast: Bool

    /// Those of a request that could not be read.
    init() {
        (origin, requestID) = (nil, RequestID.next())
        (isPreflight, expectsContinue, wantsBody, isLast) = (false, false, true, true)
    }

    init(_ head: inout HTTPRequestHead) {
        origin = head.headers.first(name: "origin")
        requestID = RequestID.accept(head.headers.first(name: "x-request-id"))
        isPreflight =
            head.method == .OPTIONS && origin != nil && head.headers.contains(name: "access-control-request-method")
        expectsContinue = head.headers[canonicalForm: "expect"].contains { $0.lowercased() == "100-continue" }
        wantsBody = head.method != .HEAD
        // NIO's decoder reads nothing after a request that asks for another protocol, although nobody grants it.
        isLast = !head.isKeepAlive || head.headers.contains(name: "upgrade") || head.method == .CONNECT
        head.method = Self.known(head.method)
        head.headers.replaceOrAdd(name: "x-request-id", value: requestID)
        head.headers.remove(name: "expect")
        // No upgrade is offered; a head that carries one must not look different to the routes.
        head.headers.remove(name: "upgrade")
        head.headers.remove(name: "http2-settings")
        if head.headers.contains(name: "accept-encoding") {
            // The compressor has preferences of its own; the ETag names the coding chosen here.
            let coding = ContentCoding.chosen(by: head.headers)
            head.headers.remove(name: "accept-encoding")
            if let coding { head.headers.add(name: "accept-encoding", value: coding) }
        }
    }

    /// The method as the routes tell them apart: HEAD is a GET, and one nobody has heard of is one that no path serves.
    private static func known(_ method: HTTPMethod) -> HTTPMethod {
        switch method {
        case .GET, .POST, .PUT, .DELETE, .PATCH, .OPTIONS, .TRACE, .CONNECT: method
        case .HEAD: .GET
        default: .TRACE
        }
    }

    /// What every answer carries.
    func decorate(_ head: inout HTTPResponseHead, _ limits: HTTPLimits) {
        if let origin, limits.allowsOrigin(origin) {
            head.headers.replaceOrAdd(name: "Access-Control-Allow-Origin", value: origin)
            head.headers.add(
                name: "Access-Control-Expose-Headers",
                value: "ETag, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After, X-Request-Id")
            head.headers.add(name: "Vary", value: "Origin")
        }
        head.headers.replaceOrAdd(name: "X-Content-Type-Options", value: "nosniff")
    }
}
