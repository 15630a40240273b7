public import Ethereum
public import Exchange
public import Logging
public import Market
public import Postgres

/// The settlements in PostgreSQL: steps under the head's lock, reads from a pool.
public struct PostgresSettlements: SettlementStore {
    /// Tries of a transaction whose outcome is unknown; a step compares before it sets.
    private static let attempts = 3

    private let steps: SettlementSteps
    let reads: PostgresClient
    private let read: SettlementRead
    private let logger: Logger

    /// Settlements behind `writes` (a pool of its own) and `reads`.
    /// - Parameters:
    ///   - decimals: of a token, where they are known.
    ///   - confirmations: blocks that must stand on a followed one.
    public init(
        writes: PostgresClient, reads: PostgresClient, decimals: @escaping @Sendable (Address) -> UInt8?,
        confirmations: UInt64, logger: Logger
    ) {
        let read = SettlementRead(decimals: decimals, confirmations: confirmations)
        steps = SettlementSteps(transactions: LogTransactions(database: writes), read: read)
        self.read = read
        self.reads = reads
        self.logger = logger
    }

    /// What is known of an option and its settlement, from one snapshot.
    public func facts(_ tokenId: UInt256) async throws -> SettlementFacts {
        let read = read
        return try await reads.withConnection { connection in
            _ = try connection.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            let facts = try read.facts([.init(tokenId: tokenId, actor: .anybody)], on: connection)
            _ = try connection.query("COMMIT")
            return facts[0]
        }
    }

    /// One step, under the head's lock.
    public func change<Value: Sendable>(
        _ tokenId: UInt256, by actor: SettlementActor,
        _ decide: @escaping @Sendable (SettlementFacts) throws -> (SettlementStep, Value)
    ) async throws -> SettlementChange<Value> {
        var isUnknown = false
        for _ in 1...Self.attempts {
            do {
                return try await changeOnce(tokenId, by: actor, decide)
            } catch let error as PostgresError {
                logger.warning(
                    "a settlement's step was not stored",
                    metadata: [
                        "tokenId": "\(tokenId)", "error": "\(error)", "outcomeUnknown": "\(error.outcomeUnknown)",
                    ])
                isUnknown = isUnknown || error.outcomeUnknown
                if !error.outcomeUnknown { break }
            } catch is CancellationError where !Task.isCancelled {
                // The one whose task it was that did the work for all gave up; nothing was written.
                continue
            }
        }
        throw isUnknown ? WriteFailure.outcomeUnknown : WriteFailure.notStored
    }

    private func changeOnce<Value: Sendable>(
        _ tokenId: UInt256, by actor: SettlementActor,
        _ decide: @escaping @Sendable (SettlementFacts) throws -> (SettlementStep, Value)
    ) async throws -> SettlementChange<Value> {
        let change = try await steps.take(
            .init(tokenId: tokenId, actor: actor) { facts, transaction, rows in
                let (step, value) = try decide(facts)
                let writes = SettlementWrites(
                    before: facts.stored, step: step, holder: facts.option?.holder ?? facts.stored?.holder ?? .zero)
                let stored = writes.write(to: &transaction, &rows)
                return SettlementChange(stored: stored, events: step.events, refusal: step.refusal, value: value)
            })
        guard let change = change as? SettlementChange<Value> else {
            preconditionFailure("a step gave another's change")
        }
        return change
    }

    /// Orders that are due, the longest first.
    public func due(atMicros nowMicros: Int64, limit: Int) async throws -> [DueOrder] {
        let now = PostgresTimestamp(microsecondsSince1970: nowMicros)
        return try await reads.query(
            """
            SELECT token_id, attempt FROM settlement_orders
            WHERE due_at IS NOT NULL AND due_at <= \(now) ORDER BY due_at LIMIT \(Int64(limit))
            """
        ).map { DueOrder(tokenId: try $0.uint256(0), attempt: try $0.int32(1)) }
    }

    /// Proposals that lapsed, positions that moved after the approval, and what the chain said or took back since `seq`.
    public func overtaken(
        atMicros nowMicros: Int64, after seq: UInt64, limit: Int
    ) async throws -> OvertakenSettlements {
        try await reads.withConnection { connection in
            // Read first: what comes in between is looked at next time.
            let head = try LogTable.head(on: connection).head.seq
            let rows = try connection.query(
                """
                (SELECT token_id, NULL::bigint AS event_seq FROM settlements
                 WHERE status = 'initiated' AND valid_to < \(nowMicros / 1_000_000) LIMIT \(Int64(limit)))
                UNION ALL
                (SELECT s.token_id, NULL::bigint FROM settlements s
                 WHERE s.status = 'approved' AND s.approved_by
                       <> (SELECT holder FROM active_options a WHERE a.token_id = s.token_id) LIMIT \(Int64(limit)))
                UNION ALL
                (SELECT e.token_id, e.seq FROM chain_events e JOIN settlements s USING (token_id)
                 WHERE e.seq > \(Int64(clamping: seq)) AND e.name IN ('SettlementExecuted', 'OptionSettled')
                       AND e.status <> 'pending' AND e.quarantine IS NULL
                 ORDER BY e.seq LIMIT \(Int64(limit)))
                """)
            let seqs = try rows.compactMap { try $0.ifPresent(1) { try $0.uint64($1) } }
            return OvertakenSettlements(
                tokenIds: Array(Set(try rows.map { try $0.uint256(0) })),
                throughSeq: seqs.count < limit ? max(seq, head) : seqs.max() ?? seq)
        }
    }

    /// How many are in each state.
    public func tally() async throws -> [SettlementTally] {
        try await reads.query("SELECT status, count(*), min(updated_at) FROM settlements GROUP BY status").compactMap {
            row in
            guard let status = SettlementStatus(rawValue: try row.text(0)) else { return nil }
            return SettlementTally(
                status: status, count: Int(try row.int64(1)), oldestMicros: try row.timestampMicros(2))
        }
    }

    /// Orders that were asked for long ago and are not at CoW, and orders at CoW without an end.
    public func stuck(atMicros nowMicros: Int64, limit: Int) async throws -> [StuckSettlement] {
        let asked = PostgresTimestamp(
            microsecondsSince1970: nowMicros - StuckSettlement.longestSending * 1_000_000)
        return try await reads.query(
            """
            SELECT s.token_id, s.status, o.last_error
            FROM settlements s JOIN settlement_orders o ON o.token_id = s.token_id AND o.attempt = s.attempt
                 JOIN transaction_logs l ON l.seq = s.seq
            WHERE (s.status = 'approved' AND o.is_requested AND l.created_at < \(asked)
                   AND (o.sends + o.checks >= \(StuckSettlement.mostTries) OR o.due_at < \(asked)))
                  OR (s.status = 'submitted' AND s.valid_to < \(nowMicros / 1_000_000 - StuckSettlement.longestEnd))
            ORDER BY s.token_id LIMIT \(Int64(limit))
            """
        ).compactMap { row in
            guard let status = SettlementStatus(rawValue: try row.text(1)) else { return nil }
            return StuckSettlement(
                tokenId: try row.uint256(0), status: status, lastError: try row.ifPresent(2) { try $0.text($1) })
        }
    }
}
