import ArgumentParser
import Exchange
import Market
import Postgres
import Store
import StrictJSON

/// `strikebook export`
struct Export: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write a deployment's offers and cancels as JSON, one a line.",
        discussion: """
            Example: strikebook export --out deployment.jsonl
            The first line names the deployment and the log's head. Then come, in the order of the log and from one \
            snapshot, every offer as GET /offers/{hash} shows it and every cancel message with its signature. All of it is \
            signed: import verifies it again. A running service is not held up.
            """)

    @Option(help: "The file to write (standard output).") var out: String?
    @OptionGroup var databases: DatabaseOptions

    func run() async throws {
        let migrator = try Migrator.own()
        let out = out
        let hasServed = try await databases.withConnection { connection in
            try migrator.requireCurrent(on: connection)
            let output = try FileOutput(out)
            var progress = Progress()
            defer { progress.end() }
            var (written, total): (UInt64, UInt64) = (0, 0)
            let now = SystemClock.seconds()
            let hasServed = try DeploymentArchive.read(on: connection) { contents in
                total = contents.offers + contents.cancels
                try output.line(ExportLine.header(contents))
            } _: { record in
                try output.line(ExportLine.record(record, now: now))
                written += 1
                if written.isMultiple(of: 1_000) { progress.say("\(written) of \(total)") }
            }
            try output.finish()
            return hasServed
        }
        if !hasServed { throw CommandFailure(.failure, "this database has never served a deployment") }
    }
}

/// The lines of an export.
enum ExportLine {
    /// What the first line's `strikebook` says.
    static let kind = "export"

    /// The line before all records.
    static func header(_ contents: DeploymentArchive.Contents) -> [UInt8] {
        var json = JSONWriter(capacity: 512)
        json.beginObject()
        json.key("strikebook")
        json.string(kind)
        json.key("version")
        json.integer(1)
        json.key("chainId")
        json.uint256(contents.deployment.chainId)
        json.key("verifyingContract")
        json.address(contents.deployment.verifyingContract)
        json.key("domainSeparator")
        json.hash(contents.deployment.domainSeparator)
        json.key("head")
        json.beginObject()
        json.key("seq")
        json.integer(contents.head.seq)
        json.key("hash")
        json.hash(contents.head.hash)
        json.key("epoch")
        json.string(contents.head.epochText)
        json.endObject()
        json.key("offers")
        json.integer(contents.offers)
        json.key("cancels")
        json.integer(contents.cancels)
        json.endObject()
        return json.bytes
    }

    /// An offer or a cancel message.
    static func record(_ record: DeploymentArchive.Record, now: UInt64) -> [UInt8] {
        var json = JSONWriter(capacity: 1_024)
        switch record {
        case .offer(let offer): OfferJSON.encode(offer, now: now, to: &json)
        case .cancel(let cancel, let seq, let createdAtMicros):
            json.beginObject()
            json.key("message")
            json.raw(cancel.message.canonicalJSON)
            json.key("signature")
            json.bytes(cancel.signature)
            json.key("signer")
            json.address(cancel.signer)
            json.key("digest")
            json.hash(cancel.digest)
            json.key("seq")
            json.integer(seq)
            json.key("createdAt")
            json.timestamp(micros: createdAtMicros)
            json.endObject()
        }
        return json.bytes
    }
}
