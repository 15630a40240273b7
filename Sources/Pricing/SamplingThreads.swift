internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Plain threads that take numbered tasks until none is left; what each task does must not depend on who does it.
enum SamplingThreads {
    /// Calls `body` once on each of `count` threads (this one among them) and waits for all.
    static func run(_ count: Int, _ body: @escaping @Sendable () -> Void) {
        let work = Unmanaged.passRetained(Work(body: body))
        defer { work.release() }
        var threads: [pthread_t] = []
        for _ in 1..<max(count, 1) {
            let argument = UnsafeMutableRawPointer(work.toOpaque())
            #if canImport(Darwin)
                var thread: pthread_t?
                let code = pthread_create(&thread, nil, { argument in Self.enter(argument) }, argument)
                if code == 0, let thread { threads.append(thread) }
            #else
                var thread = pthread_t()
                let code = pthread_create(&thread, nil, { argument in Self.enter(argument) }, argument)
                if code == 0 { threads.append(thread) }
            #endif
        }
        // Where no thread could be made this one does all the work.
        body()
        for thread in threads { pthread_join(thread, nil) }
    }

    private static func enter(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        if let argument { Unmanaged<Work>.fromOpaque(argument).takeUnretainedValue().body() }
        return nil
    }

    private final class Work: Sendable {
        let body: @Sendable () -> Void

        init(body: @escaping @Sendable () -> Void) {
            self.body = body
        }
    }
}

/// Hands out task numbers, and collects what each came to.
final class SamplingTasks: Sendable {
    private let count: Int
    private let state: Mutex<State>

    private struct State {
        var next = 0
        var isStopped = false
        var results: [[Double]]
    }

    init(count: Int) {
        self.count = count
        state = Mutex(State(results: Array(repeating: [], count: count)))
    }

    /// The next task, nil when none is left or the work was stopped.
    func take() -> Int? {
        state.withLock { state in
            guard !state.isStopped, state.next < count else { return nil }
            state.next += 1
            return state.next - 1
        }
    }

    /// Keeps a task's result.
    func finish(_ task: Int, _ result: [Double]) {
        state.withLock { $0.results[task] = result }
    }

    /// No more tasks.
    func stop() {
        state.withLock { $0.isStopped = true }
    }

    /// The results in the tasks' order, nil if stopped.
    var results: [[Double]]? {
        state.withLock { $0.isStopped ? nil : $0.results }
    }
}
