import Ethereum
import Exchange
import Market
import Postgres

/// Reading and writing `active_options`.
enum OptionsTable {
    private static let columns = Query(
        unsafe: """
            token_id, offer_hash, named_hash, writer, taker, holder, underlying, stablecoin, is_call, config_hash, premium, \
            collateral_locked, strike_price, start_time, duration, settled_at, status, block_hash, block_number, \
            log_index, tx_hash, seq
            """)

    /// The options that `filter` keeps.
    static func select(where filter: Query) -> Query {
        "SELECT \(columns) FROM active_options WHERE \(filter)"
    }

    /// One row of `select`.
    static func read(_ row: Row) throws -> OptionState {
        var terms: OptionState.Terms?
        if !row.isNull(1) {
            terms = .init(
                offerHash: try row.bytes32(1), writer: try row.address(3), underlying: try row.address(6),
                stablecoin: try row.address(7), isCall: try row.bool(8), configHash: try row.bytes32(9),
                premium: try row.ifPresent(10) { try $0.uint256($1) })
        }
        guard let status = OptionState.Status(rawValue: try row.text(16)) else {
            throw PostgresError(.decoding, "active_options.status is not known")
        }
        return OptionState(
            taken: .init(
                tokenId: try row.uint256(0), offerHash: try row.bytes32(2), taker: try row.address(4),
                fillAmount: try row.uint256(11), strikePrice: try row.uint256(12), duration: try days(row)),
            origin: .init(
                blockHash: try row.bytes32(17), blockNumber: try row.uint64(18), logIndex: try row.uint32(19),
                txHash: try row.bytes32(20)),
            startTime: try row.seconds(13), terms: terms, holder: try row.address(5), status: status,
            settledAt: try row.ifPresent(15) { try $0.seconds($1) }, seq: try row.uint64(21))
    }

    private static func days(_ row: Row) throws -> UInt16 { try row.uint16(14) }

    private static let written: Query = """
        token_id, offer_hash, named_hash, writer, taker, holder, underlying, stablecoin, is_call, config_hash, premium,
        collateral_locked, strike_price, start_time, expiry_time, duration, settled, settled_at, status, block_hash,
        block_number, log_index, tx_hash, seq
        """

    /// Inserts options.
    static func insert(_ options: [OptionState]) -> Query {
        "INSERT INTO active_options (\(written)) SELECT * FROM \(rows(options))"
    }

    /// Changes options.
    static func update(_ options: [OptionState]) -> Query {
        """
        UPDATE active_options o
        SET offer_hash = row.offer_hash, named_hash = row.named_hash, writer = row.writer, taker = row.taker,
            holder = row.holder, underlying = row.underlying, stablecoin = row.stablecoin, is_call = row.is_call,
            config_hash = row.config_hash, premium = row.premium, collateral_locked = row.collateral_locked,
            strike_price = row.strike_price, start_time = row.start_time, expiry_time = row.expiry_time,
            duration = row.duration, settled = row.settled, settled_at = row.settled_at, status = row.status,
            block_hash = row.block_hash, block_number = row.block_number, log_index = row.log_index,
            tx_hash = row.tx_hash, seq = row.seq
        FROM \(rows(options)) AS row (\(written))
        WHERE o.token_id = row.token_id
        """
    }

    private static func rows(_ options: [OptionState]) -> Query {
        let terms = options.map(\.terms)
        return """
            unnest(
                \(options.map(\.tokenId))::numeric[], \(terms.map { $0?.offerHash })::bytea[],
                \(options.map(\.taken.offerHash))::bytea[], \(terms.map { $0?.writer })::bytea[],
                \(options.map(\.taken.taker))::bytea[], \(options.map(\.holder))::bytea[],
                \(terms.map { $0?.underlying })::bytea[], \(terms.map { $0?.stablecoin })::bytea[],
                \(terms.map { $0?.isCall })::boolean[], \(terms.map { $0?.configHash })::bytea[],
                \(terms.map { $0?.premium })::numeric[], \(options.map(\.taken.fillAmount))::numeric[],
                \(options.map(\.taken.strikePrice))::numeric[],
                \(options.map { PostgresTimestamp(seconds: $0.startTime) })::timestamptz[],
                \(options.map { PostgresTimestamp(seconds: $0.expiryTime) })::timestamptz[],
                \(options.map { Int32($0.taken.duration) })::integer[], \(options.map { $0.settledAt != nil })::boolean[],
                \(options.map { $0.settledAt.map(PostgresTimestamp.init(seconds:)) })::timestamptz[],
                \(options.map(\.status.rawValue))::text[], \(options.map(\.origin.blockHash))::bytea[],
                \(options.map { Int64(clamping: $0.origin.blockNumber) })::bigint[],
                \(options.map { Int32($0.origin.logIndex) })::integer[], \(options.map(\.origin.txHash))::bytea[],
                \(options.map { Int64($0.seq) })::bigint[])
            """
    }
}
