import Ethereum
public import Market
public import Postgres

/// The one deployment a database serves.
public enum DeploymentTable {
    /// The database holds another chain or contract than the configuration names.
    public struct Mismatch: Error, CustomStringConvertible {
        /// A sentence for whoever started the program.
        public let description: String
    }

    /// Writes the deployment and the empty log's head at the first start; every later one must agree.
    /// - Returns: the secret of this deployment's page cursors.
    /// - Throws: `Mismatch`, or the database's error.
    public static func claim(_ deployment: Deployment, in database: PostgresClient) async throws -> [UInt8] {
        try await database.withConnection { connection in
            try connection.transaction {
                let key = (0..<32).map { _ in UInt8.random(in: .min ... .max) }
                _ = try connection.query(
                    """
                    INSERT INTO deployment (chain_id, verifying_contract, domain_separator, cursor_key)
                    VALUES (\(deployment.chainId), \(deployment.verifyingContract), \(deployment.domainSeparator), \(key))
                    ON CONFLICT DO NOTHING
                    """)
                let row = try connection.query(
                    "SELECT chain_id, verifying_contract, domain_separator, cursor_key FROM deployment"
                ).single()
                let stored = Deployment(chainId: try row.uint256(0), verifyingContract: try row.address(1))
                guard stored == deployment, try row.bytes32(2) == deployment.domainSeparator else {
                    throw Mismatch(
                        description: "this database serves chain \(stored.chainId) and contract "
                            + "\(stored.verifyingContract.checksummed), but the configuration says chain "
                            + "\(deployment.chainId) and contract \(deployment.verifyingContract.checksummed)")
                }
                _ = try connection.query(
                    """
                    INSERT INTO log_head (seq, hash, created_at, epoch)
                    VALUES (0, \(deployment.domainSeparator), now(), \(Int64.random(in: .min ... .max)))
                    ON CONFLICT DO NOTHING
                    """)
                return try row.bytes(3)
            }
        }
    }

    /// The deployment that a database serves; nil before its first start.
    public static func stored(in database: PostgresClient) async throws -> Deployment? {
        try await database.query("SELECT chain_id, verifying_contract FROM deployment").first.map { row in
            Deployment(chainId: try row.uint256(0), verifyingContract: try row.address(1))
        }
    }
}
