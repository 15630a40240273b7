import Ethereum
public import Market
import Synchronization

/// Tells those who wait for a settlement in this process what became of it.
public final class SettlementHearing: SettlementListener {
    private struct State {
        var lastID: UInt64 = 0
        var waiting: [UInt256: [UInt64: AsyncStream<StoredSettlement?>.Continuation]] = [:]
    }

    private let state = Mutex(State())

    /// Nobody waits yet.
    public init() {}

    /// Tells those who wait for this settlement.
    public func changed(_ stored: StoredSettlement, _ event: SettlementEvent) {
        let waiting = state.withLock { $0.waiting[stored.settlement.tokenId] }
        waiting?.values.forEach { $0.yield(stored) }
    }

    /// The settlement as it is from now on, until whoever asked stops listening; nil each time that `interval` passed.
    func changes(of tokenId: UInt256, everyOther interval: Duration) -> Changes {
        let (stream, continuation) = AsyncStream.makeStream(of: StoredSettlement?.self)
        let id = state.withLock { state in
            state.lastID += 1
            state.waiting[tokenId, default: [:]][state.lastID] = continuation
            return state.lastID
        }
        return Changes(
            hearing: self, tokenId: tokenId, id: id, stream: stream, continuation: continuation, interval: interval)
    }

    /// What one of those who wait hears.
    struct Changes: Sendable {
        fileprivate let hearing: SettlementHearing
        fileprivate let tokenId: UInt256
        fileprivate let id: UInt64
        fileprivate let stream: AsyncStream<StoredSettlement?>
        fileprivate let continuation: AsyncStream<StoredSettlement?>.Continuation
        fileprivate let interval: Duration

        /// Gives each change to `body` until it says that it has heard enough.
        func listen(until body: (StoredSettlement?) async -> Bool) async {
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    while (try? await Task.sleep(for: interval)) != nil { continuation.yield(nil) }
                }
                for await change in stream where await body(change) { break }
                group.cancelAll()
            }
        }

        /// Hears no more.
        func stop() {
            hearing.state.withLock { state in
                state.waiting[tokenId]?[id] = nil
                if state.waiting[tokenId]?.isEmpty == true { state.waiting[tokenId] = nil }
            }
            continuation.finish()
        }
    }
}
