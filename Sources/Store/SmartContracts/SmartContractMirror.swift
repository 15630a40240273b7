public import Ethereum
import Exchange
public import Logging
public import Postgres
public import Redis
public import ServiceLifecycle
import StrictJSON
import Synchronization

/// Shows contracts and their state in Redis for outside readers: HASHes `contract:{address}` {contract} and
/// `state:{contract}:{key}` {value}, each with the epoch and revision it is of.
///
/// It is told names and reads the rows itself, so a copy is never made of a transaction that did not happen; and an
/// older reading never replaces a newer one.
public final class SmartContractMirror: Service {
    /// What may have changed, or was asked for.
    public enum Name: Sendable, Hashable {
        case contract(Address)
        case value(Address, String)
    }

    /// Names that may wait; past it they are forgotten, since keys expire.
    private static let capacity = 10_000
    /// Names of one round.
    private static let chunk = 128
    /// Bytes of the largest value that is copied.
    private static let largestValue = 64 << 10
    /// Seconds that a copy lives.
    private static let lifetime = 3_600
    private static let pace = Duration.milliseconds(20)

    private let waiting = Mutex<Set<Name>>([])
    private let wake: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation
    private let database: PostgresClient
    private let redis: RedisClient
    private let prefix: String
    private let epoch: @Sendable () -> String
    private let logger: Logger

    /// Mirrors what `database` holds under `prefix`, in the life of the log that `epoch` names.
    public init(
        database: PostgresClient, redis: RedisClient, prefix: String, epoch: @escaping @Sendable () -> String,
        logger: Logger
    ) {
        self.database = database
        self.redis = redis
        self.prefix = prefix
        self.epoch = epoch
        self.logger = logger
        (wake, waker) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// Queues names to be copied; call it after the transaction that changed them has committed.
    public func changed(_ names: [Name]) {
        guard redis.isConnected else { return }
        waiting.withLock { waiting in
            if waiting.count + names.count > Self.capacity { waiting.removeAll() }
            waiting.formUnion(names)
        }
        waker.yield()
    }

    /// Mirrors until shutdown.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            for await _ in self.wake {
                while case let names = self.take(), !names.isEmpty { await self.copy(names) }
                try? await Task.sleep(for: Self.pace)
            }
        }
    }

    private func take() -> [Name] {
        waiting.withLock { waiting in
            let names = Array(waiting.prefix(Self.chunk))
            waiting.subtract(names)
            return names
        }
    }

    private func copy(_ names: [Name]) async {
        do {
            let copies = try await database.withConnection { try Self.read(names, on: $0) }
            var keys: [any RedisArgument] = []
            var arguments: [any RedisArgument] = [epoch(), Self.lifetime]
            for copy in copies {
                keys.append(prefix + copy.key)
                arguments += [String(copy.revision), copy.field, copy.value ?? [], copy.value == nil ? 0 : 1]
            }
            guard !keys.isEmpty else { return }
            try await redis.evaluate(RedisScripts.copies, keys: keys, arguments: arguments).check()
        } catch {
            logger.debug("Redis did not take a contract", metadata: ["error": "\(error)"])
        }
    }

    private struct Copy {
        let key: String
        let revision: Int64
        let field: String
        let value: [UInt8]?
    }

    /// The rows as they are now, each with its contract's revision: a later reading never has a smaller one.
    private static func read(_ names: [Name], on connection: PostgresConnection) throws -> [Copy] {
        var copies: [Copy] = []
        var values: [(address: Address, key: String)] = []
        for name in names {
            switch name {
            case .contract(let address):
                guard let row = try connection.query(SmartContractsTable.find(address)).first else { continue }
                var json = JSONWriter(capacity: 1_024)
                try SmartContractsTable.read(row).write(to: &json)
                copies.append(
                    Copy(
                        key: "contract:\(address.checksummed)",
                        revision: try row.int64(SmartContractsTable.revisionColumn), field: "contract",
                        value: json.bytes))
            case .value(let address, let key): values.append((address, key))
            }
        }
        if values.isEmpty { return copies }
        let rows = try connection.query(
            """
            SELECT c.address, name.key, c.revision, CASE WHEN octet_length(s.value) <= \(largestValue) THEN s.value END
            FROM unnest(\(values.map(\.address)), \(values.map(\.key))) AS name (address, key)
                 JOIN smart_contracts.contracts c ON c.address = name.address
                 LEFT JOIN smart_contracts.contract_state s ON s.address = name.address AND s.key = name.key
            """)
        return try copies
            + rows.map { row in
                Copy(
                    key: "state:\(try row.address(0).checksummed):\(try row.text(1))", revision: try row.int64(2),
                    field: "value", value: try row.ifPresent(3) { try $0.bytes($1) })
            }
    }
}
