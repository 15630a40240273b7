/// The records of a file that may be far larger than memory: one JSON value a line, or the elements of one JSON array.
final class RecordFile {
    /// Bytes of the longest record.
    static let longest = 8 << 20

    /// One record's text, and where it stands: the number of its line or element, from 1.
    struct Record: Sendable {
        let number: Int
        /// Nil when it is longer than `longest`.
        let text: [UInt8]?
    }

    private let input: FileInput
    private var isArray = false
    private var count = 0

    /// - Parameter path: `-` is standard input, which is kept in a file when it is a pipe: records are read twice.
    init(_ path: String) throws {
        let file = try FileInput(path)
        input = file.canRewind ? file : try file.spooled()
        try begin()
    }

    /// Begins again.
    func rewind() throws {
        try input.rewind()
        count = 0
        try begin()
    }

    /// The next record; nil after the last.
    func next() throws -> Record? {
        guard isArray else { return try nextLine() }
        while let byte = try input.peek(), byte.isJSONSpace || byte == UInt8(ascii: ",") { _ = try input.readByte() }
        guard let first = try input.peek(), first != UInt8(ascii: "]") else { return nil }
        count += 1
        return Record(number: count, text: try element())
    }

    private func nextLine() throws -> Record? {
        while let line = try input.readLine(limit: Self.longest) {
            count += 1
            switch line {
            case .text(let text) where text.allSatisfy(\.isJSONSpace): continue
            case .text(let text): return Record(number: count, text: text)
            case .tooLong: return Record(number: count, text: nil)
            }
        }
        return nil
    }

    private func begin() throws {
        isArray = try input.peek() == UInt8(ascii: "[")
        if isArray { _ = try input.readByte() }
    }

    /// An element's text up to the comma or bracket after it; whether it is JSON is seen when it is read.
    private func element() throws -> [UInt8]? {
        var text: [UInt8] = []
        var depth = 0
        var isString = false
        var isEscaped = false
        while let byte = try input.peek() {
            if isString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isString = false
                }
            } else {
                switch byte {
                case UInt8(ascii: "\""): isString = true
                case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
                case UInt8(ascii: "]") where depth == 0, UInt8(ascii: ",") where depth == 0:
                    return text.count > Self.longest ? nil : text
                case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
                default: break
                }
            }
            if text.count <= Self.longest { text.append(byte) }
            _ = try input.readByte()
        }
        return text.count > Self.longest ? nil : text
    }
}
