import Synchronization

/// Why a thread did not start.
package enum StartFailure: Error {
    /// It was stopped before.
    case stopped
    /// The process has no thread or file descriptor left.
    case exhausted
}

/// A thread with a waker and an end one can wait for.
package final class DedicatedThread: Sendable {
    private struct State {
        var isStopped = false
        var isRunning = false
        var waker: Waker?
        var ended: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    /// Not started yet.
    package init() {}

    /// Starts the thread, once; later calls do nothing.
    ///
    /// - Throws: when it was stopped before, or the process has no thread or file descriptor left.
    package func start(_ body: @escaping @Sendable (Waker) -> Void) throws(StartFailure) {
        let waker = try state.withLock { state throws(StartFailure) -> Waker? in
            if state.isStopped { throw .stopped }
            if state.isRunning { return nil }
            guard let waker = Waker() else { throw .exhausted }
            state.waker = waker
            state.isRunning = true
            return waker
        }
        guard let waker else { return }
        let isStarted = startThread {
            body(waker)
            self.finish()
        }
        if !isStarted {
            finish()
            throw .exhausted
        }
    }

    package var isStopped: Bool { state.withLock { $0.isStopped } }

    /// Makes the thread look up from its sleep.
    package func wake() { state.withLock { $0.waker }?.wake() }

    package func stop() {
        state.withLock { $0.isStopped = true }
        wake()
    }

    /// Resumes when the thread has ended, or at once when there is none.
    package func ended() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if state.isRunning { state.ended.append(continuation) }
                return !state.isRunning
            }
            if isOver { continuation.resume() }
        }
    }

    private func finish() {
        let ended = state.withLock { state in
            defer { state.ended = [] }
            state.isRunning = false
            state.waker = nil
            return state.ended
        }
        for continuation in ended { continuation.resume() }
    }
}
