/// What a client costs who is there, subscribed, and told nothing but heartbeats.
struct IdleMemory {
    private static let path = "/ws"
    private static let channel = "orderbook:weth:call"

    let scale: Scale

    /// Resident bytes of the service by which `clients` clients make it grow, each.
    func measure(_ service: ServiceProcess) async throws -> Figure {
        let clients = scale(2_000, quick: 200)
        Progress.say("feed: memory of \(clients) idle clients")
        let (pid, port) = (service.process.pid, service.port)
        let bytes = try await OwnThread.run {
            let second: UInt64 = 1_000_000_000
            // The first ones make the service load what all of them need.
            let first = try LiveReaders(50, port: port, path: Self.path, channel: Self.channel)
            try first.read(for: second) { _, _ in }
            let before = ProcessTable.residentBytes(pid) ?? .nan
            let readers = try LiveReaders(clients, port: port, path: Self.path, channel: Self.channel)
            // Every one has had two heartbeats by then.
            try readers.read(for: 11 * second) { _, _ in }
            return ((ProcessTable.residentBytes(pid) ?? .nan) - before) / Double(clients)
        }
        return Figure(
            section: .feed, what: "memory per idle subscribed connection, of \(clients)", measured: bytes / 1_024,
            unit: "KB", wanted: .atMost(30))
    }
}
