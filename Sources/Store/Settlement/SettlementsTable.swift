import Ethereum
import Exchange
@_spi(Store) import Market
import Postgres

/// Reading `settlements` with their `settlement_orders`.
enum SettlementsTable {
    private static let columns = Query(
        unsafe: """
            s.token_id, s.status, s.approved_by, s.failure, s.last_error, s.proceeds, s.payoff, s.fee, s.fill_attempt, \
            s.fill_onchain, s.price_used, s.created_at, s.updated_at, s.seq, a.holder
            """)
    private static let orderColumns = Query(
        unsafe: """
            token_id, attempt, order_uid, sell_token, buy_token, receiver, sell_amount, min_buy_amount, app_data_hash, \
            price_used, price_source, price_as_of, is_requested, sends, refusals, checks, fate, due_at, last_error
            """)

    /// The settlements that `filter` keeps, without their orders.
    static func select(where filter: Query) -> Query {
        "SELECT \(columns) FROM settlements s JOIN active_options a USING (token_id) WHERE \(filter)"
    }

    /// Every order of these options, in the order of their attempts.
    static func orders(of tokenIds: [UInt256]) -> Query {
        """
        SELECT \(orderColumns) FROM settlement_orders WHERE token_id = ANY(\(tokenIds)::numeric[])
        ORDER BY token_id, attempt
        """
    }

    /// The approvals of these options' orders, as far as the session may see them.
    ///
    /// By the orders' ids: under row level security only a comparison that leaks nothing may go by an index, which that of
    /// `bytea` is and that of `numeric` is not.
    static func signatures(of tokenIds: [UInt256]) -> Query {
        """
        SELECT token_id, attempt, taker_signature FROM settlement_signatures
        WHERE order_uid = ANY(ARRAY(SELECT order_uid FROM settlement_orders
                                    WHERE token_id = ANY(\(tokenIds)::numeric[])))
        """
    }

    /// Puts rows of `select` and `orders` together.
    /// - Parameter signatures: rows of `signatures`.
    static func read(_ settlements: Rows, _ orders: Rows, signatures: Rows? = nil) throws -> [StoredSettlement] {
        let approvals = try
            (signatures.map {
                try $0.map { (DueOrder(tokenId: try $0.uint256(0), attempt: try $0.int32(1)), try $0.bytes(2)) }
            })
        let byOrder = Dictionary(approvals ?? [], uniquingKeysWith: { first, _ in first })
        let byOption = Dictionary(grouping: orders) { row in (try? row.uint256(0)) ?? .zero }
        return try settlements.map { row in
            let tokenId = try row.uint256(0)
            let orders = try (byOption[tokenId] ?? []).map(order)
            return try settlement(row, orders) { byOrder[DueOrder(tokenId: tokenId, attempt: $0)] ?? [] }
        }
    }

    private static func settlement(
        _ row: Row, _ orders: [SettlementOrder], signature: (Int32) -> [UInt8]
    ) throws -> StoredSettlement {
        guard let status = SettlementStatus(rawValue: try row.text(1)), let present = orders.last else {
            throw PostgresError(.decoding, "settlements.status is not known, or its order is missing")
        }
        let approval = try row.ifPresent(2) {
            SettlementApproval(holder: try $0.address($1), signature: signature(present.attempt))
        }
        let settlement = OptionSettlement(
            tokenId: try row.uint256(0), status: status, orders: orders, approval: approval,
            failure: try failure(row), completion: try completion(row, orders))
        guard let settlement else { throw PostgresError(.decoding, "a settlement has no order") }
        return StoredSettlement(
            settlement: settlement, holder: try row.address(14), createdAtMicros: try row.timestampMicros(11),
            updatedAtMicros: try row.timestampMicros(12), seq: try row.uint64(13))
    }

    private static func failure(_ row: Row) throws -> SettlementFailure? {
        try row.ifPresent(3) { row, column in
            guard let reason = SettlementFailure.Reason(rawValue: try row.text(column)) else {
                throw PostgresError(.decoding, "settlements.failure is not known")
            }
            return SettlementFailure(reason, row.isNull(4) ? "" : try row.text(4))
        }
    }

    private static func completion(_ row: Row, _ orders: [SettlementOrder]) throws -> SettlementCompletion? {
        try row.ifPresent(5) { row, column in
            let attempt = try row.int32(8)
            let price = orders.first { $0.attempt == attempt }?.proposal.price.priceE8
            return SettlementCompletion(
                proceeds: try row.uint256(column),
                payout: Payout(
                    total: try row.uint256(column), payoff: try row.uint256(6), fee: try row.uint256(7),
                    priceE8: try price ?? row.uint256(10)),
                attempt: attempt, onChain: try row.bool(9))
        }
    }

    private static func order(_ row: Row) throws -> SettlementOrder {
        guard let uid = OrderUID(bytes: try row.bytes(2)),
            let fate = SettlementOrder.Fate(rawValue: try row.text(16))
        else { throw PostgresError(.decoding, "settlement_orders.order_uid or fate is not known") }
        let order = GPv2Order(
            sellToken: try row.address(3), buyToken: try row.address(4), receiver: try row.address(5),
            sellAmount: try row.uint256(6), buyAmount: try row.uint256(7), validTo: uid.validTo,
            appData: try row.bytes32(8))
        let price = SettlementPrice(
            priceE8: try row.uint256(9), source: try row.text(10), asOfMicros: try row.timestampMicros(11))
        return SettlementOrder(
            attempt: try row.int32(1),
            proposal: SettlementProposal(tokenId: try row.uint256(0), order: order, uid: uid, price: price),
            isRequested: try row.bool(12), sends: try row.int32(13), refusals: try row.int32(14),
            checks: try row.int32(15), fate: fate, dueAtMicros: try row.ifPresent(17) { try $0.timestampMicros($1) },
            lastError: try row.ifPresent(18) { try $0.text($1) })
    }
}
