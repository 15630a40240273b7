import Exchange
import Logging
import StrictJSON
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Log lines on standard error: text for people, JSON for machines. Control characters never reach the output raw.
struct LogOutput: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level
    private let label: String
    private let isJSON: Bool

    init(label: String, level: Logger.Level, isJSON: Bool) {
        self.label = label
        self.isJSON = isJSON
        logLevel = level
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let merged = metadata.merging(event.metadata ?? [:]) { _, new in new }
        let micros = SystemClock.micros()
        var line =
            isJSON
            ? json(event.level, "\(event.message)", merged, micros)
            : text(event.level, "\(event.message)", merged, micros)
        line.append(UInt8(ascii: "\n"))
        line.withUnsafeBytes { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    private func json(
        _ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata, _ micros: Int64
    ) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.key("time")
        json.timestamp(micros: micros)
        json.key("level")
        json.string(level.rawValue)
        json.key("message")
        json.string(message)
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            json.key(key)
            json.string("\(value)")
        }
        json.endObject()
        return json.bytes
    }

    private func text(
        _ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata, _ micros: Int64
    ) -> [UInt8] {
        var line: [UInt8] = []
        Timestamp.append(micros: micros, to: &line)
        line.append(contentsOf: " \(level.rawValue) \(message)".utf8.map(Self.shown))
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            line.append(contentsOf: " \(key)=\(value)".utf8.map(Self.shown))
        }
        return line
    }

    private static func shown(_ byte: UInt8) -> UInt8 { byte < 0x20 || byte == 0x7f ? UInt8(ascii: " ") : byte }
}
