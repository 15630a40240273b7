import ArgumentParser
import Ethereum
import Exchange
import Market
import StrictJSON

/// `strikebook offer verify`
struct OfferVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check signed offers offline, by the code that the service runs.",
        discussion: """
            Example: strikebook offer verify signed.json --chain-id 31337
            Prints what was computed, and for a signature that does not hold what it does match. Ends with 5 unless every \
            signature holds. Plain keys' alone can be checked offline: whether a contract wallet signed, only the chain can \
            tell. Whether the terms would be taken now is noted, but is no failure.
            """)

    @Argument(help: "File of signed offers; - is standard input.") var file: String
    @OptionGroup var domain: SigningDomain
    @OptionGroup var service: OptionalServiceURL
    @Flag(help: "One JSON object an offer.") var json = false

    func run() async throws {
        let terms = try await domain.terms(url: service.given)
        let values = try OfferFile.values(file)
        var broken = 0
        for (place, value) in values.enumerated() {
            let check = Check(value, terms)
            if check.refusal != nil { broken += 1 }
            if json {
                var writer = JSONWriter(capacity: 1_024)
                check.write(to: &writer)
                try StandardOutput.line(writer.bytes)
            } else {
                try StandardOutput.line((values.count > 1 ? "offer \(place + 1): " : "") + check.text)
            }
        }
        if values.isEmpty { throw CommandFailure(.failure, "\(file) holds no offer") }
        if broken > 0 {
            throw CommandFailure(
                .verification,
                values.count == 1
                    ? "the offer does not hold" : "\(broken) of \(values.count) offers do not hold")
        }
    }
}

/// What verifying one signed offer showed.
private struct Check {
    let refusal: Rejection?
    private let signed: SignedOffer?
    private let deployment: Deployment
    /// Why a service with these rules would not take it now although it is signed well.
    private let note: Rejection?

    init(_ value: JSONValue, _ terms: ServiceTerms) {
        deployment = terms.deployment
        do throws(Rejection) {
            let signed = try Self.signed(value, terms.deployment)
            self.signed = signed
            refusal = nil
            note = Self.brokenRule(signed.offer, terms.rules)
        } catch {
            signed = nil
            refusal = error
            note = nil
        }
    }

    private static func signed(_ value: JSONValue, _ deployment: Deployment) throws(Rejection) -> SignedOffer {
        let record = try OfferRecord.read(value)
        let signed = try SignedOffer.verify(record.draft, deployment: deployment)
        if let stated = record.statedHash, !record.isFiledRightly(signed) {
            throw OfferRecord.misfiled(stated, signed.hashes)
        }
        return signed
    }

    private static func brokenRule(_ offer: Offer, _ rules: OfferRules) -> Rejection? {
        do throws(Rejection) {
            try rules.check(offer, now: SystemClock.seconds())
            return nil
        } catch {
            return error
        }
    }

    var text: String {
        guard let signed else { return refusal.map { Refusal($0).text + walletNote } ?? "" }
        var lines = [
            "valid: signed by \(signed.offer.writer.checksummed)",
            "  offerHash       \(signed.hashes.offerHash.hex)",
            "  structHash      \(signed.hashes.structHash.hex)",
            "  encodedHash     \(signed.encodedHash.hex)",
            "  domainSeparator \(deployment.domainSeparator.hex)",
        ]
        if let note { lines.append("  note: it would not be taken now. \(note.detail) (code \(note.code))") }
        return lines.joined(separator: "\n")
    }

    private static let onlyTheChain =
        "If the writer is a contract wallet (EIP-1271), only the chain can tell whether it signed: post the offer to a "
        + "service that follows it."

    private var walletNote: String { refusal?.kind == .signature ? "\n  note: " + Self.onlyTheChain : "" }

    func write(to json: inout JSONWriter) {
        json.beginObject()
        json.key("valid")
        json.bool(signed != nil)
        if let signed {
            json.key("signer")
            json.address(signed.offer.writer)
            json.key("offerHash")
            json.hash(signed.hashes.offerHash)
            json.key("structHash")
            json.hash(signed.hashes.structHash)
            json.key("encodedHash")
            json.hash(signed.encodedHash)
            json.key("domainSeparator")
            json.hash(deployment.domainSeparator)
            json.key("note")
            if let note { json.refusal(note) } else { json.null() }
        } else if let refusal {
            json.refusalFields(refusal)
            if refusal.kind == .signature {
                json.key("note")
                json.string(Self.onlyTheChain)
            }
        }
        json.endObject()
    }
}
