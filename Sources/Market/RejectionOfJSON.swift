public import StrictJSON

extension Rejection {
    /// Why a body is not the JSON that is read here, with the path's last field by its bare name.
    public init(_ error: JSONError) {
        self.init(
            .malformed, error.reason == .duplicateKey ? .duplicateField : .invalidJSON,
            field: Self.bareField(error.field),
            "The body cannot be read: \(error.detail).")
    }

    /// `offers[3].offer.writer` → `writer`, `message.offerHashes[2]` → `offerHashes`, nothing → nil.
    private static func bareField(_ path: String) -> String? {
        let last = path.utf8.split(separator: UInt8(ascii: ".")).last ?? path.utf8[...]
        let name = last.prefix { $0 != UInt8(ascii: "[") }
        return name.isEmpty ? nil : String(decoding: name, as: UTF8.self)
    }

    /// A foreign key fit to be shown: at most 64 bytes, control characters replaced.
    static func shown(_ key: ArraySlice<UInt8>) -> String {
        let limit = 64
        let printable = key.prefix(limit).map { $0 < 0x20 || $0 == 0x7f ? UInt8(ascii: "?") : $0 }
        return String(decoding: printable, as: UTF8.self) + (key.count > limit ? "…" : "")
    }
}
