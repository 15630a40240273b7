import ArgumentParser

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What a command answers with: standard output, written whole.
enum StandardOutput {
    /// Whether a person looks at it.
    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Writes one line.
    static func line(_ text: String) throws {
        try write(Array(text.utf8) + [UInt8(ascii: "\n")])
    }

    /// Writes one line of JSON or other text in UTF-8.
    static func line(_ bytes: [UInt8]) throws {
        try write(bytes + [UInt8(ascii: "\n")])
    }

    /// Writes bytes as they are.
    static func write(_ bytes: [UInt8]) throws {
        try FileOutput.write(bytes, to: STDOUT_FILENO, name: "standard output")
    }
}

/// A file that a command writes, or standard output.
final class FileOutput {
    /// Bytes gathered before they are written.
    private static let buffer = 1 << 16

    private let descriptor: Int32
    private let name: String
    private var bytes: [UInt8] = []

    /// - Parameter path: nil or `-` is standard output; a file that is there is replaced.
    init(_ path: String?) throws {
        if let path, path != "-" {
            descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
            guard descriptor >= 0 else {
                throw CommandFailure(.usage, "\(path) cannot be written: \(String(cString: strerror(errno)))")
            }
            name = path
        } else {
            descriptor = STDOUT_FILENO
            name = "standard output"
        }
    }

    deinit {
        if descriptor != STDOUT_FILENO { _ = close(descriptor) }
    }

    /// Appends one line.
    func line(_ text: [UInt8]) throws {
        bytes.append(contentsOf: text)
        bytes.append(UInt8(ascii: "\n"))
        if bytes.count >= Self.buffer { try flush() }
    }

    /// Appends text that holds its own line ends.
    func text(_ text: [UInt8]) throws {
        bytes.append(contentsOf: text)
        if bytes.count >= Self.buffer { try flush() }
    }

    /// Writes what was gathered; until then it may be lost.
    func flush() throws {
        try Self.write(bytes, to: descriptor, name: name)
        bytes.removeAll(keepingCapacity: true)
    }

    /// Flushes, and waits until a file is on disk.
    func finish() throws {
        try flush()
        guard descriptor != STDOUT_FILENO else { return }
        guard fsync(descriptor) == 0 || errno == EINVAL || errno == EROFS else { throw Self.failure(name) }
    }

    /// Writes all of `bytes`; `name` is what an error calls the file.
    static func write(_ bytes: [UInt8], to descriptor: Int32, name: String) throws {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { raw in
                #if canImport(Glibc)
                    Glibc.write(descriptor, raw.baseAddress.map { $0 + written }, raw.count - written)
                #elseif canImport(Musl)
                    Musl.write(descriptor, raw.baseAddress.map { $0 + written }, raw.count - written)
                #else
                    Darwin.write(descriptor, raw.baseAddress.map { $0 + written }, raw.count - written)
                #endif
            }
            if count >= 0 {
                written += count
            } else if errno != EINTR {
                throw failure(name)
            }
        }
    }

    /// A reader who went away (`| head`) needs no sentence.
    private static func failure(_ name: String) -> any Error {
        errno == EPIPE
            ? ExitCode(ProgramExit.Code.failure.rawValue)
            : CommandFailure(
                .failure, "\(name) cannot be written: \(String(cString: strerror(errno)))")
    }
}

/// How far long work has come: one moving line on a terminal, a plain line every so often elsewhere.
struct Progress {
    private static let interval = Duration.seconds(5)

    private let isTerminal = isatty(STDERR_FILENO) == 1
    private var last: ContinuousClock.Instant?
    private var isShown = false

    /// Nothing said yet.
    init() {}

    /// Says where the work is, if it is time to.
    mutating func say(_ text: @autoclosure () -> String) {
        let now = ContinuousClock.now
        let wait = isTerminal ? Duration.milliseconds(100) : Self.interval
        guard let last else {
            self.last = now
            return
        }
        guard now - last >= wait else { return }
        self.last = now
        isShown = true
        write(isTerminal ? "\r\u{1b}[K\(text())" : "\(text())\n")
    }

    /// Takes the moving line away.
    mutating func end() {
        if isTerminal, isShown { write("\r\u{1b}[K") }
        isShown = false
    }

    private func write(_ text: String) {
        try? FileOutput.write(Array(text.utf8), to: STDERR_FILENO, name: "standard error")
    }
}
