public import Ethereum
import Exchange
import Market
public import Postgres

/// Walks the log from its first row, recomputes every hash, and compares the tables with it (storage.md).
///
/// Reads one snapshot; writers are not held up. Memory does not grow with the log.
public struct LogVerifier {
    /// More findings than this are not collected: something is wrong as a whole then.
    public static let maximumFindings = 1_000
    /// How long one statement may take: the comparisons read whole tables.
    private static let longest = Duration.seconds(3_600)

    /// A position and the hash that was seen there earlier, e.g. at a backup.
    public struct Expectation: Sendable, Hashable {
        /// Position in the log.
        public let seq: UInt64
        /// The hash that the row had.
        public let hash: Bytes32

        /// Row `seq` once had `hash`.
        public init(seq: UInt64, hash: Bytes32) {
            self.seq = seq
            self.hash = hash
        }

        /// `SEQ:0x…`, as `--expect` takes it; nil for anything else.
        public init?(_ text: String) {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2, let number = UInt256(decimal: parts[0].utf8), let seq = number.asUInt64,
                let hash = Bytes32(hexBytes: parts[1].utf8)
            else { return nil }
            self.init(seq: seq, hash: hash)
        }
    }

    let connection: PostgresConnection
    private let expectations: [Expectation]
    private var report = LogReport()

    /// Verifies everything and reports; throws only when the database cannot be read.
    ///
    /// - Parameter progress: told the position now and then.
    public static func verify(
        on connection: PostgresConnection, expecting expectations: [Expectation] = [],
        progress: (_ seq: UInt64) -> Void = { _ in }
    ) throws -> LogReport {
        let usual = connection.responseTimeout
        connection.responseTimeout = longest
        defer { connection.responseTimeout = usual }
        _ = try connection.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        _ = try connection.query("SELECT set_config('statement_timeout', '0', true)")
        let report = try snapshot(on: connection, expecting: expectations, progress: progress)
        _ = try connection.query("COMMIT")
        return report
    }

    /// Verifies what the open transaction sees.
    static func snapshot(
        on connection: PostgresConnection, expecting expectations: [Expectation] = [],
        progress: (_ seq: UInt64) -> Void = { _ in }
    ) throws -> LogReport {
        var verifier = LogVerifier(connection: connection, expectations: expectations)
        let deployment = try verifier.checkDeployment()
        try verifier.walk(from: deployment.domainSeparator, progress)
        for (kind, query) in LogAgreement.queries + ContractAgreement.queries + SettlementAgreement.queries {
            try verifier.compare(kind, query)
        }
        try verifier.hashOffers(deployment)
        try verifier.hashCancelMessages(deployment)
        try verifier.hashSettlementOrders(deployment)
        return verifier.report
    }

    private init(connection: PostgresConnection, expectations: [Expectation]) {
        self.connection = connection
        self.expectations = expectations
    }

    mutating func found(_ finding: LogFinding) {
        if report.findings.count < Self.maximumFindings { report.findings.append(finding) }
    }

    private mutating func checkDeployment() throws -> Deployment {
        let row = try connection.query("SELECT chain_id, verifying_contract, domain_separator FROM deployment").single()
        let deployment = Deployment(chainId: try row.uint256(0), verifyingContract: try row.address(1))
        if try row.bytes32(2) != deployment.domainSeparator { found(.deployment) }
        return deployment
    }
}

// The chain.
extension LogVerifier {
    private mutating func walk(from separator: Bytes32, _ progress: (UInt64) -> Void) throws {
        var last: (seq: UInt64, hash: Bytes32, atMicros: Int64) = (0, separator, .min)
        var open = Dictionary(expectations.map { ($0.seq, $0.hash) }, uniquingKeysWith: { first, _ in first })
        try LogArchive.entries(after: 0, on: connection) { entry, hash in
            if entry.seq > last.seq + 1 {
                found(.missing(from: last.seq + 1, through: entry.seq - 1))
            } else if entry.previousHash != last.hash {
                found(.unchained(seq: entry.seq))
            }
            if entry.hash != hash { found(.altered(seq: entry.seq)) }
            if entry.createdAtMicros < last.atMicros { found(.backdated(seq: entry.seq)) }
            if let expected = open.removeValue(forKey: entry.seq), expected != hash {
                found(.unexpected(seq: entry.seq, expected: expected, found: hash))
            }
            last = (entry.seq, hash, entry.createdAtMicros)
            report.rows += 1
            if report.rows.isMultiple(of: 10_000) { progress(entry.seq) }
        }
        // Position 0 is the domain separator, before any row.
        if let expected = open.removeValue(forKey: 0), expected != separator {
            found(.unexpected(seq: 0, expected: expected, found: separator))
        }
        for (seq, expected) in open.sorted(by: { $0.key < $1.key }) {
            found(.unexpected(seq: seq, expected: expected, found: nil))
        }
        report.head = (last.seq, last.hash)
        let head = try connection.query("SELECT seq, hash FROM log_head").single()
        let (seq, hash) = (try head.uint64(0), try head.bytes32(1))
        if seq != last.seq || hash != last.hash { found(.head(seq: seq, lastRow: last.seq)) }
    }
}

// The tables.
extension LogVerifier {
    private mutating func compare(_ kind: LogFinding.Disagreement, _ query: Query) throws {
        for row in try connection.query("\(query) LIMIT \(Self.maximumFindings)") {
            found(.disagreement(kind, seq: try row.uint64(0), id: try row.text(1)))
        }
    }

    private mutating func hashOffers(_ deployment: Deployment) throws {
        try connection.stream("SELECT \(OfferRow.columns) FROM \(OfferRow.tables) ORDER BY o.seq") { row in
            let stored = try OfferRow.read(row)
            let encodedHash = try row.bytes32(OfferRow.encodedHashColumn)
            if deployment.hashes(stored.offer) != stored.signed.hashes || stored.signed.encodedHash != encodedHash {
                found(.disagreement(.offerAltered, seq: stored.seq, id: stored.offerHash.hex))
            }
            report.offers += 1
        }
    }

    private mutating func hashCancelMessages(_ deployment: Deployment) throws {
        try connection.stream(
            "SELECT digest, signer, message, signature, seq, by_wallet FROM cancel_messages ORDER BY seq, digest"
        ) {
            let digest = try $0.bytes32(0)
            let message = try? CancelMessage.parse(try $0.bytes(2))
            let signer = try $0.address(1)
            // What a contract wallet affirmed, only the wallet can affirm again.
            let claim = WalletClaim(wallet: signer, digest: digest, signature: try $0.bytes(3))
            let isSigned = try $0.bool(5) || claim.isPlain
            if message?.digest(deployment) != digest || !isSigned {
                found(.disagreement(.cancelMessageAltered, seq: try $0.uint64(4), id: digest.hex))
            }
            report.cancelMessages += 1
        }
    }
}
