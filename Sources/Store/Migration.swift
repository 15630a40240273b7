/// One step of the schema: `NNNN_name.up.sql` and its `.down.sql`.
public struct Migration: Sendable, Equatable {
    /// Counted from 1, without gaps.
    public let version: Int
    /// The file name between the number and `.up.sql`.
    public let name: String
    /// The SQL that takes the step.
    public let up: String
    /// The SQL that takes it back.
    public let down: String

    /// A step from its two files' text.
    public init(version: Int, name: String, up: String, down: String) {
        self.version = version
        self.name = name
        self.up = up
        self.down = down
    }

    /// `0003_offers`
    public var title: String {
        let digits = String(version)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits + "_" + name
    }

    /// The line by which a file opts out of its transaction, as `CREATE INDEX CONCURRENTLY` needs.
    ///
    /// Such a file's statements are separated by empty lines and sent one by one. A kill may come between two of them, so
    /// each must bear being run again.
    public static let optOut = "-- migrate: no transaction"

    /// Whether a file's text opts out.
    static func optsOut(_ sql: String) -> Bool {
        lines(of: sql).contains(optOut[...])
    }

    /// The statements of a file that opts out, in order.
    static func statements(of sql: String) -> [String] {
        lines(of: sql).split { $0.allSatisfy(\.isWhitespace) }
            .filter { paragraph in paragraph.contains { !$0.hasPrefix("--") } }
            .map { $0.joined(separator: "\n") }
    }

    private static func lines(of sql: String) -> [Substring] {
        sql.split(separator: "\n", omittingEmptySubsequences: false)
    }
}
