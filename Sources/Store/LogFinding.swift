public import Ethereum

/// Something in the database that the log contradicts, or that is wrong with the log itself.
public enum LogFinding: Sendable, Hashable {
    /// No rows from `from` up to `through`.
    case missing(from: UInt64, through: UInt64)
    /// A row's hash is not the hash of what the row says: it was edited.
    case altered(seq: UInt64)
    /// A row does not chain to the row before it: rows were exchanged, or that row was replaced.
    case unchained(seq: UInt64)
    /// A row is dated before the row before it.
    case backdated(seq: UInt64)
    /// `log_head` is not the last row: the tail was cut, or the head moved.
    case head(seq: UInt64, lastRow: UInt64)
    /// The expected row is not there, or has another hash.
    case unexpected(seq: UInt64, expected: Bytes32, found: Bytes32?)
    /// The stored deployment is not the one its own domain separator names.
    case deployment
    /// A row of a table and the log disagree; `seq` is the position concerned.
    case disagreement(Disagreement, seq: UInt64, id: String)

    /// What the log and the tables disagree on. The raw values stand in `--json` output.
    public enum Disagreement: String, Sendable, CaseIterable {
        /// An offer without an offer_created row of its hash and time at its seq.
        case offerNotLogged = "offer_not_logged"
        /// An offer_created row without its offer.
        case offerMissing = "offer_missing"
        /// An offer whose fields do not hash to its stored hashes.
        case offerAltered = "offer_altered"
        /// A closed offer without the row that closed it at its closed_seq.
        case closingNotLogged = "closing_not_logged"
        /// A row that closes an offer which is not closed by it.
        case closingMissing = "closing_missing"
        /// A recorded cancel without its row.
        case cancelNotLogged = "cancel_not_logged"
        /// A row that records a cancel which is not there.
        case cancelMissing = "cancel_missing"
        /// A cancel message whose text does not hash to its digest, or that another signed.
        case cancelMessageAltered = "cancel_message_altered"
        /// A watermark without its row, or lower than the log says.
        case watermarkNotLogged = "watermark_not_logged"
        /// A writer's watermark that the log has and the table lacks.
        case watermarkMissing = "watermark_missing"
        /// What is filled of an offer is not the sum of its fills.
        case filledDiffers = "filled_differs"
        /// An event of the chain whose last row says something else.
        case eventNotLogged = "event_not_logged"
        /// A fill that is not what its event says.
        case fillDiffers = "fill_differs"
        /// An option that is not what its fill says.
        case optionDiffers = "option_differs"
        /// An offer's funding without the row that says the same.
        case fundingNotLogged = "funding_not_logged"
        /// A row about an offer's funds that the offer does not name.
        case fundingMissing = "funding_missing"
        /// A product or record whose last row says something else.
        case contractNotLogged = "contract_not_logged"
        /// A product or record in the log that is not stored, though nobody deleted it.
        case contractMissing = "contract_missing"
        /// A row that ends a product which is not ended by it.
        case contractEndMissing = "contract_end_missing"
        /// A product whose terms are not those that were accepted.
        case contractAltered = "contract_altered"
        /// A settlement whose last row says something else.
        case settlementNotLogged = "settlement_not_logged"
        /// A settlement in the log that is not stored, or whose last row is another.
        case settlementMissing = "settlement_missing"
        /// An order that is not as it was last proposed, or that its settlement disagrees with.
        case settlementOrderDiffers = "settlement_order_differs"
        /// A settlement that another approved, or other terms, than the log says.
        case settlementApprovalDiffers = "settlement_approval_differs"
        /// An order whose fields do not hash to its uid.
        case settlementOrderAltered = "settlement_order_altered"
        /// A published order signature that is not made of the approval beside it.
        case settlementSignatureAltered = "settlement_signature_altered"
    }
}

extension LogFinding: CustomStringConvertible {
    /// One line of plain English.
    public var description: String {
        switch self {
        case .missing(let from, let through):
            from == through ? "row \(from) is missing" : "rows \(from) to \(through) are missing"
        case .altered(let seq): "row \(seq) was altered: its hash is not the hash of its content"
        case .unchained(let seq): "row \(seq) does not chain to the row before it"
        case .backdated(let seq): "row \(seq) is dated before the row before it"
        case .head(let seq, let lastRow): "the head says row \(seq), with its hash, but the last row is \(lastRow)"
        case .unexpected(let seq, let expected, let found):
            found.map { "row \(seq) has hash \($0.hex), expected was \(expected.hex)" }
                ?? "row \(seq) is not there; expected was hash \(expected.hex)"
        case .deployment: "the deployment's domain separator is not that of its chain id and contract"
        case .disagreement(let kind, let seq, let id): "\(kind.sentence): \(id), row \(seq)"
        }
    }
}

extension LogFinding.Disagreement {
    fileprivate var sentence: String {
        switch self {
        case .offerNotLogged: "an offer has no offer_created row that says the same"
        case .offerMissing: "an offer in the log is not stored"
        case .offerAltered: "an offer's fields do not hash to its hashes"
        case .closingNotLogged: "an offer is closed, but no row closes it"
        case .closingMissing: "a row closes an offer that is not closed by it"
        case .cancelNotLogged: "a cancel has no row that records it"
        case .cancelMissing: "a cancel in the log is not stored"
        case .cancelMessageAltered: "a cancel message is not what its signer signed"
        case .watermarkNotLogged: "a watermark has no row that records it"
        case .watermarkMissing: "a watermark in the log is not stored, or is lower"
        case .filledDiffers: "what is filled of an offer is not the sum of its fills"
        case .eventNotLogged: "an event of the chain is not what its last row says"
        case .fillDiffers: "a fill is not what its event says"
        case .optionDiffers: "an option is not what its fill says"
        case .fundingNotLogged: "what is funded of an offer is not what a row says"
        case .fundingMissing: "a row about an offer's funds is not the one that the offer names"
        case .contractNotLogged: "a contract's last row says something else"
        case .contractMissing: "a contract in the log is not stored"
        case .contractEndMissing: "a row ends a contract that is not ended by it"
        case .contractAltered: "a contract's terms are not those that were accepted"
        case .settlementNotLogged: "a settlement's last row says something else"
        case .settlementMissing: "a settlement in the log is not stored, or stands elsewhere"
        case .settlementOrderDiffers: "a settlement's order is not as it was proposed"
        case .settlementApprovalDiffers: "a settlement's approval is not the one that was logged"
        case .settlementOrderAltered: "an order's fields do not hash to its uid"
        case .settlementSignatureAltered: "an order's signature is not made of the holder's approval"
        }
    }
}

/// What `log verify` found.
public struct LogReport: Sendable {
    /// How many rows were read.
    public internal(set) var rows: UInt64 = 0
    /// How many offers were hashed again.
    public internal(set) var offers: UInt64 = 0
    /// How many cancel messages were hashed and their signers recovered again.
    public internal(set) var cancelMessages: UInt64 = 0
    /// The last row: what a later `--expect` can name.
    public internal(set) var head: (seq: UInt64, hash: Bytes32) = (0, .zero)
    /// What is wrong, in the order of the checks; at most ``LogVerifier/maximumFindings``.
    public internal(set) var findings: [LogFinding] = []

    /// Whether nothing is wrong.
    public var isSound: Bool { findings.isEmpty }
}
