import Ethereum
import Exchange
import Market
import Postgres

/// The second round trip: the rows of a plan, each table in one statement over typed arrays.
struct PlanWrites {
    private let plan: CommitPlan
    private let contract: Address

    /// The rows of `plan` for the deployment of `contract`.
    init(_ plan: CommitPlan, of contract: Address) {
        self.plan = plan
        self.contract = contract
    }

    /// The statements in the order in which the foreign keys want them, each to be made when it is its turn; neither the
    /// head's nor the COMMIT.
    var queries: [() -> Query] {
        var queries: [() -> Query] = []
        // A cursor may move where nothing happened: then there is nothing to log.
        if !plan.entries.isEmpty { queries.append { LogTable.insertion(of: plan.entries, atMicros: plan.nowMicros) } }
        if !plan.created.isEmpty { queries.append { offers } }
        if !plan.closings.isEmpty { queries.append { closings } }
        if !plan.cancelMessages.isEmpty { queries.append { cancelMessages } }
        if !plan.cancellations.isEmpty { queries.append { cancellations } }
        if !plan.watermarks.isEmpty { queries.append { watermarks } }
        if !plan.fundings.isEmpty { queries.append { fundings } }
        if !plan.touchedBooks.isEmpty { queries.append { books } }
        return queries + ChainWriting(plan.chain, of: contract, now: now).queries
    }

    private var now: PostgresTimestamp { PostgresTimestamp(microsecondsSince1970: plan.nowMicros) }

    private var offers: Query {
        let offers = plan.created
        return """
            INSERT INTO offers (offer_hash, struct_hash, encoded_hash, writer_address, underlying_address,
                                collateral_amount, stablecoin_address, is_call, premium_per_day, min_duration,
                                max_duration, min_fill_amount, deadline, config_hash, signature, seq, created_at,
                                closed_seq, closed_reason, cancelled_at)
            SELECT row.offer_hash, row.struct_hash, row.encoded_hash, row.writer_address, row.underlying_address,
                   row.collateral_amount, row.stablecoin_address, row.is_call, row.premium_per_day, row.min_duration,
                   row.max_duration, row.min_fill_amount, row.deadline, row.config_hash, row.signature, row.seq, \(now),
                   row.closed_seq, row.closed_reason, CASE WHEN row.closed_seq IS NOT NULL THEN \(now) END
            FROM unnest(\(offers.map(\.signed.hashes.offerHash))::bytea[],
                        \(offers.map(\.signed.hashes.structHash))::bytea[],
                        \(offers.map(\.signed.encodedHash))::bytea[],
                        \(offers.map(\.offer.writer))::bytea[], \(offers.map(\.offer.underlying))::bytea[],
                        \(offers.map(\.offer.collateralAmount))::numeric[], \(offers.map(\.offer.stablecoin))::bytea[],
                        \(offers.map(\.offer.isCall))::boolean[], \(offers.map(\.offer.premiumPerDay))::numeric[],
                        \(offers.map { Int32($0.offer.minDuration) })::integer[],
                        \(offers.map { Int32($0.offer.maxDuration) })::integer[],
                        \(offers.map(\.offer.minFillAmount))::numeric[],
                        \(offers.map { Int64(clamping: $0.offer.deadline) })::bigint[],
                        \(offers.map(\.offer.configHash))::bytea[], \(offers.map(\.signed.signature))::bytea[],
                        \(offers.map { Int64($0.seq) })::bigint[],
                        \(offers.map { $0.closed.map { Int64($0.seq) } })::bigint[],
                        \(offers.map { $0.closed?.reason.rawValue })::text[])
                 AS row (offer_hash, struct_hash, encoded_hash, writer_address, underlying_address, collateral_amount,
                         stablecoin_address, is_call, premium_per_day, min_duration, max_duration, min_fill_amount,
                         deadline, config_hash, signature, seq, closed_seq, closed_reason)
            """
    }

    private var closings: Query {
        let closings = plan.closings
        return """
            UPDATE offers o
            SET closed_seq = row.closed_seq, closed_reason = row.closed_reason,
                cancelled_at = CASE WHEN row.closed_reason = 'cancelled' THEN \(now) ELSE o.cancelled_at END
            FROM unnest(\(closings.map(\.offerHash))::bytea[], \(closings.map { Int64($0.seq) })::bigint[],
                        \(closings.map(\.reason.rawValue))::text[]) AS row (offer_hash, closed_seq, closed_reason)
            WHERE o.offer_hash = row.offer_hash AND o.closed_seq IS NULL
            """
    }

    private var fundings: Query {
        let fundings = Array(plan.fundings.values)
        return """
            UPDATE offers o SET fundable = row.fundable, unfunded = row.unfunded, funding_seq = row.seq
            FROM unnest(\(fundings.map(\.offerHash))::bytea[], \(fundings.map { $0.funding?.fundable })::numeric[],
                        \(fundings.map { $0.funding?.isUnfunded ?? false })::boolean[],
                        \(fundings.map { Int64($0.seq) })::bigint[]) AS row (offer_hash, fundable, unfunded, seq)
            WHERE o.offer_hash = row.offer_hash
            """
    }

