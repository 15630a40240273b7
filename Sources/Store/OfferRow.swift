import Ethereum
@_spi(Store) import Market
import Postgres

/// One row of `offers` (with what is filled of it) as an `OfferState`: the columns and how they are read.
enum OfferRow {
    /// The columns, in the order in which `read` takes them; `o` is offers, `f` filled_amounts.
    static let columns = Query(
        unsafe: """
            o.offer_hash, o.struct_hash, o.encoded_hash, o.writer_address, o.underlying_address, o.collateral_amount, \
            o.stablecoin_address, o.is_call, o.premium_per_day, o.min_duration, o.max_duration, o.min_fill_amount, \
            o.deadline, o.config_hash, o.signature, o.seq, o.created_at, o.closed_seq, o.closed_reason, o.cancelled_at, \
            f.filled_amount, o.fundable, o.unfunded
            """)
    /// Where `encoded_hash` stands: it is stored for look-ups, and recomputed from the terms wherever it is shown.
    static let encodedHashColumn = 2
    /// The tables behind the columns.
    static let tables = Query(unsafe: "offers o LEFT JOIN filled_amounts f USING (offer_hash)")

    /// Reads the columns, the first of them at `first`.
    static func read(_ row: Row, from first: Int = 0) throws -> OfferState {
        let offer = Offer(
            writer: try row.address(first + 3), underlying: try row.address(first + 4),
            collateralAmount: try row.uint256(first + 5), stablecoin: try row.address(first + 6),
            isCall: try row.bool(first + 7), premiumPerDay: try row.uint256(first + 8),
            minDuration: try row.uint16(first + 9), maxDuration: try row.uint16(first + 10),
            minFillAmount: try row.uint256(first + 11), deadline: try row.uint64(first + 12),
            configHash: try row.bytes32(first + 13))
        let hashes = OfferHashes(offerHash: try row.bytes32(first), structHash: try row.bytes32(first + 1))
        var closed: OfferState.Closed?
        if !row.isNull(first + 17) {
            guard let reason = OfferState.ClosedReason(rawValue: try row.text(first + 18)) else {
                throw PostgresError(.decoding, "closed_reason is not known")
            }
            closed = .init(seq: try row.uint64(first + 17), reason: reason)
        }
        let funding =
            row.isNull(first + 21)
            ? nil : Funding(fundable: try row.uint256(first + 21), isUnfunded: try row.bool(first + 22))
        return OfferState(
            signed: .stored(offer: offer, hashes: hashes, signature: try row.bytes(first + 14)),
            seq: try row.uint64(first + 15), createdAtMicros: try row.timestampMicros(first + 16),
            filled: row.isNull(first + 20) ? .zero : try row.uint256(first + 20),
            cancelledAtMicros: row.isNull(first + 19) ? nil : try row.timestampMicros(first + 19), closed: closed,
            funding: funding)
    }
}
