import Ethereum
import Exchange
import Postgres
import Synchronization

/// Takes steps of settlements. Those that wait at the same time go in one transaction: the head's lock and the disk are
/// asked once for all of them.
///
/// There is no task behind it: whoever comes first does the work of all who wait by then, and hands on to the next.
final class SettlementSteps: Sendable {
    /// A step that waits for its turn.
    struct Step: Sendable {
        let tokenId: UInt256
        let actor: SettlementActor
        /// Decides on the facts, and writes. What throws has written nothing.
        let take: @Sendable (SettlementFacts, inout LogTransaction, inout SettlementRows) throws -> any Sendable
    }

    /// How a step ended.
    typealias Outcome = Result<any Sendable, any Error>

    private enum Turn {
        case over(Outcome)
        /// Take all of these; the first is one's own.
        case lead([Entry])
    }

    private struct Entry {
        let step: Step
        let turn: CheckedContinuation<Turn, Never>
    }

    private struct State {
        var waiting: [Entry] = []
        var isLed = false
    }

    /// Steps in one transaction.
    private static let mostAtOnce = 64

    private let transactions: LogTransactions
    private let read: SettlementRead
    private let state = Mutex(State())

    init(transactions: LogTransactions, read: SettlementRead) {
        self.transactions = transactions
        self.read = read
    }

    /// Takes the step.
    /// - Throws: what the step throws; `PostgresError`; `CancellationError`, also when another's task was cancelled.
    func take(_ step: Step) async throws -> any Sendable {
        let turn = await withCheckedContinuation { continuation in
            let batch = state.withLock { state in
                state.waiting.append(Entry(step: step, turn: continuation))
                return state.isLed ? [] : Self.next(&state)
            }
            batch.first?.turn.resume(returning: .lead(batch))
        }
        switch turn {
        case .over(let outcome): return try outcome.get()
        case .lead(let batch):
            let outcomes = await run(batch.map(\.step))
            for (entry, outcome) in zip(batch, outcomes).dropFirst() { entry.turn.resume(returning: .over(outcome)) }
            let next = state.withLock { Self.next(&$0) }
            next.first?.turn.resume(returning: .lead(next))
            return try outcomes[0].get()
        }
    }

    /// The next to be taken together, none of them about the same option: each is to see what the one before it did.
    private static func next(_ state: inout State) -> [Entry] {
        var (batch, left): ([Entry], [Entry]) = ([], [])
        var tokenIds: Set<UInt256> = []
        for entry in state.waiting {
            if batch.count < mostAtOnce, tokenIds.insert(entry.step.tokenId).inserted {
                batch.append(entry)
            } else {
                left.append(entry)
            }
        }
        state.waiting = left
        state.isLed = !batch.isEmpty
        return batch
    }

    private func run(_ steps: [Step]) async -> [Outcome] {
        do {
            return try await runTogether(steps)
        } catch let error as PostgresError where error.isDataError && steps.count > 1 {
            // One of them cannot be stored; the others can.
            var outcomes: [Outcome] = []
            for step in steps {
                do { outcomes += try await runTogether([step]) } catch { outcomes.append(.failure(error)) }
            }
            return outcomes
        } catch {
            return steps.map { _ in .failure(error) }
        }
    }

    private func runTogether(_ steps: [Step]) async throws -> [Outcome] {
        let read = read
        return try await transactions.run { transaction in
            let facts = try read.facts(
                steps.map { .init(tokenId: $0.tokenId, actor: $0.actor) }, on: transaction.connection)
            var rows = SettlementRows()
            let outcomes = zip(steps, facts).map { step, facts in
                Result {
                    if case .worker(let epoch) = step.actor, epoch != transaction.leaderEpoch { throw NotLeading() }
                    return try step.take(facts, &transaction, &rows)
                }
            }
            rows.write(to: &transaction)
            return outcomes
        }
    }
}
