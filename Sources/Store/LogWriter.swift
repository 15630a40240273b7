import Ethereum
public import Exchange
public import Logging
public import Market
public import Postgres

/// The one function through which every writing transaction goes: lock the head, read what is touched, decide,
/// write, commit — two round trips, whatever the batch.
public struct LogWriter: Sendable {
    /// Tries of a batch whose outcome is unknown. Every request is idempotent, and the head's lock waits for the
    /// end of the lost transaction, so a try tells what the one before it did.
    private static let attempts = 3

    private let database: PostgresClient
    private let deployment: Deployment
    private let logger: Logger

    /// Writes through `database`, whose pool should be this writer's own.
    public init(database: PostgresClient, deployment: Deployment, logger: Logger) {
        self.database = database
        self.deployment = deployment
        self.logger = logger
    }

    /// Commits `requests` as one transaction.
    /// - Throws: `WriteFailure`; what a broken single request gets is in its result.
    public func commit(_ requests: [WriteRequest]) async throws(WriteFailure) -> Commit {
        var isUnknown = false
        for attempt in 1...Self.attempts {
            do {
                return try await database.withConnection { [deployment] connection in
                    try Self.commit(requests, of: deployment.verifyingContract, on: connection)
                }
            } catch let error as PostgresError {
                logger.warning(
                    "a transaction failed",
                    metadata: ["attempt": "\(attempt)", "requests": "\(requests.count)", "error": "\(error)"])
                if error.isDataError { return try await split(requests, error) }
                isUnknown = isUnknown || error.outcomeUnknown
                if !error.outcomeUnknown, error.kind == .server { break }
            } catch {
                logger.error("a transaction failed", metadata: ["error": "\(error)"])
                break
            }
        }
        throw isUnknown ? .outcomeUnknown : .notStored
    }

    /// A batch that the database refuses for its data is halved until the guilty request stands alone.
    private func split(_ requests: [WriteRequest], _ error: PostgresError) async throws(WriteFailure) -> Commit {
        guard requests.count > 1 else {
            logger.error("the database refuses a request", metadata: ["error": "\(error)"])
            let rejection = Rejection(
                .conflict, code: "not_storable",
                detail: "The database refuses this by one of its constraints; nothing was stored.")
            return Commit(results: [.rejected(rejection)], events: [], headBefore: 0, headAfter: 0)
        }
        let first = try await commit(Array(requests[..<(requests.count / 2)]))
        let rest = Array(requests[(requests.count / 2)...])
        let second: Commit
        do throws(WriteFailure) {
            second = try await commit(rest)
        } catch {
            // The first half is durable; only the other one has no answer.
            second = Commit(
                results: Array(repeating: .failed(error), count: rest.count), events: [], headBefore: first.headAfter,
                headAfter: first.headAfter)
        }
        return Commit(
            results: first.results + second.results, events: first.events + second.events,
            headBefore: first.headBefore, headAfter: max(first.headAfter, second.headAfter))
    }

    private static func commit(
        _ requests: [WriteRequest], of contract: Address, on connection: PostgresConnection
    ) throws -> Commit {
        let writes: PlannedWrites
        do {
            writes = PlannedWrites(requests, on: try LockedRead(requests).run(on: connection), of: contract)
        } catch let error as PostgresError {
            // Nothing was written before this point, whatever became of the connection.
            throw error.beforeAnyWrite
        }
        let headBefore = writes.plan.head.seq
        _ = try connection.pipeline(making: writes)
        let plan = writes.plan
        return Commit(results: plan.results, events: plan.events, headBefore: headBefore, headAfter: plan.head.seq)
    }
}

extension PostgresError {
    /// The same error of a transaction that had written nothing yet.
    var beforeAnyWrite: PostgresError {
        PostgresError(kind, message, sqlstate: sqlstate, outcomeUnknown: false)
    }
}
