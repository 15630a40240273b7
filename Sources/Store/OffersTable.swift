import Ethereum
import Exchange
import Market
import Postgres

/// Reading `offers` (with `filled_amounts`): one function a query.
enum OffersTable {
    /// The offer that `hash` names: its offerHash, else its structHash or its encodedHash.
    static func find(_ hash: Bytes32, on connection: PostgresConnection) throws -> OfferState? {
        let byID = try connection.query(
            "SELECT \(OfferRow.columns) FROM \(OfferRow.tables) WHERE o.offer_hash = \(hash)")
        if let row = byID.first { return try OfferRow.read(row) }
        let byOther = try connection.query(
            """
            SELECT \(OfferRow.columns) FROM \(OfferRow.tables)
            WHERE o.struct_hash = \(hash) OR o.encoded_hash = \(hash)
            """)
        return try byOther.first.map { try OfferRow.read($0) }
    }

    /// Every open offer in `seq` order, one row at a time.
    static func forEachOpen(on connection: PostgresConnection, _ body: (OfferState) -> Void) throws {
        try connection.stream(
            "SELECT \(OfferRow.columns) FROM \(OfferRow.tables) WHERE o.closed_seq IS NULL ORDER BY o.seq"
        ) { body(try OfferRow.read($0)) }
    }
}
