public import Exchange
public import Logging
public import Postgres
public import ServiceLifecycle
import Synchronization

/// Which process leads: whoever holds the advisory lock, under an epoch that it raised when it took the lock.
///
/// The lock may be lost without this process noticing; a write under it therefore compares the epoch under the
/// head's lock (`CommitPlan`), where an old leader finds a newer one.
public final class LogLeader: Leadership, Service {
    /// The lock's number in the database: "strike" in ASCII.
    private static let lockKey: Int64 = 0x73_74_72_69_6b_65
    private static let retry = Duration.seconds(1)

    private let lock: AdvisoryLock
    private let database: PostgresClient
    private let logger: Logger
    private let current = Mutex<Int64?>(nil)

    /// Competes for the lead over a connection of its own.
    public init(configuration: PostgresConfiguration, database: PostgresClient, logger: Logger) {
        self.database = database
        self.logger = logger
        lock = AdvisoryLock(configuration: configuration, key: Self.lockKey, logger: logger)
    }

    /// The epoch under which this process leads; nil while another one does.
    public var epoch: Int64? { lock.held ? current.withLock { $0 } : nil }

    /// Competes until shutdown.
    public func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.lock.run() }
            group.addTask { await self.compete() }
            try await group.next()
            group.cancelAll()
        }
    }

    private func compete() async {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                if !self.lock.held { self.current.withLock { $0 = nil } }
                if self.epoch == nil { await self.takeOver() }
                try? await Task.sleep(for: Self.retry)
            }
        }
    }

    private func takeOver() async {
        do {
            guard try await lock.tryAcquire() else { return }
            let rows = try await database.query(
                "UPDATE log_head SET leader_epoch = leader_epoch + 1 RETURNING leader_epoch")
            let epoch = try rows.single().int64(0)
            current.withLock { $0 = epoch }
            logger.info("this process leads", metadata: ["epoch": "\(epoch)"])
        } catch {
            logger.debug("the lead cannot be taken", metadata: ["error": "\(error)"])
            await lock.release()
        }
    }
}
