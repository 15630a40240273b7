import ArgumentParser
import Ethereum
import Exchange
import Market
import StrictJSON

/// `strikebook offer cancel`
struct OfferCancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Sign a cancel and post it.",
        discussion: """
            Example: strikebook offer cancel --key-file maker.key \\
                       0x8aa1af9441d1215a42d93e65ea42bade78c56c78db6f933a1ab795094443aed8
            --all cancels every offer of the key that the service accepted before --issued-before (the next full second). \
            It does not reach what is signed but not posted: name that by its hash. A cancel binds this book for good, but \
            not the contract.
            """)

    @Argument(help: "Hashes of the offers.") var hashes: [String] = []
    @Flag(help: "Every offer accepted so far.") var all = false
    @Option(help: "With --all: unix seconds, an RFC 3339 time, or a span of at most +60s.") var issuedBefore: String?
    @OptionGroup var key: SigningKey
    @OptionGroup var domain: SigningDomain
    @OptionGroup var service: ServiceURL
    @Flag(help: "The service's answers as JSON, one a line.") var json = false

    func run() async throws {
        let key = try key.require()
        let messages = try messages(key.address)
        try await ServiceClient.with(service.resolved) { client in
            let deployment = try await domain.terms(of: client).deployment
            for message in messages {
                let body = Self.body(
                    message, signature: key.sign(digest: message.digest(deployment)), writer: key.address)
                let answer = try await client.post("/offers/cancel", body)
                try show(try answer.json(), raw: answer.bytes)
            }
        }
    }

    private func messages(_ writer: Address) throws -> [CancelMessage] {
        guard all == hashes.isEmpty else {
            throw CommandFailure(.usage, "name the offers by their hashes, or say --all")
        }
        guard !all else {
            let now = SystemClock.seconds()
            let moment = try issuedBefore.map { try Moment.parse($0, now: now, flag: "issued-before") } ?? now + 1
            return [.all(writer: writer, issuedBefore: moment)]
        }
        guard issuedBefore == nil else { throw CommandFailure(.usage, "--issued-before goes with --all") }
        var seen: Set<Bytes32> = []
        let named = try hashes.map { text in
            guard let hash = Bytes32(hexBytes: text.utf8) else {
                throw CommandFailure(
                    .usage, "\(Refusal.shown(String(text.prefix(80)))) is no hash: 0x and 64 hex digits")
            }
            return hash
        }.filter { seen.insert($0).inserted }
        return stride(from: 0, to: named.count, by: CancelMessage.maxOffers).map { start in
            .offers(Array(named[start..<min(start + CancelMessage.maxOffers, named.count)]))
        }
    }

    private static func body(_ message: CancelMessage, signature: Signature, writer: Address) -> [UInt8] {
        var json = JSONWriter(capacity: 1_024)
        json.beginObject()
        json.key("message")
        json.raw(message.canonicalJSON)
        json.key("signature")
        json.bytes(signature.bytes65)
        json.key("writer")
        json.address(writer)
        json.endObject()
        return json.bytes
    }

    private func show(_ answer: JSONValue, raw: [UInt8]) throws {
        if json { return try StandardOutput.line(raw) }
        let results = answer["results"]?.array ?? []
        for result in results {
            try StandardOutput.line(
                Refusal.shown("\(result["status"]?.text ?? "?")  \(result["offerHash"]?.text ?? "?")"))
        }
        if results.isEmpty { try StandardOutput.line("recorded; no open offer was reached") }
        try StandardOutput.line(
            Refusal.shown("signed by \(answer["signer"]?.text ?? "?"); binds this book, not the contract"))
    }
}
