import Ethereum
import Exchange
import Market
import Postgres
import StrictJSON

/// Reading and writing `chain_events`.
enum ChainEventsTable {
    private static let columns = Query(
        unsafe: """
            block_hash, log_index, block_number, block_time, tx_hash, name, args, status, quarantine, is_garbled, seq
            """)

    /// The events that `filter` keeps.
    static func select(where filter: Query) -> Query {
        "SELECT \(columns) FROM chain_events WHERE \(filter)"
    }

    /// Height, hash and number of events of each block at `height` and above that has any, highest first.
    static func blocks(from height: UInt64) -> Query {
        """
        SELECT block_number, block_hash, count(*) FROM chain_events
        WHERE status <> 'reverted' AND block_number >= \(Int64(clamping: height))
        GROUP BY block_number, block_hash ORDER BY block_number DESC, block_hash
        """
    }

    /// One row of `select`.
    static func read(_ row: Row) throws -> RecordedEvent {
        guard let name = ProtocolEvent.Name(rawValue: try row.text(5)),
            let status = OptionState.Status(rawValue: try row.text(7))
        else { throw PostgresError(.decoding, "chain_events.name or status is not known") }
        let content: ChainEvent.Content =
            try row.bool(9)
            ? .garbled(name, reason: try row.text(8), raw: try row.text(6))
            : .event(try ProtocolEvent.parse(name, arguments: try JSONValue.parse(Array(try row.text(6).utf8))))
        return RecordedEvent(
            key: EventKey(blockHash: try row.bytes32(0), logIndex: try row.uint32(1)),
            blockNumber: try row.uint64(2), blockTime: try row.seconds(3), txHash: try row.bytes32(4),
            content: content, status: status, quarantine: try row.ifPresent(8) { try $0.text($1) },
            seq: try row.uint64(10))
    }

    /// Inserts events.
    static func insert(_ events: [RecordedEvent]) -> Query {
        """
        INSERT INTO chain_events (block_hash, log_index, block_number, block_time, tx_hash, name, token_id, named_hash,
                                  args, status, quarantine, is_garbled, seq)
        SELECT * FROM unnest(
            \(events.map(\.key.blockHash))::bytea[], \(events.map { Int32($0.key.logIndex) })::integer[],
            \(events.map { Int64(clamping: $0.blockNumber) })::bigint[],
            \(events.map { PostgresTimestamp(seconds: $0.blockTime) })::timestamptz[],
            \(events.map(\.txHash))::bytea[], \(events.map(\.name.rawValue))::text[],
            \(events.map { $0.event?.tokenId })::numeric[], \(events.map { $0.event?.namedHash })::bytea[],
            \(events.map(\.text))::text[], \(events.map(\.status.rawValue))::text[],
            \(events.map(\.quarantine))::text[], \(events.map { $0.event == nil })::boolean[],
            \(events.map { Int64($0.seq) })::bigint[])
        """
    }

    /// Changes what may change of events.
    static func update(_ events: [RecordedEvent]) -> Query {
        """
        UPDATE chain_events e SET status = row.status, quarantine = row.quarantine, seq = row.seq
        FROM unnest(\(events.map(\.key.blockHash))::bytea[], \(events.map { Int32($0.key.logIndex) })::integer[],
                    \(events.map(\.status.rawValue))::text[], \(events.map(\.quarantine))::text[],
                    \(events.map { Int64($0.seq) })::bigint[]) AS row (block_hash, log_index, status, quarantine, seq)
        WHERE e.block_hash = row.block_hash AND e.log_index = row.log_index
        """
    }
}

/// Writing `fills`.
enum FillsTable {
    /// Inserts fills.
    static func insert(_ fills: [FillState]) -> Query {
        """
        INSERT INTO fills (block_hash, log_index, tx_hash, block_number, offer_hash, named_hash, token_id, amount, premium,
                           status, seq)
        SELECT * FROM unnest(
            \(fills.map(\.key.blockHash))::bytea[], \(fills.map { Int32($0.key.logIndex) })::integer[],
            \(fills.map(\.txHash))::bytea[], \(fills.map { Int64(clamping: $0.blockNumber) })::bigint[],
            \(fills.map(\.offerHash))::bytea[], \(fills.map(\.taken.offerHash))::bytea[],
            \(fills.map(\.taken.tokenId))::numeric[], \(fills.map(\.taken.fillAmount))::numeric[],
            \(fills.map(\.premium))::numeric[], \(fills.map(\.status.rawValue))::text[],
            \(fills.map { Int64($0.seq) })::bigint[])
        """
    }

    /// Changes what may change of fills.
    static func update(_ fills: [FillState]) -> Query {
        """
        UPDATE fills f SET offer_hash = row.offer_hash, premium = row.premium, status = row.status, seq = row.seq
        FROM unnest(\(fills.map(\.key.blockHash))::bytea[], \(fills.map { Int32($0.key.logIndex) })::integer[],
                    \(fills.map(\.offerHash))::bytea[], \(fills.map(\.premium))::numeric[],
                    \(fills.map(\.status.rawValue))::text[], \(fills.map { Int64($0.seq) })::bigint[])
             AS row (block_hash, log_index, offer_hash, premium, status, seq)
        WHERE f.block_hash = row.block_hash AND f.log_index = row.log_index
        """
    }

    /// Sets what is filled of offers.
    static func upsertAmounts(_ offers: [OfferState], _ now: PostgresTimestamp) -> Query {
        """
        INSERT INTO filled_amounts (offer_hash, collateral_amount, filled_amount, updated_at)
        SELECT row.offer_hash, row.collateral_amount, row.filled_amount, \(now)
        FROM unnest(\(offers.map(\.offerHash))::bytea[], \(offers.map(\.offer.collateralAmount))::numeric[],
                    \(offers.map(\.filled))::numeric[]) AS row (offer_hash, collateral_amount, filled_amount)
        ON CONFLICT (offer_hash) DO UPDATE
        SET filled_amount = EXCLUDED.filled_amount, updated_at = EXCLUDED.updated_at
        """
    }
}

extension PostgresTimestamp {
    /// A moment in unix seconds; what the database cannot hold becomes the last it can.
    init(seconds: UInt64) {
        self.init(microsecondsSince1970: Int64(clamping: min(seconds, 9_000_000_000_000)) * 1_000_000)
    }
}

extension Row {
    /// An `integer` that is never negative: a place in a block.
    func uint32(_ column: some PostgresColumn) throws -> UInt32 {
        guard let value = UInt32(exactly: try int32(column)) else { throw Self.unexpected(column, "not negative") }
        return value
    }

    /// A `timestamptz` at a whole second, unix seconds.
    func seconds(_ column: some PostgresColumn) throws -> UInt64 {
        UInt64(clamping: try timestampMicros(column) / 1_000_000)
    }
}
