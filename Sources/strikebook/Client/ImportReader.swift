import Ethereum
import Exchange
import Market
import StrictJSON
import Synchronization

/// Reads and verifies records of an import: the part of the work that needs no database.
final class ImportReader: Sendable {
    /// What a record turned out to be.
    enum Item: Sendable {
        case offer(ImportedOffer, number: Int)
        case cancel(VerifiedCancel, number: Int)
        case refused(ImportRefusal)
    }

    /// What to take of a file that is read twice: cancels first, so that they are known before any offer comes.
    enum Pass {
        case cancels, offers
    }

    /// Refused signatures that are diagnosed; each costs milliseconds.
    private static let mostDiagnoses = 200

    private let deployment: Deployment
    private let rules: OfferRules
    /// Unix seconds.
    private let now: UInt64
    private let judge: SignatureJudge
    private let diagnosesLeft = Mutex(ImportReader.mostDiagnoses)

    /// - Parameters:
    ///   - now: unix seconds, the same for the whole import.
    ///   - judge: asks contract wallets, where a node is named.
    init(_ deployment: Deployment, rules: OfferRules, judge: SignatureJudge, now: UInt64) {
        self.deployment = deployment
        self.judge = judge
        self.rules = rules
        self.now = now
    }

    /// The items of some records, in their order.
    func read(_ records: [RecordFile.Record], _ pass: Pass) async -> [Item] {
        var items: [Item] = []
        for record in records { items += await read(record, pass) }
        return items
    }

    private func read(_ record: RecordFile.Record, _ pass: Pass) async -> [Item] {
        let json: JSONValue
        do throws(Rejection) {
            json = try Self.parse(record)
        } catch {
            return pass == .offers ? [.refused(ImportRefusal(number: record.number, error))] : []
        }
        if json["strikebook"] != nil { return pass == .offers ? header(json, record.number) : [] }
        // The reply of GET /offers, or a dump of both kinds.
        if json["offers"] != nil || json["cancels"] != nil {
            let values = (pass == .offers ? json["offers"] : json["cancels"])?.array ?? []
            var items: [Item] = []
            for value in values {
                items.append(pass == .offers ? await offer(value, record.number) : await cancel(value, record.number))
            }
            return items
        }
        let isCancel = json["message"] != nil
        guard isCancel == (pass == .cancels) else { return [] }
        return [isCancel ? await cancel(json, record.number) : await offer(json, record.number)]
    }

    private static func parse(_ record: RecordFile.Record) throws(Rejection) -> JSONValue {
        guard let text = record.text else {
            throw Rejection(
                .tooLarge, code: "record_too_long", detail: "A record may have \(RecordFile.longest) bytes.")
        }
        do throws(JSONError) {
            return try JSONValue.parse(text)
        } catch {
            throw Rejection(error)
        }
    }

    /// A header in the middle is that of another export appended to this one: fine if it is the same deployment's.
    private func header(_ json: JSONValue, _ number: Int) -> [Item] {
        guard ImportHeader(json)?.deployment != deployment else { return [] }
        let rejection = Rejection(
            .malformed, code: "other_deployment",
            detail: "From here on the file is an export of another deployment, whose signatures do not hold here.")
        return [.refused(ImportRefusal(number: number, rejection))]
    }

    // MARK: Offers

    private func offer(_ json: JSONValue, _ number: Int) async -> Item {
        var hash: Bytes32?
        do throws(Rejection) {
            let record = try OfferRecord.read(json)
            let hashes = deployment.hashes(record.draft.offer)
            hash = hashes.offerHash
            try check(record)
            let signed = try await signed(record.draft, hashes)
            if let stated = record.statedHash, !record.isFiledRightly(signed) {
                throw OfferRecord.misfiled(stated, hashes)
            }
            let end: ImportedOffer.End? = record.isCancelled ? .cancelled : record.status == .expired ? .expired : nil
            return .offer(
                ImportedOffer(signed: signed, acceptedAtMicros: record.createdAtMicros, end: end), number: number)
        } catch {
            return .refused(ImportRefusal(number: number, diagnosed(error, json), offerHash: hash))
        }
    }

    /// The rules as of its acceptance: a deadline that passed since then makes it history, not wrong.
    private func check(_ record: OfferRecord) throws(Rejection) {
        let accepted = record.createdAtMicros.map { UInt64(clamping: $0 / 1_000_000) } ?? now
        try rules.check(record.draft.offer, now: min(accepted, now, record.draft.offer.deadline))
        let isFilled =
            record.status == .filled || record.filled.map { $0 >= record.draft.offer.collateralAmount } ?? false
        if isFilled, !record.isCancelled {
            throw Rejection(
                .conflict, code: "filled_at_source", field: "filled",
                detail: "All of it was taken. Fills come from the chain, so there is nothing to take over.")
        }
    }

    /// The same refusal with what the signature does match, for the first ones.
    private func diagnosed(_ rejection: Rejection, _ json: JSONValue) -> Rejection {
        guard rejection.kind == .signature, takeDiagnosis() else { return rejection }
        do throws(Rejection) {
            _ = try SignedOffer.verify(try OfferRecord.read(json).draft, deployment: deployment, diagnosing: true)
            return rejection
        } catch {
            return rejection.code == error.code ? noted(error) : rejection
        }
    }

