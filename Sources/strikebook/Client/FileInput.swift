#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A file that a command reads, or standard input, in pieces.
final class FileInput {
    private static let piece = 1 << 16

    /// What to call it in an error.
    let name: String
    private let descriptor: Int32
    /// Where reading began, negative for a pipe.
    private let beginning: off_t
    private var buffer: [UInt8] = []
    private var start = 0
    private var isAtEnd = false

    /// - Parameter path: `-` is standard input.
    /// - Throws: a usage failure when there is no such file.
    convenience init(_ path: String) throws {
        guard path != "-" else {
            self.init(descriptor: STDIN_FILENO, name: "standard input")
            return
        }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw CommandFailure(.usage, "\(path) cannot be read: \(String(cString: strerror(errno)))")
        }
        self.init(descriptor: descriptor, name: path)
    }

    private init(descriptor: Int32, name: String) {
        self.descriptor = descriptor
        self.name = name
        beginning = lseek(descriptor, 0, SEEK_CUR)
    }

    deinit {
        if descriptor != STDIN_FILENO { _ = close(descriptor) }
    }

    /// Permission bits, nil when it is no regular file: a pipe of the shell's, say.
    ///
    /// By Foundation, since NIO's C module claims `struct stat` for itself.
    var permissions: UInt32? {
        guard descriptor != STDIN_FILENO, let path = realpath(name, nil) else { return nil }
        defer { free(path) }
        let attributes = try? FileManager.default.attributesOfItem(atPath: String(cString: path))
        guard attributes?[.type] as? FileAttributeType == .typeRegular else { return nil }
        return (attributes?[.posixPermissions] as? Int).flatMap { UInt32(exactly: $0) }
    }

    /// Everything that is left.
    /// - Throws: a usage failure when that is more than `limit` bytes.
    func readAll(limit: Int) throws -> [UInt8] {
        while !isAtEnd, buffer.count - start <= limit { try fill() }
        guard buffer.count - start <= limit else {
            throw CommandFailure(.usage, "\(name) is larger than \(limit) bytes")
        }
        defer { start = buffer.count }
        return Array(buffer[start...])
    }

    /// Whether it can be read once more; a pipe cannot.
    var canRewind: Bool { beginning >= 0 }

    /// Begins again where reading began.
    func rewind() throws {
        guard canRewind, lseek(descriptor, beginning, SEEK_SET) == beginning else {
            throw CommandFailure(.failure, "\(name) cannot be read twice")
        }
        buffer.removeAll(keepingCapacity: true)
        start = 0
        isAtEnd = false
    }

    /// The rest of a pipe in a file that has no name any more, so that it can be read twice.
    func spooled() throws -> FileInput {
        let directory = ProcessEnvironment.all["TMPDIR"] ?? "/tmp"
        var template = Array("\(directory)/strikebook-XXXXXX".utf8CString)
        let copy = mkstemp(&template)
        guard copy >= 0 else {
            throw CommandFailure(.failure, "\(directory) cannot be written: \(String(cString: strerror(errno)))")
        }
        _ = unlink(template)
        let input = FileInput(descriptor: copy, name: name)
        while try peek() != nil {
            try FileOutput.write(Array(buffer[start...]), to: copy, name: directory)
            start = buffer.count
        }
        try input.rewind()
        return input
    }

    /// The next byte, which stays to be read; nil at the end.
    func peek() throws -> UInt8? {
        while start == buffer.count, !isAtEnd { try fill() }
        return start < buffer.count ? buffer[start] : nil
    }

    /// The next byte; nil at the end.
    func readByte() throws -> UInt8? {
        let byte = try peek()
        if byte != nil { start += 1 }
        return byte
    }

    /// A line as it was read.
    enum Line {
        case text([UInt8])
        /// Longer than the limit; it was skipped.
        case tooLong
    }

    /// The next line without its end; nil after the last.
    func readLine(limit: Int) throws -> Line? {
        var searched = start
        var isTooLong = false
        while true {
            if let end = newline(from: searched) {
                let isFit = !isTooLong && end - start <= limit
                let line: Line = isFit ? .text(Array(buffer[start..<end])) : .tooLong
                start = end + 1
                return line
            }
            if isAtEnd {
                guard start < buffer.count || isTooLong else { return nil }
                let line: Line = isTooLong || buffer.count - start > limit ? .tooLong : .text(Array(buffer[start...]))
                start = buffer.count
                return line
            }
            if buffer.count - start > limit {
                isTooLong = true
                start = buffer.count
            }
            let kept = buffer.count - start
            try fill()
            searched = start + kept
        }
    }

    /// Whether reading on would not wait: a line is here, or more of the input is, or its end.
    var isReady: Bool {
        if isAtEnd || newline(from: start) != nil { return true }
        var asked = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&asked, 1, 0) != 0
    }

    private func newline(from index: Int) -> Int? {
        buffer.withUnsafeBytes { raw in
            guard let base = raw.baseAddress, index < raw.count,
                let found = memchr(base + index, Int32(UInt8(ascii: "\n")), raw.count - index)
            else { return nil }
            return UnsafeRawPointer(found) - base
        }
    }

    /// Reads one piece more; what was taken before is forgotten.
    private func fill() throws {
        if start > 0 {
            buffer.removeSubrange(..<start)
            start = 0
        }
        let count = buffer.count
        buffer.append(contentsOf: repeatElement(0, count: Self.piece))
        var got: Int
        repeat {
            got = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress.map { $0 + count }, Self.piece) }
        } while got < 0 && errno == EINTR
        buffer.removeLast(Self.piece - max(0, got))
        guard got >= 0 else {
            throw CommandFailure(.usage, "\(name) cannot be read: \(String(cString: strerror(errno)))")
        }
        isAtEnd = got == 0
    }
}
