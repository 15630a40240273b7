import ArgumentParser
import Ethereum
import Exchange
import Market
import StrictJSON

/// `strikebook offer post`
struct OfferPost: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "post",
        abstract: "Post signed offers to a service.",
        discussion: """
            Example: strikebook offer post signed.json --url http://127.0.0.1:8080
            The file holds one signed offer, a list, or one a line. Posting again what is there changes nothing, so a lost \
            connection is simply tried again. Ends with 1 unless every offer was taken.
            """)

    @Argument(help: "File of signed offers; - is standard input.") var file: String
    @OptionGroup var service: ServiceURL
    @Flag(help: "The service's receipts as JSON, one a line.") var json = false

    func run() async throws {
        let values = try OfferFile.values(file)
        var drafts: [Draft] = []
        for (place, value) in values.enumerated() {
            do throws(Rejection) {
                drafts.append(try OfferRecord.read(value).draft)
            } catch {
                throw CommandFailure(.failure, "offer \(place + 1): \(Refusal(error).text); nothing was posted")
            }
        }
        guard !drafts.isEmpty else { throw CommandFailure(.failure, "\(file) holds no offer") }
        let refused = try await ServiceClient.with(service.resolved) { client in
            let poster = OfferPoster(client: client)
            if drafts.count == 1 {
                try show(try await poster.post(drafts[0]))
                return 0
            }
            var refused = 0
            for start in stride(from: 0, to: drafts.count, by: OfferPoster.batch) {
                let batch = Array(drafts[start..<min(start + OfferPoster.batch, drafts.count)])
                for (place, outcome) in try await poster.post(batch: batch).enumerated() {
                    if !outcome.isAccepted { refused += 1 }
                    try show(outcome, place: start + place + 1)
                }
            }
            return refused
        }
        if refused > 0 { throw CommandFailure(.failure, "\(refused) of \(drafts.count) offers were refused") }
    }

    private func show(_ outcome: OfferPoster.Outcome, place: Int? = nil) throws {
        if json {
            var writer = JSONWriter()
            writer.value(outcome.json)
            return try StandardOutput.line(writer.bytes)
        }
        let before = place.map { "offer \($0): " } ?? ""
        guard outcome.isAccepted else { return try StandardOutput.line(before + outcome.refusal) }
        let status = outcome.json["offerStatus"]?.text ?? outcome.json["status"]?.text ?? "?"
        let seq = outcome.json["seq"]?.uint64.map { "seq \($0)" } ?? ""
        try StandardOutput.line(
            before + Refusal.shown("\(status)  \(outcome.json["offerHash"]?.text ?? "?")  \(seq)")
                + (outcome.status == 200 ? "  (it was there already)" : ""))
    }
}
