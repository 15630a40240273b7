import Glibc

/// Processor time in seconds, as /proc counts it.
struct ProcessorTime: Sendable {
    var user = 0.0
    var system = 0.0

    var total: Double { user + system }

    static func + (left: ProcessorTime, right: ProcessorTime) -> ProcessorTime {
        ProcessorTime(user: left.user + right.user, system: left.system + right.system)
    }

    static func - (left: ProcessorTime, right: ProcessorTime) -> ProcessorTime {
        ProcessorTime(user: left.user - right.user, system: left.system - right.system)
    }
}

/// What a service and its servers have used so far.
struct UsedTime: Sendable {
    var service = ProcessorTime()
    var postgres = ProcessorTime()
    var redis = ProcessorTime()

    /// The time of a service and of the servers it started.
    static func now(of service: pid_t) -> UsedTime {
        var used = UsedTime(service: ProcessTable.entry(service)?.time ?? ProcessorTime())
        for (name, time) in ProcessTable.descendants(of: service) {
            if name.hasPrefix("postgres") { used.postgres = used.postgres + time }
            if name.hasPrefix("redis") { used.redis = used.redis + time }
        }
        return used
    }

    static func - (left: UsedTime, right: UsedTime) -> UsedTime {
        UsedTime(
            service: left.service - right.service, postgres: left.postgres - right.postgres,
            redis: left.redis - right.redis)
    }

    static func + (left: UsedTime, right: UsedTime) -> UsedTime {
        UsedTime(
            service: left.service + right.service, postgres: left.postgres + right.postgres,
            redis: left.redis + right.redis)
    }
}

/// Reading /proc.
enum ProcessTable {
    struct Entry {
        let name: String
        let parent: pid_t
        let time: ProcessorTime
    }

    private static let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))

    /// proc(5), `/proc/pid/stat`: the name stands in brackets and may hold anything.
    static func entry(_ pid: pid_t) -> Entry? {
        guard let text = TextFile.read("/proc/\(pid)/stat"), let open = text.firstIndex(of: "("),
            let close = text.lastIndex(of: ")")
        else { return nil }
        let fields = text[text.index(after: close)...].split(separator: " ")
        guard fields.count > 12, let parent = pid_t(fields[1]), let user = Double(fields[11]),
            let system = Double(fields[12])
        else { return nil }
        return Entry(
            name: String(text[text.index(after: open)..<close]), parent: parent,
            time: ProcessorTime(user: user / ticks, system: system / ticks))
    }

    /// Name and time of every process below `ancestor`.
    static func descendants(of ancestor: pid_t) -> [(name: String, time: ProcessorTime)] {
        var entries: [pid_t: Entry] = [:]
        for name in TextFile.names(in: "/proc") {
            if let pid = pid_t(name), let entry = entry(pid) { entries[pid] = entry }
        }
        return entries.filter { pid, entry in
            var at = entry.parent
            while at > 1, at != ancestor { at = entries[at]?.parent ?? 0 }
            return at == ancestor
        }.map { ($0.value.name, $0.value.time) }
    }

    /// Resident memory in bytes, nil when the process is gone.
    static func residentBytes(_ pid: pid_t) -> Double? {
        let lines = TextFile.read("/proc/\(pid)/status")?.split(separator: "\n") ?? []
        guard let line = lines.first(where: { $0.hasPrefix("VmRSS:") }) else { return nil }
        return line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Double($0) }
            .map { $0 * 1_024 }
    }
}
