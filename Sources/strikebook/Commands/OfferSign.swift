import ArgumentParser
import Ethereum
import Exchange
import Market
import StrictJSON

/// `strikebook offer sign`
struct OfferSign: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign",
        abstract: "Sign offers; each becomes one line {\"offer\": …, \"signature\": …}.",
        discussion: """
            Example: strikebook offer sign offer.json --key-file maker.key > signed.json
            The file holds one offer, a list, or one a line. The domain is that of --chain-id and --verifying-contract, \
            else that of the service at --url, else the demonstration's.
            """)

    @Argument(help: "File of unsigned offers; - is standard input.") var file: String
    @OptionGroup var key: SigningKey
    @OptionGroup var domain: SigningDomain
    @OptionGroup var service: OptionalServiceURL

    func run() async throws {
        let key = try key.require()
        let terms = try await domain.terms(url: service.given)
        let values = try OfferFile.values(file)
        for (place, value) in values.enumerated() {
            let offer: Offer
            do throws(Rejection) {
                offer = try OfferBody.offer(value["offer"] ?? value)
            } catch {
                throw CommandFailure(.failure, "offer \(place + 1): \(Refusal(error).text)")
            }
            guard offer.writer == key.address else {
                throw CommandFailure(
                    .usage,
                    "offer \(place + 1): its writer is \(offer.writer.checksummed), but the key signs for "
                        + key.address.checksummed)
            }
            let signature = key.sign(digest: terms.deployment.digest(offer))
            var json = JSONWriter(capacity: 1_024)
            json.draft(Draft(offer: offer, signature: signature.bytes65))
            try StandardOutput.line(json.bytes)
        }
        if values.isEmpty { throw CommandFailure(.failure, "\(file) holds no offer") }
    }
}
