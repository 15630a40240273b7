import Ethereum
import Exchange
import Market
import Postgres

/// The statements that write what a plan made of the chain's events, in the order in which the foreign keys want them.
struct ChainWriting {
    private let writes: ChainWrites
    private let contract: Address
    private let now: PostgresTimestamp

    init(_ writes: ChainWrites, of contract: Address, now: PostgresTimestamp) {
        self.writes = writes
        self.contract = contract
        self.now = now
    }

    var queries: [Query] {
        var queries: [Query] = []
        if !writes.events.isEmpty { queries.append(ChainEventsTable.upsert(Array(writes.events.values))) }
        if !writes.fills.isEmpty { queries.append(FillsTable.upsert(Array(writes.fills.values))) }
        if !writes.options.isEmpty { queries.append(OptionsTable.upsert(Array(writes.options.values))) }
        if !writes.offers.isEmpty {
            queries.append(FillsTable.upsertAmounts(writes.offers, now))
            queries.append(standings)
        }
        if !writes.reorgs.isEmpty { queries.append(BlocksTable.insert(reorgs: writes.reorgs, now)) }
        if let move = writes.cursor { queries += BlocksTable.move(move, removing: writes.removedBlocks) }
        return queries + record
    }

    /// What the smart-contract store tells of the protocol contract stands and falls with the events.
    private var record: [Query] {
        guard writes.cursor != nil || !writes.executions.isEmpty || !writes.offers.isEmpty else { return [] }
        return [ProtocolContractRecord.introduction(ProtocolContractRecord.facts, at: contract)]
            + ProtocolContractRecord.withdrawal(of: Array(writes.removedExecutions), at: contract)
            + ProtocolContractRecord.executions(Array(writes.executions.values), at: contract)
            + ProtocolContractRecord.fills(writes.offers.map { ($0.offerHash, $0.filled) }, at: contract)
    }

    /// Whether offers stand in their books: unlike a cancel or an expiry, what the chain did can be undone.
    private var standings: Query {
        let offers = writes.offers
        return """
            UPDATE offers o
            SET closed_seq = row.closed_seq, closed_reason = row.closed_reason, cancelled_at = row.cancelled_at
            FROM unnest(\(offers.map(\.offerHash))::bytea[], \(offers.map { $0.closed.map { Int64($0.seq) } })::bigint[],
                        \(offers.map { $0.closed?.reason.rawValue })::text[],
                        \(offers.map { $0.cancelledAtMicros.map(PostgresTimestamp.init(microsecondsSince1970:)) })::timestamptz[])
                 AS row (offer_hash, closed_seq, closed_reason, cancelled_at)
            WHERE o.offer_hash = row.offer_hash
                  AND (o.closed_seq, o.closed_reason) IS DISTINCT FROM (row.closed_seq, row.closed_reason)
            """
    }
}
