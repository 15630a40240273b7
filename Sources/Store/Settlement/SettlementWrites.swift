import Ethereum
import Exchange
import Market
import Postgres
import StrictJSON

/// Writes what a step changed of a settlement: its rows of the log, and the tables'.
struct SettlementWrites {
    let before: StoredSettlement?
    let step: SettlementStep
    let holder: Address

    /// Appends to `transaction`; the settlement as it is stored then, nil when there is none.
    func write(to transaction: inout LogTransaction) -> StoredSettlement? {
        guard let settlement = step.settlement else { return nil }
        if step.events.isEmpty, settlement == before?.settlement { return before }
        var seq = before?.seq ?? 0
        for event in step.events {
            seq = transaction.append(
                EventType(event), about: settlement.tokenId.decimalString, data: data(of: event, settlement))
        }
        let stored = StoredSettlement(
            settlement: settlement, holder: holder,
            createdAtMicros: before?.createdAtMicros ?? transaction.nowMicros,
            updatedAtMicros: step.events.isEmpty
                ? before?.updatedAtMicros ?? transaction.nowMicros : transaction.nowMicros,
            seq: seq)
        let now = PostgresTimestamp(microsecondsSince1970: transaction.nowMicros)
        // A look at an order that changed nothing concerns the order's row alone.
        if !step.events.isEmpty || shownOrder(settlement) != before.map({ shownOrder($0.settlement) }) {
            transaction.write(upsert(stored, now))
        }
        for order in settlement.orders where before?.settlement.order(order.attempt) != order {
            transaction.write(upsert(order, now))
        }
        if step.events.contains(.approved), let approval = settlement.approval {
            transaction.write(
                "SELECT set_config('strikebook.holder', \(String(approval.holder.hex.dropFirst(2))), true)")
            transaction.write(insert(approval, settlement, now))
        }
        return stored
    }

    /// What the settlement's row says of its present order that changes without its state.
    private func shownOrder(_ settlement: OptionSettlement) -> [String] {
        [String(settlement.present.sends), settlement.present.lastError ?? ""]
    }

    private func upsert(_ stored: StoredSettlement, _ now: PostgresTimestamp) -> Query {
        let settlement = stored.settlement
        let (present, completion) = (settlement.present, settlement.completion)
        let proposal = present.proposal
        let words = settlement.failure?.words ?? present.lastError
        // Once the order is out, its signature is too. Whoever may not see it changes nothing of such a row.
        let published = settlement.status == .submitted ? settlement.approval?.signature : nil
        var order = JSONWriter(capacity: 768)
        SettlementJSON.encodeOrder(proposal, to: &order)
        // The division by zero undoes the transaction where the row is not as it was read: nothing is half taken.
        return """
            WITH changed AS (
            INSERT INTO settlements (token_id, attempt, order_hash, price_used, price_source, price_as_of, cow_order,
                                     settlement_conditions_hash, order_uid, status, min_buy_amount, valid_to, app_data,
                                     attempts, last_error, approved_by, failure, proceeds, payoff, fee, fill_attempt,
                                     fill_onchain, taker_signature, eip1271_signature, created_at, updated_at, seq)
            VALUES (\(settlement.tokenId), \(present.attempt), \(proposal.uid.orderHash), \(proposal.price.priceE8),
                    \(proposal.price.source), \(PostgresTimestamp(microsecondsSince1970: proposal.price.asOfMicros)),
                    \(PostgresText(utf8: order.bytes))::text::jsonb, \(proposal.terms.conditionsHash),
                    \(proposal.uid.bytes), \(settlement.status.rawValue), \(proposal.order.buyAmount),
                    \(Int64(proposal.order.validTo)), \(SettlementAppData.document(tokenId: settlement.tokenId)),
                    \(present.sends), \(words), \(settlement.approval?.holder), \(settlement.failure?.reason.rawValue),
                    \(completion?.proceeds), \(completion?.payout.payoff), \(completion?.payout.fee),
                    \(completion?.attempt), \(completion?.onChain), \(published),
                    \(published.map { OrderSignature.encode(tokenId: settlement.tokenId, takerSignature: $0) }), \(now),
                    \(PostgresTimestamp(microsecondsSince1970: stored.updatedAtMicros)), \(Int64(clamping: stored.seq)))
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
            WHERE settlements.seq = \(Int64(clamping: before?.seq ?? 0))
                  AND settlements.attempts = \(before?.settlement.present.sends ?? 0)
            RETURNING 1)
            SELECT 1 / count(*) FROM changed
            """
    }

