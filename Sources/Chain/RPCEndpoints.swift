/// Which of several nodes is asked, and when to leave it. Pure: answers and failures go in.
struct RPCEndpoints: Sendable {
    /// A node.
    struct Endpoint: Sendable {
        let url: String
        /// Whether its chain id was right since it was last turned to.
        var isVerified = false
        /// Whether it takes several calls at once; assumed until it refuses.
        var takesBatches = true
        /// How often in a row it failed.
        var failures = 0
    }

    private(set) var endpoints: [Endpoint]
    private(set) var current = 0
    /// How often another node was turned to.
    private(set) var switches = 0

    init(urls: [String]) {
        endpoints = urls.map { Endpoint(url: $0) }
    }

    var asked: Endpoint { endpoints[current] }

    mutating func answered(_ url: String) {
        guard let index = endpoints.firstIndex(where: { $0.url == url }) else { return }
        endpoints[index].failures = 0
        endpoints[index].isVerified = true
    }

    mutating func refusesBatches(_ url: String) {
        guard let index = endpoints.firstIndex(where: { $0.url == url }) else { return }
        endpoints[index].takesBatches = false
    }

    /// Turns to the next node, whose chain id must be checked then.
    mutating func failed(_ url: String) {
        guard let index = endpoints.firstIndex(where: { $0.url == url }) else { return }
        endpoints[index].failures += 1
        endpoints[index].isVerified = false
        guard index == current, endpoints.count > 1 else { return }
        current = (current + 1) % endpoints.count
        endpoints[current].isVerified = false
        switches += 1
    }
}
