import ArgumentParser
import Ethereum
import Exchange
import Postgres
import Store
import StrictJSON

/// `strikebook log`
struct LogCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log",
        abstract: "Verify or export the log that every change is a row of.",
        discussion: "Example: strikebook log verify --data-dir ./.strikebook",
        subcommands: [LogVerify.self, LogExport.self])
}

/// `strikebook log verify`
struct LogVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Compute every hash of the log again and compare every table with it.",
        discussion: """
            Example: strikebook log verify --expect \\
                       120:0x8aa1af9441d1215a42d93e65ea42bade78c56c78db6f933a1ab795094443aed8
            Rows that were altered, exchanged or removed show by themselves; that the tail was cut shows only against a \
            position and hash noted earlier, as this command and every backup print them. Ends with 5 on a finding.
            """)

    @Option(help: "A position and the hash it had, as SEQ:0x…; may be given several times.") var expect: [String] = []
    @OptionGroup var databases: DatabaseOptions
    @Flag(help: "The report as one JSON object.") var json = false

    func run() async throws {
        let expectations = try expect.map { text in
            guard let expectation = LogVerifier.Expectation(text) else {
                throw CommandFailure(.usage, "--expect must be as 120:0x… with 64 hex digits")
            }
            return expectation
        }
        let migrator = try Migrator.own()
        let report = try await databases.withConnection { connection in
            try migrator.requireCurrent(on: connection)
            var progress = Progress()
            defer { progress.end() }
            return try LogVerifier.verify(on: connection, expecting: expectations) { seq in
                progress.say("row \(seq)")
            }
        }
        try StandardOutput.line(json ? Self.json(report) : Array(Self.text(report).utf8))
        if !report.isSound {
            let count = report.findings.count
            let most = count >= LogVerifier.maximumFindings ? " or more" : ""
            throw CommandFailure(
                .verification, "the log does not hold: \(count)\(most) finding\(count == 1 ? "" : "s")")
        }
    }

    private static func text(_ report: LogReport) -> String {
        let checked = "\(report.rows) rows, \(report.offers) offers, \(report.cancelMessages) cancel messages"
        let head = "head \(report.head.seq):\(report.head.hash.hex)"
        guard !report.isSound else { return "sound: \(checked)\n\(head)" }
        return (report.findings.map { "finding: \($0)" } + ["checked: \(checked)", head]).joined(separator: "\n")
    }

    private static func json(_ report: LogReport) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.key("sound")
        json.bool(report.isSound)
        json.key("rows")
        json.integer(report.rows)
        json.key("offers")
        json.integer(report.offers)
        json.key("cancelMessages")
        json.integer(report.cancelMessages)
        json.key("head")
        json.beginObject()
        json.key("seq")
        json.integer(report.head.seq)
        json.key("hash")
        json.hash(report.head.hash)
        json.endObject()
        json.key("findings")
        json.beginArray()
        for finding in report.findings {
            json.beginObject()
            json.key("kind")
            json.string(finding.kind)
            json.key("detail")
            json.string("\(finding)")
            json.endObject()
        }
        json.endArray()
        json.endObject()
        return json.bytes
    }
}

extension LogFinding {
    /// The word for it in JSON.
    fileprivate var kind: String {
        switch self {
        case .missing: "missing"
        case .altered: "altered"
        case .unchained: "unchained"
        case .backdated: "backdated"
        case .head: "head"
        case .unexpected: "unexpected"
        case .deployment: "deployment"
        case .disagreement(let kind, _, _): kind.rawValue
        }
    }
}

/// `strikebook log export`
struct LogExport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write the log as JSON, one row a line.",
        discussion: """
            Example: strikebook log export --after 1000 > log.jsonl
            With what each line holds its hash can be computed again: keccak256(prevHash ‖ uint64 seq ‖ for each of \
            eventType, relatedId, txHash, blockNumber, createdAtMicros, data: uint32 length ‖ text), data being the \
            line's own characters.
            """)

    @Option(help: "Rows after this position alone.") var after: UInt64 = 0
    @Option(help: "The file to write (standard output).") var out: String?
    @OptionGroup var databases: DatabaseOptions

    func run() async throws {
        let migrator = try Migrator.own()
        let (after, out) = (after, out)
        try await databases.withConnection { connection in
            try migrator.requireCurrent(on: connection)
            let output = try FileOutput(out)
            try LogArchive.entries(after: after, on: connection) { try output.line(Self.line($0, hash: $1)) }
            try output.finish()
        }
    }

    private static func line(_ entry: LogEntry, hash: Bytes32) -> [UInt8] {
        var json = JSONWriter(capacity: 512)
        json.beginObject()
        json.key("seq")
        json.integer(entry.seq)
        json.key("eventType")
        json.string(entry.eventType)
        json.key("relatedId")
        if let id = entry.relatedID { json.string(id) } else { json.null() }
        json.key("txHash")
        if let txHash = entry.txHash { json.string(txHash) } else { json.null() }
        json.key("blockNumber")
        if let number = entry.blockNumber { json.integer(number) } else { json.null() }
        json.key("data")
        // Canonical JSON already; kept as it was hashed. What an edit broke is shown as a string.
        if let data = entry.data, (try? JSONValue.parse(Array(data.utf8))) == nil {
            json.string(data)
        } else if let data = entry.data {
            json.raw(data.utf8)
        } else {
            json.null()
        }
        json.key("createdAt")
        json.timestamp(micros: entry.createdAtMicros)
        json.key("createdAtMicros")
        json.integer(entry.createdAtMicros)
        json.key("prevHash")
        json.hash(entry.previousHash)
        json.key("hash")
        json.hash(hash)
        json.endObject()
        return json.bytes
    }
}
