import ArgumentParser

/// `strikebook watch`
struct WatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Print what happens on channels of a service, a JSON line a message.",
        discussion: """
            Example: strikebook watch orderbook:weth:call prices:weth
            Channels: prices:TOKEN, orderbook:TOKEN:call, orderbook:TOKEN:put, offers, options:ADDRESS, \
            settlement:TOKENID, contract:ID. A lost connection is made anew, and a book goes on where it was. Ctrl-C ends \
            it.
            """)

    @Argument(help: "The channels.") var channels: [String]
    @OptionGroup var service: ServiceURL
    @Flag(help: "Also the heartbeats, which say where each book stands.") var heartbeats = false

    func run() async throws {
        let (url, channels, heartbeats) = (service.resolved, channels, heartbeats)
        try await UntilInterrupted.run {
            var client = try LiveClient(url: url, channels: channels)
            try await client.run { message, bytes in
                switch message["type"]?.text {
                case "welcome", "subscribed": return
                case "heartbeat": if heartbeats { try StandardOutput.line(bytes) }
                case "error":
                    throw CommandFailure(.usage, Refusal.shown(message["detail"]?.text ?? "the service refuses this"))
                default: try StandardOutput.line(bytes)
                }
            }
        }
    }
}
