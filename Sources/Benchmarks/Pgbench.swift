import Glibc
import Postgres

/// PostgreSQL's own load generator as the peer: one row like an offer's, one transaction, one commit to the disk each.
struct Pgbench: Sendable {
    static let clients = 16

    private let program: String
    private let databaseURL: String
    private let directory: TemporaryDirectory
    private var script: String { directory("pgbench.sql") }

    /// Makes the peer's table in the database of `connection`: the columns, checks and indexes of `offers`, no rows.
    init(databaseURL: String, in directory: TemporaryDirectory, on database: PostgresClient) async throws {
        program = try Self.find()
        self.databaseURL = databaseURL
        self.directory = directory
        try await database.withConnection { connection in
            try connection.execute(
                script: """
                    CREATE TABLE peer_offers (LIKE offers INCLUDING ALL);
                    CREATE SEQUENCE peer_seq CACHE 1000;
                    """)
        }
        try TextFile.write(Self.insert, to: directory("pgbench.sql"))
    }

    /// What a service without group commit would do for one offer: insert it and commit. The values come as cheaply as
    /// SQL makes them: three SHA-256 stand for the three hashes, two of them again for the signature (well under 1 µs
    /// each), the addresses and amounts are constants but for the price. `seq` grows as the service's does, from a
    /// sequence that is cached, so that no round trip and hardly any log of it is paid for. The row's log entry, the
    /// head of the log and the book's mark, which the service writes too, are not asked of the peer.
    private static let insert = """
        \\set n random(1, 9223372036854775806)
        \\set price random(1000000, 9000000)
        INSERT INTO peer_offers (offer_hash, struct_hash, encoded_hash, writer_address, underlying_address,
                                 collateral_amount, stablecoin_address, is_call, premium_per_day, min_duration,
                                 max_duration, min_fill_amount, deadline, config_hash, signature, seq, created_at)
        SELECT a, b, sha256(b), substr(a, 1, 20), '\\x4200000000000000000000000000000000000006', 1000000000000000000,
               '\\x036cbd53842c5426634e7929541ec2318f3dcf7e', true, CAST(:price AS numeric), 1, 30, 1000000000000000, 1893456000,
               '\\x0000000000000000000000000000000000000000000000000000000000000000', a || b || '\\x1b',
               nextval('peer_seq'), now()
        FROM (SELECT sha256(int8send(CAST(:n AS bigint))) AS a, sha256(int8send(CAST(:n AS bigint) + 1)) AS b OFFSET 0) AS made;

        """

    /// Inserts `count` rows, or a few less, with 16 clients over 2 threads and prepared statements.
    /// - Returns: transactions a second, as it reports them.
    func run(count: Int) async throws -> Double {
        let output = directory("pgbench.out")
        let process = try ChildProcess.start(
            [
                program, "--no-vacuum", "--protocol=prepared", "--client=\(Self.clients)", "--jobs=2",
                "--transactions=\(count / Self.clients)", "--file=\(script)", databaseURL,
            ], output: output)
        let status = try await process.finish()
        let line = process.text.split(separator: "\n").first { $0.hasPrefix("tps = ") }
        guard status == 0,
            let rate = line?.dropFirst("tps = ".count).split(separator: " ").first.flatMap({ Double($0) })
        else { throw BenchmarkFailure("pgbench: \(process.text)") }
        return rate
    }

    private static func find() throws -> String {
        let versions = TextFile.names(in: "/usr/lib/postgresql").sorted { (Int($0) ?? 0) > (Int($1) ?? 0) }
        let path = Environment["PATH"] ?? ""
        let candidates =
            versions.map { "/usr/lib/postgresql/\($0)/bin/pgbench" }
            + path.split(separator: ":").map { "\($0)/pgbench" }
        guard let found = candidates.first(where: { access($0, X_OK) == 0 }) else {
            throw BenchmarkFailure("there is no pgbench; install the package postgresql")
        }
        return found
    }
}
