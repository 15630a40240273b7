import Dispatch
import Glibc

/// One process, told from a later one that got the same id by the time it started.
struct ServerProcess: Sendable, Equatable {
    let pid: pid_t
    /// Clock ticks from the machine's start, as /proc tells them.
    let startTime: UInt64

    /// `nil` when there is no such process, or it has ended and only waits to be collected.
    init?(pid: pid_t) {
        guard let found = Self.look(pid), !found.hasEnded else { return nil }
        self = found.process
    }

    private init(pid: pid_t, startTime: UInt64) {
        self.pid = pid
        self.startTime = startTime
    }

    var isAlive: Bool {
        guard let found = Self.look(pid), found.process == self else { return false }
        // Collects it when it is a child of ours.
        if found.hasEnded { waitpid(pid, nil, WNOHANG) }
        return !found.hasEnded
    }

    private static func look(_ pid: pid_t) -> (process: ServerProcess, hasEnded: Bool)? {
        guard pid > 1, let text = FileSystem.read("/proc/\(pid)/stat", limit: 4096),
            let afterName = text.lastIndex(of: ")")
        else { return nil }
        // After the name: state, parent, … and as the 20th the start time (proc(5), field 22).
        let fields = text[text.index(after: afterName)...].split(separator: " ")
        guard fields.count > 19, let startTime = UInt64(fields[19]) else { return nil }
        return (ServerProcess(pid: pid, startTime: startTime), fields[0] == "Z" || fields[0] == "X")
    }

    /// The arguments; for servers that write their title over them, that title.
    var arguments: [String] {
        guard let text = FileSystem.read("/proc/\(pid)/cmdline", limit: 16384) else { return [] }
        return text.split(separator: "\0", omittingEmptySubsequences: true).map(String.init)
    }

    func signal(_ number: Int32) {
        if isAlive { kill(pid, number) }
    }

    /// Waits without regard to cancellation, so that a cancelled task can still stop its servers in order.
    func waitForExit(_ limit: Duration) async -> Bool {
        let end = ContinuousClock.now + limit
        while isAlive {
            if ContinuousClock.now >= end { return false }
            await pause(.milliseconds(10))
        }
        return true
    }

    /// All processes whose arguments fulfil the condition.
    static func all(where condition: ([String]) -> Bool) -> [ServerProcess] {
        FileSystem.entries("/proc").compactMap { name in
            guard let pid = pid_t(name), pid != getpid(), let process = ServerProcess(pid: pid),
                condition(process.arguments)
            else { return nil }
            return process
        }
    }
}

/// Waits a while, also in a cancelled task.
func pause(_ duration: Duration) async {
    let (seconds, attoseconds) = duration.components
    let nanoseconds = Int(clamping: seconds &* 1_000_000_000 &+ attoseconds / 1_000_000_000)
    await withCheckedContinuation { continuation in
        DispatchQueue.global().asyncAfter(deadline: .now() + .nanoseconds(nanoseconds)) { continuation.resume() }
    }
}
