import Ethereum
import Exchange
import Market
import Postgres
import StrictJSON

/// What the steps of one transaction leave in the tables: one statement a table, for a statement parses every CHECK anew.
struct SettlementRows {
    /// A settlement, and as what it was read.
    struct Change {
        let before: StoredSettlement?
        let after: StoredSettlement
    }

    var settlements: [Change] = []
    var orders: [SettlementOrder] = []
    /// Settlements whose present order was approved.
    var approved: [OptionSettlement] = []

    /// Queues the statements.
    func write(to transaction: inout LogTransaction) {
        let now = PostgresTimestamp(microsecondsSince1970: transaction.nowMicros)
        if !settlements.isEmpty {
            transaction.write(comparison)
            transaction.write(upsert)
        }
        if !orders.isEmpty { transaction.write(upsertOrders(now)) }
        for settlement in approved {
            guard let approval = settlement.approval else { continue }
            transaction.write(
                "SELECT set_config('strikebook.holder', \(String(approval.holder.hex.dropFirst(2))), true)")
            transaction.write(insert(approval, settlement, now))
        }
    }

    /// Divides by zero, which undoes the transaction, where a row is not as it was read: nothing is half taken.
    private var comparison: Query {
        """
        SELECT 1 / (count(*) = 0)::integer
        FROM unnest(\(settlements.map(\.after.settlement.tokenId))::numeric[],
                    \(settlements.map { Int64(clamping: $0.before?.seq ?? 0) })::bigint[],
                    \(settlements.map { $0.before?.settlement.present.sends ?? 0 })::integer[])
             AS row (token_id, seq, attempts)
        WHERE coalesce((SELECT s.seq = row.seq AND s.attempts = row.attempts FROM settlements s
                        WHERE s.token_id = row.token_id), row.seq = 0) IS NOT TRUE
        """
    }

    /// Once an order is out, its signature is too; whoever may not see it changes nothing of such a row.
    private static func published(_ settlement: OptionSettlement) -> [UInt8]? {
        settlement.status == .submitted ? settlement.approval?.signature : nil
    }

    private static func orderText(_ settlement: OptionSettlement) -> PostgresText {
        var json = JSONWriter(capacity: 768)
        SettlementJSON.encodeOrder(settlement.present.proposal, to: &json)
        return PostgresText(utf8: json.bytes)
    }

    private var upsert: Query {
        let after = settlements.map(\.after)
        let rows = after.map(\.settlement)
        let (presents, proposals) = (rows.map(\.present), rows.map(\.present.proposal))
        let ends = rows.map(\.completion)
        let times = { (micros: [Int64]) in micros.map { PostgresTimestamp(microsecondsSince1970: $0) } }
        let signatures = rows.map { row in
            Self.published(row).map { OrderSignature.encode(tokenId: row.tokenId, takerSignature: $0) }
        }
        return """
            INSERT INTO settlements (token_id, attempt, order_hash, price_used, price_source, price_as_of, cow_order,
                                     settlement_conditions_hash, order_uid, status, min_buy_amount, valid_to, app_data,
                                     attempts, last_error, approved_by, failure, proceeds, payoff, fee, fill_attempt,
                                     fill_onchain, taker_signature, eip1271_signature, created_at, updated_at, seq)
            SELECT row.token_id, row.attempt, row.order_hash, row.price_used, row.price_source, row.price_as_of,
                   row.cow_order::jsonb, row.conditions_hash, row.order_uid, row.status, row.min_buy_amount, row.valid_to,
                   row.app_data, row.attempts, row.last_error, row.approved_by, row.failure, row.proceeds, row.payoff,
                   row.fee, row.fill_attempt, row.fill_onchain, row.taker_signature, row.eip1271_signature,
                   row.created_at, row.updated_at, row.seq
            FROM unnest(\(rows.map(\.tokenId))::numeric[], \(presents.map(\.attempt))::integer[],
                        \(proposals.map(\.uid.orderHash))::bytea[], \(proposals.map(\.price.priceE8))::numeric[],
                        \(proposals.map(\.price.source))::text[], \(times(proposals.map(\.price.asOfMicros)))::timestamptz[],
                        \(rows.map(Self.orderText))::text[], \(proposals.map(\.terms.conditionsHash))::bytea[],
                        \(proposals.map(\.uid.bytes))::bytea[], \(rows.map(\.status.rawValue))::text[],
                        \(proposals.map(\.order.buyAmount))::numeric[],
                        \(proposals.map { Int64($0.order.validTo) })::bigint[],
                        \(rows.map { SettlementAppData.document(tokenId: $0.tokenId) })::text[],
                        \(presents.map(\.sends))::integer[],
                        \(rows.map { $0.failure?.words ?? $0.present.lastError })::text[],
                        \(rows.map(\.approval?.holder))::bytea[], \(rows.map(\.failure?.reason.rawValue))::text[],
                        \(ends.map(\.?.proceeds))::numeric[], \(ends.map(\.?.payout.payoff))::numeric[],
                        \(ends.map(\.?.payout.fee))::numeric[], \(ends.map(\.?.attempt))::integer[],
                        \(ends.map(\.?.onChain))::boolean[], \(rows.map(Self.published))::bytea[],
                        \(signatures)::bytea[], \(times(after.map(\.createdAtMicros)))::timestamptz[],
                        \(times(after.map(\.updatedAtMicros)))::timestamptz[],
                        \(after.map { Int64(clamping: $0.seq) })::bigint[])
                 AS row (token_id, attempt, order_hash, price_used, price_source, price_as_of, cow_order, conditions_hash,
                         order_uid, status, min_buy_amount, valid_to, app_data, attempts, last_error, approved_by, failure,
                         proceeds, payoff, fee, fill_attempt, fill_onchain, taker_signature, eip1271_signature, created_at,
                         updated_at, seq)
            ON CONFLICT (token_id) DO UPDATE
            SET attempt = EXCLUDED.attempt, order_hash = EXCLUDED.order_hash, price_used = EXCLUDED.price_used,
                price_source = EXCLUDED.price_source, price_as_of = EXCLUDED.price_as_of, cow_order = EXCLUDED.cow_order,
                settlement_conditions_hash = EXCLUDED.settlement_conditions_hash, order_uid = EXCLUDED.order_uid,
                status = EXCLUDED.status, min_buy_amount = EXCLUDED.min_buy_amount, valid_to = EXCLUDED.valid_to,
                app_data = EXCLUDED.app_data, attempts = EXCLUDED.attempts, last_error = EXCLUDED.last_error,
                approved_by = EXCLUDED.approved_by, failure = EXCLUDED.failure, proceeds = EXCLUDED.proceeds,
                payoff = EXCLUDED.payoff, fee = EXCLUDED.fee, fill_attempt = EXCLUDED.fill_attempt,
                fill_onchain = EXCLUDED.fill_onchain,
                taker_signature = CASE WHEN settlements.attempt = EXCLUDED.attempt
                    THEN coalesce(EXCLUDED.taker_signature, settlements.taker_signature) END,
                eip1271_signature = CASE WHEN settlements.attempt = EXCLUDED.attempt
                    THEN coalesce(EXCLUDED.eip1271_signature, settlements.eip1271_signature) END,
                updated_at = EXCLUDED.updated_at, seq = EXCLUDED.seq
            """
    }

