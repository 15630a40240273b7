import Postgres

/// What `contracts` and the log must agree on (see `LogAgreement`): each query gives (seq, id) of what disagrees.
enum ContractAgreement {
    static let queries: [(LogFinding.Disagreement, Query)] = [
        (.contractNotLogged, notLogged), (.contractMissing, missing), (.contractEndMissing, endMissing),
        (.contractAltered, altered),
    ]

    /// The last row about a contract says what the contract says of itself.
    private static let notLogged: Query = """
        SELECT c.seq, c.id
        FROM contracts c LEFT JOIN transaction_logs l ON l.seq = c.seq
        WHERE (l.related_id = c.id
               AND CASE WHEN c.state IS NULL THEN l.event_type = 'contract_recorded'
                   WHEN c.is_active THEN l.event_type IN ('contract_accepted', 'contract_hit', 'contract_observed')
                   ELSE l.event_type = 'contract_ended'
                       AND l.data_json ->> 'status' = c.state ->> 'status'
                       AND l.data_json ->> 'payoutE8' = c.state ->> 'payoutE8' END) IS NOT TRUE
        ORDER BY c.seq
        """

    private static let missing: Query = """
        SELECT l.seq, coalesce(l.related_id, '')
        FROM transaction_logs l
        WHERE l.event_type IN ('contract_accepted', 'contract_recorded') AND l.event_type LIKE 'contract%'
              AND NOT EXISTS (SELECT FROM contracts c WHERE c.id = l.related_id)
              AND \(notDeletedLater)
        ORDER BY l.seq
        """

    /// A contract ends once, and nothing comes after it.
    private static let endMissing: Query = """
        SELECT l.seq, coalesce(l.related_id, '')
        FROM transaction_logs l
        WHERE l.event_type = 'contract_ended' AND l.event_type LIKE 'contract%'
              AND NOT EXISTS (SELECT FROM contracts c WHERE c.id = l.related_id AND c.seq = l.seq)
              AND \(notDeletedLater)
        ORDER BY l.seq
        """

    private static let altered: Query = """
        SELECT l.seq, c.id
        FROM transaction_logs l JOIN contracts c ON c.id = l.related_id
        WHERE l.event_type = 'contract_accepted' AND l.event_type LIKE 'contract%'
              AND (l.data_json ->> 'productType', l.data_json ->> 'durationMs', l.data_json ->> 'payoffE8',
                   l.data_json ->> 'token', l.data_json -> 'rungsE8', l.data_json ->> 'targetMovementE8',
                   l.data_json ->> 'mode', l.data_json ->> 'owner', l.data_json ->> 'startedAtMs')
                  IS DISTINCT FROM
                  (c.type, c.duration::text, c.parameters ->> 'payoffE8', lower(c.parameters ->> 'token'),
                   c.parameters -> 'rungsE8', c.parameters ->> 'targetMovementE8', c.parameters ->> 'mode',
                   hex(c.owner), (extract(epoch FROM c.created_at) * 1000)::bigint::text)
              AND \(notDeletedLater)
        ORDER BY l.seq
        """

    private static let notDeletedLater: Query = """
        NOT EXISTS (SELECT FROM transaction_logs d
                    WHERE d.seq > l.seq AND d.event_type LIKE 'contract%'
                          AND (d.event_type = 'contracts_cleaned'
                               OR d.event_type = 'contract_deleted' AND d.related_id = l.related_id))
        """
}