    // MARK: Contract wallets

    /// An offer whose writer signed it with a plain key, or is a contract wallet that affirms it now.
    private func signed(_ draft: Draft, _ hashes: OfferHashes) async throws(Rejection) -> SignedOffer {
        do throws(Rejection) {
            return try SignedOffer.verify(draft, deployment: deployment, hashes: hashes, diagnosing: false)
        } catch {
            let claim = WalletClaim(wallet: draft.offer.writer, digest: hashes.offerHash, signature: draft.signature)
            let approval = try await approval(of: claim, refusal: error)
            guard let signed = SignedOffer.affirmed(draft, deployment: deployment, by: approval) else { throw error }
            return signed
        }
    }

    private func signed(_ draft: CancelDraft) async throws(Rejection) -> VerifiedCancel {
        do throws(Rejection) {
            return try VerifiedCancel.verify(draft, deployment: deployment, now: now, diagnosing: takeDiagnosis())
        } catch {
            guard let claim = draft.claim(deployment) else { throw error }
            let approval = try await approval(of: claim, refusal: error)
            guard let cancel = VerifiedCancel.affirmed(draft, deployment: deployment, by: approval) else { throw error }
            return cancel
        }
    }

    /// A wallet that is busy is asked again for a while: a file may hold thousands of its signatures.
    private func approval(of claim: WalletClaim, refusal: Rejection) async throws(Rejection) -> WalletApproval {
        for pause in Self.pauses {
            do throws(Rejection) {
                return try await judge.approval(of: claim, refusal: refusal)
            } catch {
                guard error.kind == .unavailable else { throw noted(error) }
                try? await Task.sleep(for: pause)
            }
        }
        return try await judge.approval(of: claim, refusal: refusal)
    }

    private static let pauses: [Duration] = [.milliseconds(250), .seconds(1), .seconds(5)]

    /// Without a node there are plain keys only, which a refusal then says.
    private func noted(_ refusal: Rejection) -> Rejection {
        guard !judge.servesWallets, refusal.kind == .signature else { return refusal }
        return Rejection(
            refusal.kind, code: refusal.code, field: refusal.field,
            detail: refusal.detail
                + " If its signer is a contract wallet, only the chain can tell: name a node with --rpc-url.",
            findings: refusal.findings)
    }

    private func takeDiagnosis() -> Bool {
        diagnosesLeft.withLock { left in
            left -= 1
            return left >= 0
        }
    }

    // MARK: Cancels

    private static let cancelFields: [StaticString] = [
        "message", "signature", "signer", "writer", "digest", "seq", "createdAt",
    ]

    private func cancel(_ json: JSONValue, _ number: Int) async -> Item {
        do throws(Rejection) {
            let draft = try CancelBody.parse(try Self.cancelBody(json))
            return .cancel(try await signed(draft), number: number)
        } catch {
            return .refused(ImportRefusal(number: number, error))
        }
    }

    /// The body that was posted, its signer as the writer.
    private static func cancelBody(_ json: JSONValue) throws(Rejection) -> [UInt8] {
        guard let object = json.object else { return [] }
        if let key = object.firstKey(notIn: cancelFields) {
            let name = Refusal.shown(String(decoding: key.prefix(64), as: UTF8.self))
            throw Rejection(
                .malformed, code: Rejection.Code.unknownField.rawValue, field: name,
                detail: "\(name) is not a field of a cancel; remove or correct it.")
        }
        var body = JSONWriter(capacity: 1_024)
        body.beginObject()
        for (key, value) in [
            ("message", object["message"]), ("signature", object["signature"]),
            ("writer", object["signer"] ?? object["writer"]),
        ] {
            guard let value else { continue }
            body.key(key)
            body.value(value)
        }
        body.endObject()
        return body.bytes
    }
}

/// The first line of an export.
struct ImportHeader {
    let deployment: Deployment
    /// How many offers and cancel messages follow; fewer mean that the file was cut.
    let offers: UInt64?
    let cancels: UInt64?

    /// Nil when it is no header of a version that is read here.
    init?(_ json: JSONValue) {
        guard json["strikebook"]?.text == ExportLine.kind, json["version"]?.uint64 == 1,
            let chainID = json["chainId"]?.uint256, let contract = json["verifyingContract"]?.address
        else { return nil }
        deployment = Deployment(chainId: chainID, verifyingContract: contract)
        offers = json["offers"]?.uint64
        cancels = json["cancels"]?.uint64
    }
}

/// A record that was not taken, and why.
struct ImportRefusal: Sendable {
    /// The number of its line or element, from 1.
    let number: Int
    let rejection: Rejection
    let offerHash: Bytes32?

    init(number: Int, _ rejection: Rejection, offerHash: Bytes32? = nil) {
        self.number = number
        self.rejection = rejection
        self.offerHash = offerHash
    }

    /// One line of the report.
    var line: [UInt8] {
        var json = JSONWriter(capacity: 512)
        json.beginObject()
        json.key("line")
        json.integer(number)
        if let offerHash {
            json.key("offerHash")
            json.hash(offerHash)
        }
        json.refusalFields(rejection)
        json.endObject()
        return json.bytes
    }
}
