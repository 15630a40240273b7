import Ethereum
import Exchange
import Postgres

/// `smart_contracts.contracts`: one function a query.
enum SmartContractsTable {
    /// The columns, in the order in which `read` takes them.
    static let columns = Query(
        unsafe: """
            address, name, description, contract_type, deployment_tx, deployment_time, owner, is_active, created_at, \
            updated_at, revision
            """)

    /// The contracts in ascending order of their addresses after `address`.
    static func list(after address: Address?, limit: Int) -> Query {
        """
        SELECT \(columns) FROM smart_contracts.contracts WHERE address > \(address?.array ?? [])
        ORDER BY address LIMIT \(limit)
        """
    }

    static func find(_ address: Address) -> Query {
        "SELECT \(columns) FROM smart_contracts.contracts WHERE address = \(address)"
    }

    static func exists(_ address: Address) -> Query {
        "SELECT FROM smart_contracts.contracts WHERE address = \(address)"
    }

    /// Inserts the record or replaces it; a new one answers with revision 1.
    static func upsert(_ facts: SmartContract.Facts, of address: Address) -> Query {
        """
        \(insertion(facts, of: address))
        ON CONFLICT (address) DO UPDATE SET
            name = EXCLUDED.name, description = EXCLUDED.description, contract_type = EXCLUDED.contract_type,
            deployment_tx = EXCLUDED.deployment_tx, deployment_time = EXCLUDED.deployment_time, owner = EXCLUDED.owner,
            is_active = EXCLUDED.is_active, updated_at = now(), revision = c.revision + 1
        RETURNING \(columns)
        """
    }

    /// Inserts the record unless there is one.
    static func introduce(_ facts: SmartContract.Facts, of address: Address) -> Query {
        "\(insertion(facts, of: address)) ON CONFLICT (address) DO NOTHING"
    }

    private static func insertion(_ facts: SmartContract.Facts, of address: Address) -> Query {
        let deployed = facts.deploymentMicros.map(PostgresTimestamp.init(microsecondsSince1970:))
        return """
            INSERT INTO smart_contracts.contracts AS c
                (address, name, description, contract_type, deployment_tx, deployment_time, owner, is_active)
            VALUES (\(address), \(facts.name), \(facts.description), \(facts.contractType), \(facts.deploymentTx),
                    \(deployed), \(facts.owner), \(facts.isActive))
            """
    }

    /// Counts a change of the contract's state and locks it until the transaction ends; no row when it is not recorded.
    static func touch(_ address: Address) -> Query {
        """
        UPDATE smart_contracts.contracts SET revision = revision + 1 WHERE address = \(address) RETURNING revision
        """
    }

    /// Reads the columns, the first of them at `first`.
    static func read(_ row: Row, from first: Int = 0) throws -> SmartContract {
        let facts = SmartContract.Facts(
            name: try row.text(first + 1), description: try row.text(first + 2), contractType: try row.text(first + 3),
            deploymentTx: try row.ifPresent(first + 4) { try $0.bytes32($1) },
            deploymentMicros: try row.ifPresent(first + 5) { try $0.timestampMicros($1) },
            owner: try row.ifPresent(first + 6) { try $0.address($1) }, isActive: try row.bool(first + 7))
        return SmartContract(
            address: try row.address(first), facts: facts, createdAtMicros: try row.timestampMicros(first + 8),
            updatedAtMicros: try row.timestampMicros(first + 9))
    }

    /// Where `revision` stands among the columns.
    static let revisionColumn = 10
}
