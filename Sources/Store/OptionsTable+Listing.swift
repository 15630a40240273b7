public import Ethereum
public import Exchange
public import Market
import Postgres

extension PostgresLog: PositionStore {
    /// The option of this id, also one whose take was undone.
    public func option(_ tokenId: UInt256) async throws -> OptionState? {
        try await reads.withConnection { connection in
            try connection.query(OptionsTable.select(where: "token_id = \(tokenId)")).first.map {
                try OptionsTable.read($0)
            }
        }
    }

    /// One page of options, and the head it reflects.
    public func options(matching filter: OptionFilter, after token: UInt256?, limit: Int) async throws -> OptionListing
    {
        try await reads.withConnection { connection in
            let answers = try connection.pipeline([
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "SELECT seq FROM log_head",
                OptionsTable.select(
                    where: "\(OptionsTable.condition(filter, after: token)) ORDER BY token_id LIMIT \(Int64(limit + 1))"
                ),
                "COMMIT",
            ])
            var options = try answers[2].map { try OptionsTable.read($0) }
            let hasMore = options.count > limit
            if hasMore { options.removeLast() }
            return OptionListing(
                options: options, nextToken: hasMore ? options.last?.tokenId : nil,
                headSeq: try answers[1].single().uint64(0))
        }
    }

    /// Options and their settlements as they stand, from one snapshot; approvals without their signatures.
    public func positions(of tokenIds: [UInt256]) async throws -> Positions {
        try await reads.withConnection { connection in
            let answers = try connection.pipeline([
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "SELECT seq FROM log_head",
                OptionsTable.select(where: "token_id = ANY(\(tokenIds)::numeric[]) ORDER BY token_id"),
                "\(SettlementsTable.select(where: "s.token_id = ANY(\(tokenIds)::numeric[])")) ORDER BY s.token_id",
                SettlementsTable.orders(of: tokenIds), "COMMIT",
            ])
            return Positions(
                options: try answers[2].map { try OptionsTable.read($0) },
                settlements: try SettlementsTable.read(answers[3], answers[4]),
                headSeq: try answers[1].single().uint64(0))
        }
    }
}

extension OptionsTable {
    /// What `filter` asks for, of options that stand.
    static func condition(_ filter: OptionFilter, after token: UInt256?) -> Query {
        var condition: Query = "status <> 'reverted'"
        if let token { condition = "\(condition) AND token_id > \(token)" }
        if let holder = filter.holder { condition = "\(condition) AND holder = \(holder)" }
        if let writer = filter.writer { condition = "\(condition) AND writer = \(writer)" }
        if let party = filter.party { condition = "\(condition) AND (holder = \(party) OR writer = \(party))" }
        if let underlying = filter.underlying { condition = "\(condition) AND underlying = \(underlying)" }
        if let settled = filter.settled { condition = "\(condition) AND settled = \(settled)" }
        if let moment = filter.expiringBefore {
            condition = "\(condition) AND expiry_time < \(PostgresTimestamp(seconds: moment))"
        }
        return condition
    }
}
