import ArgumentParser

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The program: one command a use, each with an example in its `--help`.
@main
struct Strikebook: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "strikebook",
        abstract: "An order book for options whose offers are signed off-chain.",
        discussion: """
            Example: strikebook serve
            It starts with a PostgreSQL and a Redis of its own under ./.strikebook and serves http://127.0.0.1:8080.

            Settings are flags, over STRIKEBOOK_… in the environment, over a --config file, over defaults.
            Exit codes: 0 done, 1 failure, 2 usage or configuration, 3 database, 4 migration, 5 verification.
            """,
        version: Version.text,
        subcommands: [
            Serve.self, Migrate.self, OfferCommand.self, BookCommand.self, WatchCommand.self, QuoteCommand.self,
            SettleCommand.self, ChainCommand.self, PriceCommand.self,
            LogCommand.self,
            Export.self, Import.self, Demo.self, Simulate.self,
        ])

    static func main() async {
        // A reader or peer that went away is an error to be told of, not the end of what is in the works.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            ProgramExit.end(error)
        }
    }
}

/// The program's version, as `--version` and `/version` show it.
enum Version {
    static let text = "0.1.0"
}