    private func upsert(_ order: SettlementOrder, _ now: PostgresTimestamp) -> Query {
        let (proposal, gpv2) = (order.proposal, order.proposal.order)
        let due = order.dueAtMicros.map { PostgresTimestamp(microsecondsSince1970: $0) }
        return """
            INSERT INTO settlement_orders (token_id, attempt, order_uid, sell_token, buy_token, receiver, sell_amount,
                                           min_buy_amount, app_data_hash, price_used, price_source, price_as_of,
                                           is_requested, sends, refusals, checks, fate, due_at, last_error, created_at,
                                           updated_at)
            VALUES (\(proposal.tokenId), \(order.attempt), \(proposal.uid.bytes), \(gpv2.sellToken), \(gpv2.buyToken),
                    \(gpv2.receiver), \(gpv2.sellAmount), \(gpv2.buyAmount), \(gpv2.appData), \(proposal.price.priceE8),
                    \(proposal.price.source), \(PostgresTimestamp(microsecondsSince1970: proposal.price.asOfMicros)),
                    \(order.isRequested), \(order.sends), \(order.refusals), \(order.checks), \(order.fate.rawValue),
                    \(due), \(order.lastError), \(now), \(now))
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

// What the log says of a step, keys in order.
extension SettlementWrites {
    private func data(of event: SettlementEvent, _ settlement: OptionSettlement) -> String {
        // Two events of one step are about different attempts: a failed one is the one before.
        let order =
            event == .failed && settlement.status != .failed
            ? before?.settlement.present ?? settlement.present : settlement.present
        var json = JSONWriter(capacity: 512)
        json.beginObject()
        json.key("attempt")
        json.integer(order.attempt)
        if event == .completed, let before = before?.settlement { stood(before, to: &json) }
        switch event {
        case .initiated: proposed(order.proposal, to: &json)
        case .approved:
            if let approval = settlement.approval {
                json.key("holder")
                json.address(approval.holder)
            }
            json.key("settlementConditionsHash")
            json.hash(order.proposal.terms.conditionsHash)
        case .submitted:
            json.key("orderUid")
            json.string(order.proposal.uid.hex)
        case .completed: completed(settlement, to: &json)
        case .failed: failed(settlement, order, to: &json)
        case .reopened:
            json.key("status")
            json.string(settlement.status.rawValue)
        }
        json.endObject()
        return String(decoding: json.bytes, as: UTF8.self)
    }

    private func proposed(_ proposal: SettlementProposal, to json: inout JSONWriter) {
        json.key("minBuyAmount")
        json.uint256(proposal.order.buyAmount)
        json.key("orderHash")
        json.hash(proposal.uid.orderHash)
        json.key("orderUid")
        json.string(proposal.uid.hex)
        json.key("priceE8")
        json.uint256(proposal.price.priceE8)
        json.key("priceSource")
        json.string(proposal.price.source)
        json.key("settlementConditionsHash")
        json.hash(proposal.terms.conditionsHash)
        json.key("validTo")
        json.integer(proposal.order.validTo)
    }

    private func completed(_ settlement: OptionSettlement, to json: inout JSONWriter) {
        guard let completion = settlement.completion else { return }
        json.key("fillAttempt")
        json.integer(completion.attempt)
        json.key("onChain")
        json.bool(completion.onChain)
        json.key("orderUid")
        json.string(settlement.order(completion.attempt)?.proposal.uid.hex ?? "")
        json.key("payout")
        json.beginObject()
        let payout = completion.payout
        json.key("fee")
        json.uint256(payout.fee)
        json.key("payoff")
        json.uint256(payout.payoff)
        json.key("priceE8")
        json.uint256(payout.priceE8)
        json.key("taker")
        json.uint256(payout.taker)
        json.key("total")
        json.uint256(payout.total)
        json.key("writer")
        json.uint256(payout.writer)
        json.endObject()
    }

    /// Where it stood before: the chain may take its word back.
    private func stood(_ before: OptionSettlement, to json: inout JSONWriter) {
        json.key("before")
        json.beginObject()
        if let failure = before.failure {
            json.key("reason")
            json.string(failure.reason.rawValue)
        }
        json.key("status")
        json.string(before.status.rawValue)
        if let failure = before.failure {
            json.key("words")
            json.string(failure.words)
        }
        json.endObject()
    }

    private func failed(_ settlement: OptionSettlement, _ order: SettlementOrder, to json: inout JSONWriter) {
        json.key("orderUid")
        json.string(order.proposal.uid.hex)
        if let failure = settlement.failure {
            json.key("reason")
            json.string(failure.reason.rawValue)
            json.key("words")
            json.string(failure.words)
        }
    }
}

extension EventType {
    /// The log's word for a step.
    init(_ event: SettlementEvent) {
        self =
            switch event {
            case .initiated: .settlementInitiated
            case .approved: .settlementApproved
            case .submitted: .settlementSubmitted
            case .completed: .settlementCompleted
            case .failed: .settlementFailed
            case .reopened: .settlementReopened
            }
    }
}
