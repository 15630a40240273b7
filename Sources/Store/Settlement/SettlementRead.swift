import Ethereum
import Exchange
import Market
import Postgres
import StrictJSON

/// Reads all that settling options asks for, in one round trip.
struct SettlementRead: Sendable {
    /// Whose settlement is asked for, and by whom.
    struct Question {
        let tokenId: UInt256
        let actor: SettlementActor
    }

    let decimals: @Sendable (Address) -> UInt8?
    let confirmations: UInt64

    /// Queries that one actor's options take.
    private static let queriesAnActor = 7

    /// What is known of each option, in the order of the questions, as far as who asks may see it.
    func facts(_ questions: [Question], on connection: PostgresConnection) throws -> [SettlementFacts] {
        let byActor = Dictionary(grouping: questions.indices) { questions[$0].actor }
        let groups = Array(byActor)
        var queries = [times]
        for (actor, indices) in groups { queries += self.queries(indices.map { questions[$0].tokenId }, by: actor) }
        let answers = try connection.pipeline(queries)
        let times = try times(try answers[0].single())
        var facts = questions.map { _ in SettlementFacts(option: nil, stored: nil, sold: nil, chain: times) }
        for (number, (_, indices)) in groups.enumerated() {
            let first = 1 + number * Self.queriesAnActor
            let answer = Answer(
                options: try byToken(answers[first + 1]),
                stored: try SettlementsTable.read(
                    answers[first + 2], answers[first + 3], signatures: answers[first + 4]),
                events: Dictionary(grouping: answers[first + 5]) { row in (try? row.uint256(0)) ?? .zero },
                ends: try byToken(answers[first + 6]))
            for index in indices { try fill(&facts[index], of: questions[index].tokenId, from: answer) }
        }
        return facts
    }

    private struct Answer {
        let options: [UInt256: Row]
        let stored: [StoredSettlement]
        let events: [UInt256: [Row]]
        let ends: [UInt256: Row]
    }

    /// `queriesAnActor` of them: the session's view, options, settlements, orders, approvals, events, ends.
    ///
    /// The plans are by key whatever the values: left to its estimates for arrays PostgreSQL plans each query every time,
    /// which costs more than running it.
    private func queries(_ tokenIds: [UInt256], by actor: SettlementActor) -> [Query] {
        var (worker, holder) = ("", "")
        switch actor {
        case .anybody: break
        case .holder(let account): holder = String(account.hex.dropFirst(2))
        case .worker: worker = "settlement"
        }
        return [
            """
            SELECT set_config('strikebook.worker', \(worker), true), set_config('strikebook.holder', \(holder), true),
                   set_config('plan_cache_mode', 'force_generic_plan', true)
            """,
            Self.options(tokenIds), SettlementsTable.select(where: "s.token_id = ANY(\(tokenIds)::numeric[])"),
            SettlementsTable.orders(of: tokenIds), SettlementsTable.signatures(of: tokenIds), Self.events(tokenIds),
            Self.ends(tokenIds),
        ]
    }

    private func fill(_ facts: inout SettlementFacts, of tokenId: UInt256, from answer: Answer) throws {
        facts.option = try answer.options[tokenId].flatMap(option)
        facts.stored = answer.stored.first { $0.settlement.tokenId == tokenId }
        facts.sold = try answer.events[tokenId].flatMap(sale)
        if facts.settlement?.completion?.onChain == true {
            facts.origin = try answer.ends[tokenId].flatMap(origin)
        }
    }

    private func byToken(_ rows: Rows) throws -> [UInt256: Row] {
        Dictionary(try rows.map { (try $0.uint256(0), $0) }, uniquingKeysWith: { first, _ in first })
    }

    private static func options(_ tokenIds: [UInt256]) -> Query {
        """
        SELECT token_id, is_call, underlying, stablecoin, collateral_locked, strike_price,
               floor(extract(epoch FROM expiry_time))::bigint, holder, status, settled
        FROM active_options WHERE token_id = ANY(\(tokenIds)::numeric[])
        """
    }

