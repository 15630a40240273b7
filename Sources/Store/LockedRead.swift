import Ethereum
import Exchange
import Market
import Postgres

/// The first round trip: take the head's lock, then read everything the requests touch.
///
/// The statements run one after the other on the server, each with a snapshot of its own (READ COMMITTED), so
/// all reads see what the holder of the lock before this one committed.
struct LockedRead {
    private var hashes: [Bytes32] = []
    private var cancelled: [Bytes32] = []
    private var writers: Set<Address> = []
    private var clearedWriters: [Address] = []
    private let chain: LockedChainRead

    init(_ requests: [WriteRequest]) {
        chain = LockedChainRead(requests)
        for request in requests {
            switch request {
            case .offer(let signed):
                hashes.append(signed.hashes.offerHash)
                writers.insert(signed.offer.writer)
            case .imported(let imported):
                hashes.append(imported.signed.hashes.offerHash)
                writers.insert(imported.signed.offer.writer)
            case .cancel(let cancel), .importedCancel(let cancel):
                switch cancel.message {
                case .offers(let named): cancelled.append(contentsOf: named)
                case .all(let writer, _):
                    writers.insert(writer)
                    clearedWriters.append(writer)
                }
            case .expire(let named, _): cancelled.append(contentsOf: named)
            case .fund(let update): cancelled.append(contentsOf: update.decisions.map(\.offerHash))
            case .chain: break
            }
        }
    }

    func run(on connection: PostgresConnection) throws -> LockedState {
        var queries: [Query] = [
            "BEGIN",
            "SELECT seq, hash, epoch, leader_epoch, created_at FROM log_head FOR UPDATE",
            "SELECT clock_timestamp()",
            """
            SELECT \(OfferRow.columns) FROM \(OfferRow.tables) WHERE o.offer_hash = ANY(\(hashes + cancelled)::bytea[])
            """,
            """
            SELECT offer_hash, signer, seq FROM cancellations WHERE offer_hash = ANY(\(hashes + cancelled)::bytea[])
            """,
            "SELECT writer, issued_before FROM cancel_watermarks WHERE writer = ANY(\(Array(writers))::bytea[])",
            LockedChainRead.closedByChain(cancelled),
        ]
        if !clearedWriters.isEmpty {
            queries.append(
                """
                SELECT \(OfferRow.columns) FROM \(OfferRow.tables)
                WHERE o.writer_address = ANY(\(clearedWriters)::bytea[]) AND o.closed_seq IS NULL
                """)
        }
        let answers = try connection.pipeline(queries)
        let head = try answers[1].single()
        let clock = try answers[2].single().timestampMicros(0)
        var state = LockedState(
            head: LogHead(
                seq: try head.uint64(0), hash: try head.bytes32(1),
                epoch: UInt64(bitPattern: try head.int64(2))),
            leaderEpoch: try head.int64(3), nowMicros: max(clock, try head.timestampMicros(4)))
        for row in answers[3] { add(try OfferRow.read(row), to: &state) }
        for row in answers[4] {
            let tombstone = LockedState.Tombstone(offerHash: try row.bytes32(0), signer: try row.address(1))
            state.tombstones[tombstone] = try row.uint64(2)
        }
        for row in answers[5] { state.watermarks[try row.address(0)] = try row.uint64(1) }
        for row in answers[6] { state.chain.closedByChain.insert(try row.bytes32(0)) }
        if !clearedWriters.isEmpty {
            for row in answers[7] { add(try OfferRow.read(row), to: &state) }
        }
        try chain.run(on: connection, &state)
        return state
    }

    private func add(_ offer: OfferState, to state: inout LockedState) {
        state.offers[offer.offerHash] = offer
    }
}
