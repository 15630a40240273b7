import ArgumentParser
import Ethereum
import Exchange
import Logging
import Market
import Postgres
import PrivateServers
import Store
import StrictJSON

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// `strikebook import`
struct Import: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take over the offers and cancels of another deployment's file.",
        discussion: """
            Example: strikebook import deployment.jsonl --report refused.jsonl
            The file is an export, or one signed offer or cancel a line, or an array of them: {"offer": …, "signature": …} \
            with or without createdAt, status and the like, or all of that flat in one object; and {"message": …, \
            "signature": …}. Every signature is verified again, a contract wallet's by asking the chain (--rpc-url). Running it again changes nothing.

            Offers keep the file's order and enter this log now. What was cancelled or had expired stays so, and nothing \
            comes back to life: all cancels of the file are recorded before its offers, a cancel by time reaches the offers \
            accepted before its moment where they came from (createdAt; where that is missing, all of them), and an offer \
            that the file calls cancelled or expired is closed here, even without a message that proves it. Offers past \
            their deadline are kept as history. Rules are those of each offer's acceptance; the service's list of tokens and \
            its limits on writers do not apply. Fills are not carried over: they come from the chain.

            Ends with 5 when a record was refused; --report lists each of them.
            """)

    @Argument(help: "The file; - is standard input.") var file: String
    @Option(help: "Write each refused record to this file, as JSON lines.") var report: String?
    @Option(help: "Longest duration of an offer, days (365).") var maxDurationDays: String?
    @Option(help: "JSON-RPC nodes that contract wallets are asked through, separated by commas.") var rpcUrl: String?
    @OptionGroup var domain: SigningDomain
    @OptionGroup var databases: DatabaseOptions
    @Flag(help: "What was done as one JSON object.") var json = false

    func run() async throws {
        let settings = try settings()
        let days = try settings.integer(.maxDurationDays, in: 1...65_535, default: 365)
        let rules = OfferRules(maxDurationDays: UInt16(clamping: days))
        let named = try SigningDomain.named(in: settings)
        let (file, report, chain) = (file, report, try ChainSettings(settings))
        let logger = Logger(label: "strikebook", factory: { LogOutput(label: $0, level: .warning, isJSON: false) })
        let (tally, missing) = try await databases.withDatabase(logger) { url, isPrivate in
            let records = try RecordFile(file)
            let header = try Self.header(of: records)
            if let header, let named, header.deployment != named {
                throw CommandFailure(
                    .usage,
                    "the file is of chain \(header.deployment.chainId) and contract "
                        + "\(header.deployment.verifyingContract.checksummed), not of the deployment that is named")
            }
            try await Self.prepare(url, migrating: isPrivate, logger)
            let database = PostgresClient(
                configuration: try PostgresConfiguration(url: url).writingLog(applicationName: "strikebook import"),
                logger: logger)
            do {
                let deployment = try await Self.claim(header?.deployment ?? named, in: database)
                let asking = WalletAsking(chain, deployment: deployment, logger: logger)
                let reader = ImportReader(
                    deployment, rules: rules, judge: SignatureJudge(wallets: asking?.wallets),
                    now: SystemClock.seconds())
                var importer = Importer(
                    records, reader, LogWriter(database: database, deployment: deployment, logger: logger),
                    report: try report.map { try FileOutput($0) }, cores: max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
                do {
                    try await importer.run()
                } catch {
                    await asking?.end()
                    throw error
                }
                await asking?.end()
                await database.shutdown()
                return (importer.tally, header.flatMap { importer.tally.missing(of: $0) })
            } catch {
                await database.shutdown()
                throw error
            }
        }
        try StandardOutput.line(json ? tally.json : Array(tally.text.utf8))
        if let missing { throw CommandFailure(.failure, missing) }
        if tally.refused > 0 { throw CommandFailure(.verification, "\(tally.refused) records were refused") }
    }

    private func settings() throws -> SettingsSource {
        let flags = ["max-duration-days": maxDurationDays, "rpc-url": rpcUrl].compactMapValues { $0 }
        return try SettingsSource(
            flags: domain.flags.merging(flags) { first, _ in first }, environment: ProcessEnvironment.all,
            configFile: databases.config)
    }

    private static func header(of records: RecordFile) throws -> ImportHeader? {
        defer { try? records.rewind() }
        guard let text = try records.next()?.text, let json = try? JSONValue.parse(text), json["strikebook"] != nil
        else {
            return nil
        }
        guard let header = ImportHeader(json) else {
            throw CommandFailure(.failure, "the file's first line is no header of an export that this program can read")
        }
        return header
    }

    /// Brings the private server's schema up; that of another database must be current.
    private static func prepare(_ url: String, migrating: Bool, _ logger: Logger) async throws {
        let migrator = try Migrator.own()
        var configuration = try PostgresConfiguration(url: url)
        configuration.poolSize = 1
        configuration.statementTimeout = .zero
        let database = PostgresClient(configuration: configuration, logger: logger)
        do {
            try await database.withConnection { connection in
                if migrating { try migrator.up(on: connection) }
                try migrator.requireCurrent(on: connection)
            }
        } catch {
            await database.shutdown()
            throw error
        }
        await database.shutdown()
    }

    /// The deployment that is told, else the one that the database serves, else the demonstration.
    private static func claim(_ told: Deployment?, in database: PostgresClient) async throws -> Deployment {
        var deployment = told
        if deployment == nil { deployment = try await DeploymentArchive.deployment(in: database) }
        let chosen =
            try deployment
            ?? Deployment(chainId: UInt256(31_337), verifyingContract: SigningDomain.demonstration())
        _ = try await DeploymentTable.claim(chosen, in: database)
        return chosen
    }
}

extension DatabaseOptions {
    /// Runs `body` with the database's URL, and whether it is the private server's. Starts the private servers for the
    /// work when nothing runs.
    func withDatabase<Value: Sendable>(
        _ logger: Logger, _ body: @Sendable (_ url: String, _ isPrivate: Bool) async throws -> Value
    ) async throws -> Value {
        let settings = try settings()
        if let url = settings.databaseURL { return try await body(url, false) }
        return try await PrivateServerGroup.withServers(dataDirectory: settings.dataDirectory, logger: logger) { urls in
            try await body(urls.database, true)
        }
    }
}

extension ImportTally {
    /// What to say when the file holds less than its header promises.
    fileprivate func missing(of header: ImportHeader) -> String? {
        let found = UInt64(offers + cancels + refused)
        guard let promised = header.offers, let cancels = header.cancels,
            found < promised.addingReportingOverflow(cancels).partialValue
        else { return nil }
        return "the file was cut: its header promises \(promised) offers and \(cancels) cancels, but it holds \(found) "
            + "records; what is there was imported"
    }
}