    /// Nil for an option whose take a reorg undid.
    private func option(_ row: Row) throws -> SettlementOption? {
        let status = try row.text(8)
        guard status != "reverted" else { return nil }
        var contract: SettlementOption.Contract?
        if !row.isNull(1), !row.isNull(2), !row.isNull(3) {
            let (underlying, stablecoin) = (try row.address(2), try row.address(3))
            var both: SettlementDecimals?
            if let first = decimals(underlying), let second = decimals(stablecoin) {
                both = SettlementDecimals(underlying: first, stablecoin: second)
            }
            contract = .init(
                isCall: try row.bool(1), underlying: underlying, stablecoin: stablecoin, decimals: both)
        }
        return SettlementOption(
            tokenId: try row.uint256(0), contract: contract, collateral: try row.uint256(4),
            strikeE8: try row.uint256(5), expiry: try row.uint64(6), holder: try row.address(7),
            isConfirmed: status == "confirmed", isSettled: try row.bool(9))
    }

    /// What the chain said of these options. Narrowed further here and not there: an index of all payouts would be read as
    /// a whole.
    private static func events(_ tokenIds: [UInt256]) -> Query {
        """
        SELECT token_id, name, args, status = 'confirmed' AND quarantine IS NULL FROM chain_events
        WHERE token_id = ANY(\(tokenIds)::numeric[]) AND status <> 'reverted'
        ORDER BY token_id, block_number, log_index
        """
    }

    /// The event that says what a sale brought comes before one that only says that the option was paid out.
    private func sale(_ events: [Row]) throws -> SoldOnChain? {
        var isPaidOut = false
        for row in events where try row.bool(3) {
            switch ProtocolEvent.Name(rawValue: try row.text(1)) {
            case .settlementExecuted:
                let arguments = try? JSONValue.parse(try row.bytes(2))
                let proceeds = arguments?.object?["proceedsReceived"]?.string.flatMap { UInt256(decimal: $0) }
                return SoldOnChain(proceeds: proceeds)
            case .optionSettled: isPaidOut = true
            default: break
            }
        }
        return isPaidOut ? SoldOnChain(proceeds: nil) : nil
    }

    /// The rows of the log by which settlements stand where they do: that of an end says where it stood before.
    private static func ends(_ tokenIds: [UInt256]) -> Query {
        """
        SELECT s.token_id, l.data FROM settlements s JOIN transaction_logs l ON l.seq = s.seq
        WHERE s.token_id = ANY(\(tokenIds)::numeric[])
        """
    }

    private func origin(_ row: Row) throws -> SettlementOrigin? {
        let before = try JSONValue.parse(try row.bytes(1)).object?["before"]?.object
        func text(_ key: StaticString) -> String? { before?[key]?.string.map { String(decoding: $0, as: UTF8.self) } }
        guard let status = text("status").flatMap(SettlementStatus.init) else { return nil }
        let failure = text("reason").flatMap(SettlementFailure.Reason.init).map {
            SettlementFailure($0, text("words") ?? "")
        }
        return SettlementOrigin(status: status, failure: failure)
    }

    /// The latest block followed or posted, the latest of them that is confirmed, and whether blocks are followed.
    private var times: Query {
        """
        SELECT floor(extract(epoch FROM greatest(
                   (SELECT max(block_time) FROM chain_events WHERE status <> 'reverted'),
                   (SELECT block_time FROM blocks WHERE is_cursor))))::bigint,
               floor(extract(epoch FROM greatest(
                   (SELECT max(block_time) FROM chain_events WHERE status = 'confirmed'),
                   (SELECT b.block_time FROM blocks b, blocks c
                    WHERE c.is_cursor AND b.number <= c.number - \(Int64(clamping: confirmations))
                    ORDER BY b.number DESC LIMIT 1))))::bigint,
               EXISTS (SELECT FROM blocks WHERE is_cursor)
        """
    }

    private func times(_ row: Row) throws -> ChainTimes {
        ChainTimes(
            latest: try row.ifPresent(0) { try $0.uint64($1) }, confirmed: try row.ifPresent(1) { try $0.uint64($1) },
            isFollowed: try row.bool(2))
    }
}
