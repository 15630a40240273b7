import ArgumentParser
import AsyncHTTPClient
import Chain
import Ethereum
import Exchange
import Logging
import Market
import Postgres
import Store
import StrictJSON
import Synchronization

/// `strikebook chain resync`
struct ChainResyncCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resync",
        abstract: "Compare what is stored with the chain, from some block on, and bring it in line.",
        discussion: """
            Example: strikebook chain resync --rpc-url http://127.0.0.1:8545 --from 21000000
            Withdraws the events of blocks that the chain no longer has, takes in those that are missing, and puts the \
            cursor back into the chain, as rows of the log. A service that stopped at reorg_too_deep goes on by itself \
            then; one at work is not in the way. Without --from it begins after the newest block that both know. Doing it \
            again changes nothing.
            """)

    @Option(help: "The first block to compare (the one after the newest that both know).") var from: UInt64?
    @Option(help: "The nodes, as the service's --rpc-url; also STRIKEBOOK_RPC_URL.") var rpcUrl: String?
    @Option(help: "Blocks until an event is confirmed, as the service's (12).") var confirmations: String?
    @OptionGroup var databases: DatabaseOptions
    @Flag(help: "What was done as one JSON object.") var json = false

    func run() async throws {
        let flags = databases.flags.merging(
            ["rpc-url": rpcUrl, "confirmations": confirmations].compactMapValues { $0 }
        ) { $1 }
        let settings = try ChainSettings(
            try SettingsSource(flags: flags, environment: ProcessEnvironment.all, configFile: databases.config))
        guard !settings.urls.isEmpty else {
            throw CommandFailure(.usage, "--rpc-url (STRIKEBOOK_RPC_URL) must name a node of the chain")
        }
        let logger = Logger(label: "strikebook", factory: { LogOutput(label: $0, level: .warning, isJSON: false) })
        let outcome = try await databases.withDatabase(logger) { url, _ in
            try await resync(url, settings, logger)
        }
        try StandardOutput.line(json ? Self.json(outcome) : Array(Self.text(outcome).utf8))
    }

    private func resync(
        _ url: String, _ settings: ChainSettings, _ logger: Logger
    ) async throws -> ChainResync.Outcome {
        let database = try PostgresConfiguration(url: url)
        let writes = PostgresClient(configuration: database.writingLog(), logger: logger)
        let reads = PostgresClient(configuration: database.readingLog(pool: 1), logger: logger)
        let http = SharedHTTPClient()
        let result: Result<ChainResync.Outcome, any Error>
        do {
            let migrator = try Migrator.own()
            try await reads.withConnection { try migrator.requireCurrent(on: $0) }
            guard let deployment = try await DeploymentTable.stored(in: reads) else {
                throw CommandFailure(.failure, "this database has never served a deployment")
            }
            let log = PostgresLog(writes: writes, reads: reads, deployment: deployment, logger: logger)
            let rpc = RPCClient(urls: settings.urls, chainId: deployment.chainId, http: http.client, logger: logger)
            let progress = Mutex(Progress())
            let resync = ChainResync(
                node: EthereumNode(rpc: rpc, contract: deployment.verifyingContract), store: log,
                contract: deployment.verifyingContract, confirmations: settings.following.confirmations,
                progress: { block in progress.withLock { $0.say("block \(block)") } },
                write: { update in
                    do throws(WriteFailure) {
                        return try await log.commit([.chain(update)]).results[0]
                    } catch {
                        return .failed(error)
                    }
                })
            defer { progress.withLock { $0.end() } }
            result = .success(try await resync.run(from: from))
        } catch let error as NodeFailure {
            result = .failure(CommandFailure(.failure, "\(error)"))
        } catch let error as ChainResync.Refused {
            result = .failure(CommandFailure(.failure, "\(error)"))
        } catch {
            result = .failure(error)
        }
        try? await http.client.shutdown()
        await writes.shutdown()
        await reads.shutdown()
        return try result.get()
    }

    private static func text(_ outcome: ChainResync.Outcome) -> String {
        let isInLine = outcome.withdrawnEvents == 0 && outcome.applied == 0
        let done =
            isInLine
            ? "nothing was to be done"
            : "\(outcome.withdrawnEvents) events of \(outcome.withdrawnBlocks) blocks withdrawn, \(outcome.applied) taken in"
        let cursor = outcome.cursor.map { "; the cursor is at block \($0.number), \($0.hash.hex)" } ?? ""
        return "compared from block \(outcome.from): \(done)\(cursor)"
    }

    private static func json(_ outcome: ChainResync.Outcome) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.key("from")
        json.integer(outcome.from)
        json.key("withdrawnBlocks")
        json.integer(outcome.withdrawnBlocks)
        json.key("withdrawnEvents")
        json.integer(outcome.withdrawnEvents)
        json.key("applied")
        json.integer(outcome.applied)
        json.key("known")
        json.integer(outcome.known)
        json.key("cursor")
        if let cursor = outcome.cursor { json.integer(cursor.number) } else { json.null() }
        json.key("cursorHash")
        if let cursor = outcome.cursor { json.hash(cursor.hash) } else { json.null() }
        json.endObject()
        return json.bytes
    }
}
