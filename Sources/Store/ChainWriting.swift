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

    var queries: [() -> Query] {
        var queries: [() -> Query] = []
        // What is new is told from what is stored, which was read under the lock: looking for it again costs as much as an
        // index, and without a look, a plain INSERT is enough.
        add(writes.events.values, isNew: { writes.newEvents.contains($0.key) }, to: &queries) {
            $1 ? ChainEventsTable.insert($0) : ChainEventsTable.update($0)
        }
        add(writes.fills.values, isNew: { writes.newEvents.contains($0.key) }, to: &queries) {
            $1 ? FillsTable.insert($0) : FillsTable.update($0)
        }
        add(writes.options.values, isNew: { writes.newOptions.contains($0.tokenId) }, to: &queries) {
            $1 ? OptionsTable.insert($0) : OptionsTable.update($0)
        }
        if !writes.offers.isEmpty { queries.append { FillsTable.upsertAmounts(writes.offers, now) } }
        if !writes.moved.isEmpty { queries.append { standings } }
        if !writes.reorgs.isEmpty { queries.append { BlocksTable.insert(reorgs: writes.reorgs, now) } }
        let last = (writes.cursor.map { BlocksTable.move($0, removing: writes.removedBlocks) } ?? []) + record
        return queries + last.map { query in { query } }
    }

    private func add<Row>(
        _ rows: some Sequence<Row>, isNew: (Row) -> Bool, to queries: inout [() -> Query],
        _ write: @escaping (_ rows: [Row], _ isNew: Bool) -> Query
    ) {
        var (new, old): ([Row], [Row]) = ([], [])
        for row in rows { if isNew(row) { new.append(row) } else { old.append(row) } }
        if !new.isEmpty { queries.append { [new] in write(new, true) } }
        if !old.isEmpty { queries.append { [old] in write(old, false) } }
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
        let offers = writes.offers.filter { writes.moved.contains($0.offerHash) }
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
