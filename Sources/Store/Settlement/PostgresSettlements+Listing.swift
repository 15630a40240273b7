public import Ethereum
public import Exchange
import Market
import Postgres

/// `GET /settlements`: pages in ascending tokenId.
extension PostgresSettlements {
    /// One page, and the head it reflects.
    public func settlements(
        matching filter: SettlementFilter, after: UInt256?, limit: Int
    ) async throws -> SettlementListing {
        try await reads.withConnection { connection in
            _ = try connection.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            let (head, atMicros) = try LogTable.head(on: connection)
            let rows = try connection.query(Self.page(filter, after: after, limit: limit))
            let tokenIds = try rows.map { try $0.uint256(0) }
            let orders = try connection.query(SettlementsTable.orders(of: tokenIds))
            _ = try connection.query("COMMIT")
            let settlements = try SettlementsTable.read(rows, orders)
            return SettlementListing(
                settlements: Array(settlements.prefix(limit)),
                next: settlements.count > limit ? settlements[limit - 1].settlement.tokenId : nil, headSeq: head.seq,
                headAtMicros: atMicros)
        }
    }

    /// One row more than `limit` tells that there is another page. The holder's options are an index range in the order
    /// of their ids, and so are the settlements of one status.
    static func page(_ filter: SettlementFilter, after: UInt256?, limit: Int) -> Query {
        var condition: Query = "true"
        if let status = filter.status { condition = "\(condition) AND s.status = \(status.rawValue)" }
        if let holder = filter.holder { condition = "\(condition) AND a.holder = \(holder)" }
        if let after { condition = "\(condition) AND s.token_id > \(after)" }
        return "\(SettlementsTable.select(where: condition)) ORDER BY s.token_id LIMIT \(limit + 1)"
    }
}
