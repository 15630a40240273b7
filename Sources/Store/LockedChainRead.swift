import Ethereum
import Exchange
import Market
import Postgres

/// Under the head's lock: everything that the chain's events in a batch touch, and the events that named a new offer
/// before it came. Nothing but one look-up when there is no such thing.
struct LockedChainRead {
    /// More events than this take longer to plan than a transaction may usually stand still, and longer to write than an
    /// answer is usually waited for: cut off there, a deep reorg would begin anew for ever on a slow machine.
    private static let large = 2_000
    private static let patience = Duration.seconds(60)

    private var updates: [ChainUpdate] = []
    private var newOffers: [SignedOffer] = []

    init(_ requests: [WriteRequest]) {
        for request in requests {
            switch request {
            case .chain(let update): updates.append(update)
            case .offer(let signed): newOffers.append(signed)
            case .imported(let imported): newOffers.append(imported.signed)
            case .cancel, .importedCancel, .expire, .fund: break
            }
        }
    }

    func run(on connection: PostgresConnection, _ state: inout LockedState) throws {
        guard !updates.isEmpty || !newOffers.isEmpty else { return }
        try readDelivered(on: connection, &state)
        if updates.isEmpty, state.chain.events.isEmpty { return }
        if state.chain.events.count + updates.reduce(0, { $0 + $1.eventCount }) > Self.large {
            // The pool sets it back.
            connection.responseTimeout = Self.patience
            _ = try connection.pipeline([
                "SET LOCAL idle_in_transaction_session_timeout = '60s'", "SET LOCAL statement_timeout = '30s'",
            ])
        }
        let delivered = updates.flatMap { $0.blocks.flatMap(\.events) }.compactMap { event -> ProtocolEvent? in
            if case .event(let event) = event.content { event } else { nil }
        }
        let named = delivered.compactMap(\.namedHash) + state.chain.events.values.compactMap { $0.event?.namedHash }
        try readOffers(Set(named), on: connection, &state)
        try readEventsOfOffers(on: connection, &state)
        try readOptions(Set(delivered.compactMap(\.tokenId)), on: connection, &state)
    }

    /// The cursor, what is recorded of the blocks concerned, what is due to be confirmed, what names new offers.
    private func readDelivered(on connection: PostgresConnection, _ state: inout LockedState) throws {
        let blocks = updates.flatMap { $0.reverted + $0.blocks.map(\.hash) }
        let names = newOffers.flatMap { [$0.hashes.offerHash, $0.hashes.structHash, $0.encodedHash] }
        var queries: [Query] = []
        if !names.isEmpty {
            queries.append(
                ChainEventsTable.select(where: "named_hash = ANY(\(names)::bytea[]) AND status <> 'reverted'"))
        }
        if !updates.isEmpty {
            queries.append(ChainEventsTable.select(where: "block_hash = ANY(\(blocks)::bytea[])"))
            let height = updates.compactMap(\.confirmedThrough).max().map { Int64(clamping: $0) } ?? -1
            queries.append(ChainEventsTable.select(where: "status = 'pending' AND block_number <= \(height)"))
            queries.append(BlocksTable.cursor)
        }
        var answers = try connection.pipeline(queries)
        if !updates.isEmpty { state.chain.cursor = try answers.removeLast().first?.bytes32(0) }
        for rows in answers { try keep(rows, &state) }
    }

    /// The offers that `names` name, by any of the three hashes.
    private func readOffers(
        _ names: Set<Bytes32>, on connection: PostgresConnection, _ state: inout LockedState
    ) throws {
        let unknown = names.filter { state.chain.names[$0] == nil }
        guard !unknown.isEmpty else { return }
        // A contract names all its offers by the same hash, so mostly the first look finds them all.
        for column in ["o.encoded_hash", "o.offer_hash", "o.struct_hash"] {
            let wanted = unknown.filter { state.chain.names[$0] == nil }
            if wanted.isEmpty { return }
            // Not = ANY: a hash index compares each row that it finds with all that was asked for.
            let rows = try connection.query(
                """
                SELECT \(OfferRow.columns) FROM unnest(\(Array(wanted))::bytea[]) AS named (hash)
                JOIN offers o ON \(unsafe: column) = named.hash LEFT JOIN filled_amounts f USING (offer_hash)
                """)
            for row in rows {
                let offer = try OfferRow.read(row)
                state.offers[offer.offerHash] = offer
                state.chain.name(offer.signed)
            }
        }
    }

    /// All events of the offers concerned, and what else decides whether they are open.
    private func readEventsOfOffers(on connection: PostgresConnection, _ state: inout LockedState) throws {
        let names = Array(state.chain.names.keys)
        let offers = Array(Set(state.chain.names.values))
        guard !offers.isEmpty else { return }
        let writers = Array(Set(offers.compactMap { state.offers[$0]?.offer.writer }))
        let answers = try connection.pipeline([
            ChainEventsTable.select(where: "named_hash = ANY(\(names)::bytea[]) AND status <> 'reverted'"),
            "SELECT offer_hash, signer, seq FROM cancellations WHERE offer_hash = ANY(\(offers)::bytea[])",
            "SELECT writer, issued_before FROM cancel_watermarks WHERE writer = ANY(\(writers)::bytea[])",
            Self.closedByChain(offers),
        ])
        try keep(answers[0], &state)
        for row in answers[1] {
            state.tombstones[.init(offerHash: try row.bytes32(0), signer: try row.address(1))] = try row.uint64(2)
        }
        for row in answers[2] { state.watermarks[try row.address(0)] = try row.uint64(1) }
        for row in answers[3] { state.chain.closedByChain.insert(try row.bytes32(0)) }
    }

    /// Those of `offers` that a row about the chain closed.
    static func closedByChain(_ offers: [Bytes32]) -> Query {
        """
        SELECT o.offer_hash FROM offers o JOIN transaction_logs l ON l.seq = o.closed_seq
        WHERE o.offer_hash = ANY(\(offers)::bytea[]) AND l.tx_hash IS NOT NULL
        """
    }

    /// All events of the options concerned, the options, and the offers that they were taken from.
    private func readOptions(
        _ delivered: Set<UInt256>, on connection: PostgresConnection, _ state: inout LockedState
    ) throws {
        let tokens = Array(delivered.union(state.chain.events.values.compactMap { $0.event?.tokenId }))
        guard !tokens.isEmpty else { return }
        let answers = try connection.pipeline([
            ChainEventsTable.select(where: "token_id = ANY(\(tokens)::numeric[]) AND status <> 'reverted'"),
            OptionsTable.select(where: "token_id = ANY(\(tokens)::numeric[])"),
        ])
        try keep(answers[0], &state)
        for row in answers[1] {
            let option = try OptionsTable.read(row)
            state.chain.options[option.tokenId] = option
        }
        // An option that has its terms needs its offer no more.
        let named = state.chain.events.values.compactMap(\.taken).filter { taken in
            state.chain.options[taken.tokenId]?.terms(of: taken) == nil
        }
        try readOffers(Set(named.map(\.offerHash)), on: connection, &state)
    }

    private func keep(_ rows: Rows, _ state: inout LockedState) throws {
        for row in rows {
            let event = try ChainEventsTable.read(row)
            state.chain.events[event.key] = event
        }
    }
}