    private var cancelMessages: Query {
        let messages = plan.cancelMessages
        return """
            INSERT INTO cancel_messages (digest, signer, kind, message, signature, by_wallet, seq, created_at)
            SELECT row.digest, row.signer, row.kind, row.message, row.signature, row.by_wallet, row.seq, \(now)
            FROM unnest(\(messages.map(\.cancel.digest))::bytea[], \(messages.map(\.cancel.signer))::bytea[],
                        \(messages.map(\.cancel.message.kind))::text[], \(messages.map(\.cancel.message.canonicalText))::text[],
                        \(messages.map(\.cancel.signature))::bytea[], \(messages.map(\.cancel.isByWallet))::boolean[],
                        \(messages.map { Int64($0.seq) })::bigint[])
                 AS row (digest, signer, kind, message, signature, by_wallet, seq)
            ON CONFLICT (digest) DO NOTHING
            """
    }

    private var cancellations: Query {
        let cancellations = plan.cancellations
        return """
            INSERT INTO cancellations (offer_hash, signer, digest, seq, created_at)
            SELECT row.offer_hash, row.signer, row.digest, row.seq, \(now)
            FROM unnest(\(cancellations.map(\.offerHash))::bytea[], \(cancellations.map(\.signer))::bytea[],
                        \(cancellations.map(\.digest))::bytea[], \(cancellations.map { Int64($0.seq) })::bigint[])
                 AS row (offer_hash, signer, digest, seq)
            """
    }

    /// The last of several raises of one writer's watermark in a batch is the highest.
    private var watermarks: Query {
        var highest: [Address: CommitPlan.Watermark] = [:]
        for watermark in plan.watermarks { highest[watermark.writer] = watermark }
        let rows = Array(highest.values)
        return """
            INSERT INTO cancel_watermarks (writer, issued_before, digest, seq, updated_at)
            SELECT row.writer, row.issued_before, row.digest, row.seq, \(now)
            FROM unnest(\(rows.map(\.writer))::bytea[], \(rows.map { Int64(clamping: $0.issuedBefore) })::bigint[],
                        \(rows.map(\.digest))::bytea[], \(rows.map { Int64($0.seq) })::bigint[])
                 AS row (writer, issued_before, digest, seq)
            ON CONFLICT (writer) DO UPDATE
            SET issued_before = EXCLUDED.issued_before, digest = EXCLUDED.digest, seq = EXCLUDED.seq,
                updated_at = EXCLUDED.updated_at
            WHERE cancel_watermarks.issued_before < EXCLUDED.issued_before
            """
    }

    private var books: Query {
        let books = Array(plan.touchedBooks)
        return """
            INSERT INTO books (underlying_address, is_call, last_seq, last_change_at)
            SELECT row.underlying_address, row.is_call, row.last_seq, \(now)
            FROM unnest(\(books.map(\.key.underlying))::bytea[], \(books.map(\.key.isCall))::boolean[],
                        \(books.map { Int64($0.value) })::bigint[]) AS row (underlying_address, is_call, last_seq)
            ON CONFLICT (underlying_address, is_call) DO UPDATE
            SET last_seq = EXCLUDED.last_seq, last_change_at = EXCLUDED.last_change_at
            """
    }
}

/// A batch's statements after the first round trip, planned part by part while the server is busy with what came before.
final class PlannedWrites: Sequence, IteratorProtocol {
    /// What was planned so far; all of it when the sequence has ended.
    private(set) var plan: CommitPlan
    private let contract: Address
    /// The statements of the part that is being sent, the next last.
    private var queries: [() -> Query] = []
    private var (isWritten, isLogged, hasEnded) = (false, false, false)

    init(_ requests: [WriteRequest], on state: LockedState, of contract: Address) {
        plan = CommitPlan(inParts: requests, on: state)
        self.contract = contract
    }

    func next() -> Query? {
        while true {
            if let query = queries.popLast() { return query() }
            if let part = plan.nextPart() {
                isWritten = isWritten || !part.isEmpty
                isLogged = isLogged || !part.entries.isEmpty
                queries = PlanWrites(part, of: contract).queries.reversed()
            } else if hasEnded {
                return nil
            } else {
                hasEnded = true
                queries = end.reversed().map { query in { query } }
            }
        }
    }

    private var end: [Query] {
        guard isWritten else { return ["ROLLBACK"] }
        return (isLogged ? LogTable.announcement(of: plan.head, atMicros: plan.nowMicros) : []) + ["COMMIT"]
    }
}

/// The channel on which each commit announces the log's new head.
public enum LogChannel {
    /// LISTEN to it; the payload is the head's seq in decimal.
    public static let name = "strikebook_log"
}

extension CancelMessage {
    /// The word in `cancel_messages.kind`.
    fileprivate var kind: String {
        switch self {
        case .offers: "offers"
        case .all: "all"
        }
    }

    fileprivate var canonicalText: String { String(decoding: canonicalJSON, as: UTF8.self) }
}
