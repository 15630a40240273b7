import Ethereum
import Exchange
import Market
import Postgres
import StrictJSON

/// Reads all that settling an option asks for, in one round trip.
struct SettlementRead: Sendable {
    let decimals: @Sendable (Address) -> UInt8?
    let confirmations: UInt64

    /// Whether a confirmed event ended the settlement of `a`.
    static let soldOnChain = Query(
        unsafe: """
            EXISTS (SELECT FROM chain_events e
                    WHERE e.token_id = a.token_id AND e.name = 'SettlementExecuted' AND e.status = 'confirmed'
                          AND e.quarantine IS NULL)
            """)

    /// What is known, as far as `actor` may see it.
    func facts(
        _ tokenId: UInt256, by actor: SettlementActor, on connection: PostgresConnection
    ) throws -> SettlementFacts {
        var (worker, holder) = ("", "")
        switch actor {
        case .anybody: break
        case .holder(let account): holder = String(account.hex.dropFirst(2))
        case .worker: worker = "settlement"
        }
        let answers = try connection.pipeline([
            """
            SELECT set_config('strikebook.worker', \(worker), true), set_config('strikebook.holder', \(holder), true)
            """,
            option(tokenId), SettlementsTable.select(where: "s.token_id = \(tokenId)"),
            SettlementsTable.orders(of: [tokenId]), SettlementsTable.signatures(of: tokenId), sale(tokenId), times,
        ])
        return SettlementFacts(
            option: try answers[1].first.flatMap(option),
            stored: try SettlementsTable.read(
                answers[2], answers[3], signatures: answers[4]
            ).first,
            sold: try answers[5].first.map(sale), chain: try times(try answers[6].single()))
    }

    private func option(_ tokenId: UInt256) -> Query {
        """
        SELECT token_id, is_call, underlying, stablecoin, collateral_locked, strike_price,
               floor(extract(epoch FROM expiry_time))::bigint, holder, status, settled
        FROM active_options WHERE token_id = \(tokenId)
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

    private func sale(_ tokenId: UInt256) -> Query {
        """
        SELECT args FROM chain_events
        WHERE token_id = \(tokenId) AND status <> 'reverted' AND status = 'confirmed' AND quarantine IS NULL
              AND name = 'SettlementExecuted'
        ORDER BY block_number, log_index LIMIT 1
        """
    }

    private func sale(_ row: Row) throws -> SoldOnChain {
        let arguments = try? JSONValue.parse(try row.bytes(0))
        return SoldOnChain(proceeds: arguments?.object?["proceedsReceived"]?.string.flatMap { UInt256(decimal: $0) })
    }

    /// The latest block followed or posted, the latest of them that is confirmed, and whether blocks are followed.
    private var times: Query {
        """
        SELECT floor(extract(epoch FROM greatest(
                   (SELECT max(block_time) FROM chain_events WHERE status <> 'reverted'),
                   (SELECT block_time FROM blocks WHERE is_cursor))))::bigint,
               floor(extract(epoch FROM greatest(
                   (SELECT block_time FROM chain_events WHERE status <> 'reverted' AND status = 'confirmed'
                    ORDER BY block_time DESC LIMIT 1),
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
