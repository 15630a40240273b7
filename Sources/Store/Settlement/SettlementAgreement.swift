import Ethereum
import Market
import Postgres

/// What `settlements` and `settlement_orders` must agree with the log on (see `LogAgreement`): each query gives (seq, id)
/// of what disagrees.
enum SettlementAgreement {
    static let queries: [(LogFinding.Disagreement, Query)] = [
        (.settlementNotLogged, notLogged), (.settlementMissing, missing), (.settlementOrderDiffers, orderDiffers),
        (.settlementApprovalDiffers, approvalDiffers),
    ]

    /// The row that a settlement names says where it stands, and of how it ended all that there is to say.
    private static let notLogged: Query = """
        SELECT s.seq, s.token_id::text
        FROM settlements s LEFT JOIN transaction_logs l ON l.seq = s.seq
        WHERE (l.related_id = s.token_id::text AND l.data_json ->> 'attempt' = s.attempt::text
               AND CASE l.event_type
                   WHEN 'settlement_initiated' THEN s.status = 'initiated'
                   WHEN 'settlement_approved' THEN s.status = 'approved'
                   WHEN 'settlement_submitted' THEN s.status = 'submitted'
                       AND l.data_json ->> 'orderUid' = hex(s.order_uid)
                   WHEN 'settlement_failed' THEN s.status = 'failed' AND l.data_json ->> 'reason' = s.failure
                       AND l.data_json ->> 'orderUid' = hex(s.order_uid)
                   WHEN 'settlement_completed' THEN s.status = 'completed'
                       AND l.data_json ->> 'fillAttempt' = s.fill_attempt::text
                       AND l.data_json ->> 'onChain' = s.fill_onchain::text
                       AND l.data_json #>> '{payout,total}' = s.proceeds::text
                       AND l.data_json #>> '{payout,payoff}' = s.payoff::text
                       AND l.data_json #>> '{payout,fee}' = s.fee::text
                   WHEN 'settlement_reopened' THEN l.data_json ->> 'status' = s.status
                   ELSE false END) IS NOT TRUE
        ORDER BY s.seq
        """

    private static let missing: Query = """
        SELECT logged.seq, logged.token_id
        FROM (SELECT coalesce(related_id, '') AS token_id, max(seq) AS seq FROM transaction_logs
              WHERE event_type IN ('settlement_initiated', 'settlement_approved', 'settlement_submitted',
                                   'settlement_completed', 'settlement_failed', 'settlement_reopened')
              GROUP BY coalesce(related_id, '')) AS logged
        LEFT JOIN settlements s ON s.token_id::text = logged.token_id
        WHERE s.seq IS DISTINCT FROM logged.seq
        ORDER BY logged.seq
        """

    /// An order is as it was last proposed under its number, and the present one is its settlement's.
    private static let orderDiffers: Query = """
        SELECT coalesce(l.seq, 0), coalesce(o.token_id::text, l.related_id, '')
        FROM settlement_orders o
        FULL JOIN (SELECT DISTINCT ON (related_id, data_json ->> 'attempt') related_id, seq, data_json
                   FROM transaction_logs WHERE event_type = 'settlement_initiated'
                   ORDER BY related_id, data_json ->> 'attempt', seq DESC) AS l
             ON l.related_id = o.token_id::text AND l.data_json ->> 'attempt' = o.attempt::text
        LEFT JOIN settlements s ON s.token_id = o.token_id AND s.attempt = o.attempt
        WHERE ((l.data_json ->> 'orderUid', l.data_json ->> 'minBuyAmount', l.data_json ->> 'priceE8',
                l.data_json ->> 'priceSource')
               = (hex(o.order_uid), o.min_buy_amount::text, o.price_used::text, o.price_source)
               AND (s.token_id IS NULL
                    OR (s.order_uid, s.min_buy_amount, s.price_used, s.price_source, hex(s.settlement_conditions_hash),
                        s.valid_to::text)
                       = (o.order_uid, o.min_buy_amount, o.price_used, o.price_source,
                          l.data_json ->> 'settlementConditionsHash', l.data_json ->> 'validTo'))) IS NOT TRUE
        ORDER BY 1
        """

    /// Who approved the present order is who the log says.
    private static let approvalDiffers: Query = """
        SELECT s.seq, s.token_id::text
        FROM settlements s
        LEFT JOIN (SELECT DISTINCT ON (related_id, data_json ->> 'attempt') related_id, data_json
                   FROM transaction_logs WHERE event_type = 'settlement_approved'
                   ORDER BY related_id, data_json ->> 'attempt', seq DESC) AS l
             ON l.related_id = s.token_id::text AND l.data_json ->> 'attempt' = s.attempt::text
        WHERE s.status IN ('approved', 'submitted') AND (lower(l.data_json ->> 'holder') = hex(s.approved_by)
              AND l.data_json ->> 'settlementConditionsHash' = hex(s.settlement_conditions_hash)) IS NOT TRUE
        ORDER BY s.seq
        """
}

extension LogVerifier {
    /// Hashes every order again; a published signature must be made of the approval beside it.
    mutating func hashSettlementOrders(_ deployment: Deployment) throws {
        let domain = GPv2Order.domain(chainId: deployment.chainId)
        let rows: Query = """
            SELECT o.token_id, o.order_uid, o.sell_token, o.buy_token, o.receiver, o.sell_amount, o.min_buy_amount,
                   o.app_data_hash, s.seq, s.taker_signature, s.eip1271_signature
            FROM settlement_orders o
            LEFT JOIN settlements s ON s.token_id = o.token_id AND s.attempt = o.attempt AND s.taker_signature IS NOT NULL
            ORDER BY o.token_id, o.attempt
            """
        try connection.stream(rows) { row in
            let (tokenId, uid) = (try row.uint256(0), OrderUID(bytes: try row.bytes(1)))
            let order = GPv2Order(
                sellToken: try row.address(2), buyToken: try row.address(3), receiver: try row.address(4),
                sellAmount: try row.uint256(5), buyAmount: try row.uint256(6), validTo: uid?.validTo ?? 0,
                appData: try row.bytes32(7))
            let seq = try row.ifPresent(8) { try $0.uint64($1) } ?? 0
            if uid?.orderHash != order.hash(in: domain) || order.appData != SettlementAppData.hash(tokenId: tokenId) {
                found(.disagreement(.settlementOrderAltered, seq: seq, id: tokenId.decimalString))
            }
            guard let signature = try row.ifPresent(9, { try $0.bytes($1) }) else { return }
            let sent = try row.ifPresent(10) { try $0.bytes($1) }
            if sent != OrderSignature.encode(tokenId: tokenId, takerSignature: signature) {
                found(.disagreement(.settlementSignatureAltered, seq: seq, id: tokenId.decimalString))
            }
        }
    }
}
