/// Where and why a text is not the strict JSON this program reads.
public struct JSONError: Error, Sendable, Equatable {
    /// What was wrong; the raw value is a plain-English sentence.
    public enum Reason: String, Sendable, Equatable {
        /// No value at all.
        case emptyBody = "the body is empty"
        /// A byte order mark.
        case bom = "the body begins with a byte order mark; send plain UTF-8"
        /// Bytes in a string that are not UTF-8.
        case invalidUTF8 = "a string is not valid UTF-8"
        /// A byte that no value, key or separator may begin with here.
        case unexpectedByte = "this character is not allowed here"
        /// The text ends inside a value.
        case unexpectedEnd = "the body ends in the middle of a value"
        /// Something follows the value.
        case trailingBytes = "there is something after the end of the JSON value"
        /// An object has two equal keys.
        case duplicateKey = "the same key appears twice"
        /// More levels than the limit.
        case tooDeep = "objects and arrays are nested too deeply"
        /// More values than the limit.
        case tooManyValues = "there are too many values"
        /// Not a number in RFC 8259's grammar.
        case badNumber = "this is not a JSON number"
        /// A backslash before something that is no escape.
        case badEscape = "a backslash is followed by something that is not a JSON escape"
        /// A raw character below U+0020 in a string.
        case controlCharacter = "a string has a raw control character; escape it"
        /// Half of a surrogate pair.
        case loneSurrogate = "a string has half of a surrogate pair"
        /// U+0000 in a string, raw or escaped.
        case nul = "a string has a NUL character"
    }

    /// Path of the value, as `offer.writer` or `offers[3].signature`; empty at the top. Foreign keys are shortened.
    public let field: String
    /// Offset in the input of the byte at which reading stopped.
    public let offset: Int
    /// What was wrong.
    public let reason: Reason

    /// An error at a place.
    public init(field: String, offset: Int, reason: Reason) {
        self.field = field
        self.offset = offset
        self.reason = reason
    }

    /// A plain-English sentence.
    public var detail: String { "\(reason.rawValue) (byte \(offset))" }

    /// The same error seen from one object further out.
    func inside(key: ArraySlice<UInt8>) -> JSONError {
        let shown = Self.shown(key)
        let path = field.isEmpty || field.utf8.first == UInt8(ascii: "[") ? shown + field : "\(shown).\(field)"
        return JSONError(field: path, offset: offset, reason: reason)
    }

    /// The same error seen from one array further out.
    func inside(index: Int) -> JSONError {
        let path = field.isEmpty || field.utf8.first == UInt8(ascii: "[") ? "[\(index)]\(field)" : "[\(index)].\(field)"
        return JSONError(field: path, offset: offset, reason: reason)
    }

    /// A foreign key fit to be shown: at most 64 bytes, control characters replaced.
    static func shown(_ key: ArraySlice<UInt8>) -> String {
        let limit = 64
        let text = String(
            decoding: key.prefix(limit).map { $0 < 0x20 || $0 == 0x7f ? UInt8(ascii: "?") : $0 }, as: UTF8.self)
        return key.count > limit ? text + "…" : text
    }
}
