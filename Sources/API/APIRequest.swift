import Market

/// A request as the routes see it: bounded, parsed, with nothing of the wire left.
public struct APIRequest: Sendable {
    /// In capitals.
    public let method: String
    /// As sent, percent-encoded.
    public let path: String
    /// The text after `?`, still percent-encoded.
    public let query: String
    /// Values that the route's path names, percent-decoded.
    public let parameters: [String: String]
    /// The bytes.
    public let body: [UInt8]
    /// Who is asking, for limits: the peer's address, or what a trusted proxy says of it.
    public let client: String
    /// Its name in logs and answers.
    public let requestID: String
    /// The tags the client holds.
    public let ifNoneMatch: String?
    /// The content coding that the answer will get, nil for none; part of its ETag.
    public let coding: String?
    /// The credentials given.
    public let authorization: String?
    /// The cookies, as sent.
    public let cookie: String?

    /// The named part of the path; the router calls a route only when its parts are there.
    public func parameter(_ name: String) -> String { parameters[name] ?? "" }

    /// A request with everything a route may look at.
    public init(
        method: String, path: String, query: String, parameters: [String: String] = [:], body: [UInt8] = [],
        client: String, requestID: String, ifNoneMatch: String? = nil, coding: String? = nil,
        authorization: String? = nil, cookie: String? = nil
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.parameters = parameters
        self.body = body
        self.client = client
        self.requestID = requestID
        self.ifNoneMatch = ifNoneMatch
        self.coding = coding
        self.authorization = authorization
        self.cookie = cookie
    }
}
