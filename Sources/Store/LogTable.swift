import Ethereum
import Exchange
import Market
import Postgres
import StrictJSON

/// Reading `transaction_logs`, `log_head` and `books`.
enum LogTable {
    /// The head, and the commit time of its row in µs since 1970.
    static func head(on connection: PostgresConnection) throws -> (head: LogHead, atMicros: Int64) {
        let row = try connection.query("SELECT seq, hash, epoch, created_at FROM log_head").single()
        let head = LogHead(
            seq: try row.uint64(0), hash: try row.bytes32(1), epoch: UInt64(bitPattern: try row.int64(2)))
        return (head, try row.timestampMicros(3))
    }

    /// The rows after `seq` as what they change in a book; a created offer comes with its own row.
    static func events(after seq: UInt64, limit: Int, on connection: PostgresConnection) throws -> [BookEvent] {
        let rows = try connection.query(
            """
            SELECT l.seq, l.event_type, l.data, l.created_at, l.related_id, \(OfferRow.columns)
            FROM transaction_logs l
            LEFT JOIN offers o ON o.offer_hash = CASE
                WHEN l.event_type IN ('offer_created', 'offer_cancelled', 'offer_expired', 'offer_filled', 'fill_reverted',
                                      'offer_overfilled', 'offer_reopened', 'offer_closed', 'offer_unfunded',
                                      'offer_funded')
                THEN decode(substr(l.related_id, 3), 'hex') END
            LEFT JOIN filled_amounts f USING (offer_hash)
            WHERE l.seq > \(Int64(clamping: seq)) ORDER BY l.seq LIMIT \(Int64(limit))
            """)
        return try rows.map { row in
            BookEvent(
                seq: try row.uint64(0), createdAtMicros: try row.timestampMicros(3), change: try change(row),
                option: try option(row))
        }
    }

    private static func option(_ row: Row) throws -> UInt256? {
        guard let type = EventType(rawValue: try row.text(1)), !row.isNull(4) else { return nil }
        return BookEvent.option(type, about: try row.text(4), data: row.isNull(2) ? nil : try row.text(2))
    }

    private static func change(_ row: Row) throws -> BookEvent.Change {
        switch EventType(rawValue: try row.text(1)) {
        case .offerCreated:
            // The row as it was written: what closed or filled it later is an event of its own.
            var offer = try OfferRow.read(row, from: 5)
            let isCancelled = !row.isNull(2)
            offer.closed = isCancelled ? .init(seq: offer.seq, reason: .cancelled) : nil
            offer.cancelledAtMicros = isCancelled ? offer.createdAtMicros : nil
            offer.filled = .zero
            offer.funding = nil
            return .created(offer)
        case .offerCancelled: return row.isNull(2) ? try closing(row, .cancelled) : try standing(row)
        case .offerExpired: return try closing(row, .expired)
        case .offerFilled, .fillReverted, .offerOverfilled, .offerReopened, .offerClosed, .offerUnfunded, .offerFunded:
            return try standing(row)
        default: return .none
        }
    }

    /// What the chain or its writer's funds made of an offer: the row says what was filled and funded then, and whether
    /// its book listed it.
    private static func standing(_ row: Row) throws -> BookEvent.Change {
        var offer = try OfferRow.read(row, from: 5)
        let data = try JSONValue.parse(Array(try row.text(2).utf8)).object
        guard let filled = data?["filled"]?.string.flatMap({ UInt256(decimal: $0) }),
            let status = data?["status"]?.string, let wasOpen = data?["wasOpen"]?.bool
        else { throw PostgresError(.decoding, "a row about fills says no amount or no status") }
        offer.filled = filled
        offer.closed = OfferState.ClosedReason(rawValue: String(decoding: status, as: UTF8.self)).map {
            .init(seq: offer.closed?.seq ?? offer.seq, reason: $0)
        }
        if offer.closed == nil { offer.cancelledAtMicros = nil }
        offer.funding = data?["fundable"]?.string.flatMap { UInt256(decimal: $0) }.map {
            Funding(fundable: $0, isUnfunded: data?["unfunded"]?.bool == true)
        }
        return .changed(offer, wasListed: wasOpen)
    }

    private static func closing(_ row: Row, _ reason: OfferState.ClosedReason) throws -> BookEvent.Change {
        let offer = try OfferRow.read(row, from: 5)
        // What was known of its funds last was known then: a closed offer's are not looked at.
        return .closed(
            offerHash: offer.offerHash, book: BookID(offer.offer), reason: reason,
            wasListed: offer.funding?.isUnfunded != true)
    }

    /// The statement that writes `entries`, all with the time of their transaction.
    static func insertion(of entries: [LogEntry], atMicros: Int64) -> Query {
        let now = PostgresTimestamp(microsecondsSince1970: atMicros)
        return """
            INSERT INTO transaction_logs (seq, event_type, related_id, tx_hash, block_number, data, created_at, prev_hash,
                                          hash)
            SELECT row.seq, row.event_type, row.related_id, decode(substr(row.tx_hash, 3), 'hex'), row.block_number,
                   row.data, \(now), row.prev_hash, row.hash
            FROM unnest(\(entries.map { Int64($0.seq) })::bigint[], \(entries.map(\.eventType))::text[],
                        \(entries.map(\.relatedID))::text[], \(entries.map(\.txHash))::text[],
                        \(entries.map { $0.blockNumber.map { Int64(clamping: $0) } })::bigint[],
                        \(entries.map(\.data))::text[], \(entries.map(\.previousHash))::bytea[],
                        \(entries.map(\.hash))::bytea[])
                 AS row (seq, event_type, related_id, tx_hash, block_number, data, prev_hash, hash)
            """
    }

    /// The statements that move the head to `head` and tell the followers.
    static func announcement(of head: LogHead, atMicros: Int64) -> [Query] {
        let now = PostgresTimestamp(microsecondsSince1970: atMicros)
        return [
            "UPDATE log_head SET seq = \(Int64(head.seq)), hash = \(head.hash), created_at = \(now)",
            "SELECT pg_notify('\(unsafe: LogChannel.name)', \(String(head.seq)))",
        ]
    }

    /// When each book last changed.
    static func books(on connection: PostgresConnection) throws -> [BooksSnapshot.LastChange] {
        try connection.query("SELECT underlying_address, is_call, last_seq, last_change_at FROM books").map { row in
            .init(
                book: BookID(underlying: try row.address(0), isCall: try row.bool(1)), seq: try row.uint64(2),
                atMicros: try row.timestampMicros(3))
        }
    }
}
