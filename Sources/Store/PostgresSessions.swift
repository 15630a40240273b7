public import Ethereum
public import Exchange
public import Postgres

/// Sessions of record. Row security shows one only to the transaction that holds its token.
public struct PostgresSessions: SessionStore {
    /// How long an ended session stays, so that its nonce begins no other: longer than a nonce is good for.
    private static let kept = "interval '1 hour'"

    private let database: PostgresClient

    /// Keeps sessions in `database`.
    public init(database: PostgresClient) { self.database = database }

    /// Begins a session for so many seconds; nil when the nonce was used before. What ended long ago goes.
    public func begin(
        _ token: Bytes32, nonce: Bytes32, of address: Address, seconds: Int64
    ) async throws -> Session? {
        let rows = try await database.withConnection { connection in
            try connection.pipeline([
                "BEGIN", Self.holding(token), "SELECT set_config('strikebook.worker', 'session_sweep', true)",
                "DELETE FROM sessions WHERE expires_at < now() - \(unsafe: Self.kept)",
                """
                INSERT INTO sessions (token_hash, address, nonce_hash, expires_at)
                VALUES (\(token), \(address), \(nonce), now() + \(seconds) * interval '1 second')
                ON CONFLICT (nonce_hash) DO NOTHING RETURNING address, expires_at
                """,
                "COMMIT",
            ])
        }
        return try rows[4].first.map(Self.session)
    }

    /// The session, which goes on for so many seconds from now. Written at most once a minute.
    public func use(_ token: Bytes32, seconds: Int64) async throws -> Session? {
        let rows = try await database.withConnection { connection in
            try connection.pipeline([
                "BEGIN", Self.holding(token),
                """
                UPDATE sessions SET last_seen_at = now(), expires_at = now() + \(seconds) * interval '1 second'
                WHERE token_hash = \(token) AND expires_at > now() AND last_seen_at < now() - interval '1 minute'
                """,
                "SELECT address, expires_at FROM sessions WHERE token_hash = \(token) AND expires_at > now()", "COMMIT",
            ])
        }
        return try rows[3].first.map(Self.session)
    }

    /// Ends a session; false when there was none.
    public func end(_ token: Bytes32) async throws -> Bool {
        let rows = try await database.withConnection { connection in
            try connection.pipeline([
                "BEGIN", Self.holding(token),
                """
                UPDATE sessions SET expires_at = greatest(now(), created_at + interval '1 microsecond')
                WHERE token_hash = \(token) AND expires_at > now() RETURNING address
                """,
                "COMMIT",
            ])
        }
        return !rows[2].isEmpty
    }

    private static func holding(_ token: Bytes32) -> Query {
        "SELECT set_config('strikebook.session_token_hash', encode(\(token), 'hex'), true)"
    }

    private static func session(_ row: Row) throws -> Session {
        Session(address: try row.address(0), expiresAtMicros: try row.timestampMicros(1))
    }
}