    private func upsertOrders(_ now: PostgresTimestamp) -> Query {
        let (proposals, gpv2) = (orders.map(\.proposal), orders.map(\.proposal.order))
        let dues = orders.map { $0.dueAtMicros.map { PostgresTimestamp(microsecondsSince1970: $0) } }
        let prices = proposals.map { PostgresTimestamp(microsecondsSince1970: $0.price.asOfMicros) }
        return """
            INSERT INTO settlement_orders (token_id, attempt, order_uid, sell_token, buy_token, receiver, sell_amount,
                                           min_buy_amount, app_data_hash, price_used, price_source, price_as_of,
                                           is_requested, sends, refusals, checks, fate, due_at, last_error, created_at,
                                           updated_at)
            SELECT row.*, \(now), \(now)
            FROM unnest(\(proposals.map(\.tokenId))::numeric[], \(orders.map(\.attempt))::integer[],
                        \(proposals.map(\.uid.bytes))::bytea[], \(gpv2.map(\.sellToken))::bytea[],
                        \(gpv2.map(\.buyToken))::bytea[], \(gpv2.map(\.receiver))::bytea[],
                        \(gpv2.map(\.sellAmount))::numeric[], \(gpv2.map(\.buyAmount))::numeric[],
                        \(gpv2.map(\.appData))::bytea[], \(proposals.map(\.price.priceE8))::numeric[],
                        \(proposals.map(\.price.source))::text[], \(prices)::timestamptz[],
                        \(orders.map(\.isRequested))::boolean[], \(orders.map(\.sends))::integer[],
                        \(orders.map(\.refusals))::integer[], \(orders.map(\.checks))::integer[],
                        \(orders.map(\.fate.rawValue))::text[], \(dues)::timestamptz[],
                        \(orders.map(\.lastError))::text[]) AS row
            ON CONFLICT (token_id, attempt) DO UPDATE
            SET order_uid = EXCLUDED.order_uid, sell_token = EXCLUDED.sell_token, buy_token = EXCLUDED.buy_token,
                receiver = EXCLUDED.receiver, sell_amount = EXCLUDED.sell_amount,
                min_buy_amount = EXCLUDED.min_buy_amount, app_data_hash = EXCLUDED.app_data_hash,
                price_used = EXCLUDED.price_used, price_source = EXCLUDED.price_source,
                price_as_of = EXCLUDED.price_as_of, is_requested = EXCLUDED.is_requested, sends = EXCLUDED.sends,
                refusals = EXCLUDED.refusals, checks = EXCLUDED.checks, fate = EXCLUDED.fate, due_at = EXCLUDED.due_at,
                last_error = EXCLUDED.last_error, updated_at = EXCLUDED.updated_at
            """
    }

    /// Runs with `strikebook.holder` set to the approval's.
    private func insert(
        _ approval: SettlementApproval, _ settlement: OptionSettlement, _ now: PostgresTimestamp
    ) -> Query {
        """
        INSERT INTO settlement_signatures (token_id, attempt, order_uid, holder, taker_signature, eip1271_signature,
                                           created_at)
        VALUES (\(settlement.tokenId), \(settlement.present.attempt), \(settlement.present.proposal.uid.bytes),
                \(approval.holder), \(approval.signature),
                \(OrderSignature.encode(tokenId: settlement.tokenId, takerSignature: approval.signature)), \(now))
        """
    }
}
