import AsyncHTTPClient
public import ServiceLifecycle

/// The connections to CoW, closed at the service's end.
public struct CowConnection: Service {
    /// CoW's order book.
    public let client: CowClient
    private let http: HTTPClient

    /// Connections to the API at `url`; nil when that is no URL of HTTP.
    public init?(url: String) {
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: CowClient.configuration)
        guard let client = CowClient(url: url, http: http) else {
            try? http.syncShutdown()
            return nil
        }
        self.client = client
        self.http = http
    }

    /// Closes the connections when the service ends, after those who use them.
    public func run() async throws {
        try? await gracefulShutdown()
        try await close()
    }

    /// Closes the connections; nothing may use them any more.
    public func close() async throws { try await http.shutdown() }
}
