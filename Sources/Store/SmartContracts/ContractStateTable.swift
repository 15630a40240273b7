import Ethereum
import Exchange
import Postgres

/// `smart_contracts.contract_state`: one function a query. Whoever writes has touched the contract's row before.
enum ContractStateTable {
    /// Names, sizes and times after `key`, in the order of the names' bytes.
    static func keys(of address: Address, after key: String?, limit: Int) -> Query {
        """
        SELECT key, octet_length(value), updated_at FROM smart_contracts.contract_state
        WHERE address = \(address) AND key > \(key ?? "") ORDER BY key LIMIT \(limit)
        """
    }

    /// One value.
    static func value(of key: String, at address: Address) -> Query {
        "SELECT value FROM smart_contracts.contract_state WHERE address = \(address) AND key = \(key)"
    }

    /// Which of these names have a value.
    static func present(_ keys: [String], of address: Address) -> Query {
        "SELECT key FROM smart_contracts.contract_state WHERE address = \(address) AND key = ANY(\(keys))"
    }

    /// Writes values in one statement; the names must differ.
    static func upsert(_ keys: [String], _ values: [[UInt8]], of address: Address) -> Query {
        """
        INSERT INTO smart_contracts.contract_state (address, key, value)
        SELECT \(address), new.key, new.value FROM unnest(\(keys), \(values)) AS new (key, value)
        ON CONFLICT (address, key) DO UPDATE SET value = EXCLUDED.value, updated_at = now()
        """
    }

    static func remove(_ keys: [String], of address: Address) -> Query {
        "DELETE FROM smart_contracts.contract_state WHERE address = \(address) AND key = ANY(\(keys))"
    }

    /// The statements that bring the state to `entries`; of two entries of one name the later counts.
    static func writes(_ entries: [ContractStateEntry], of address: Address) -> [Query] {
        var last: [String: [UInt8]?] = [:]
        for entry in entries { last.updateValue(entry.value, forKey: entry.key) }
        // In one order everywhere, so that two writers never wait for each other's rows.
        let names = last.keys.sorted()
        let kept = names.compactMap { name in (last[name] ?? nil).map { (name, $0) } }
        let removed = names.filter { (last[$0] ?? nil) == nil }
        var queries: [Query] = []
        if !kept.isEmpty { queries.append(upsert(kept.map(\.0), kept.map(\.1), of: address)) }
        if !removed.isEmpty { queries.append(remove(removed, of: address)) }
        return queries
    }
}
