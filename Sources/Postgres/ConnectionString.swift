import CPostgres

/// Reads connection strings through libpq without ever repeating them in an error.
enum ConnectionString {
    /// The parameters named in `text`, by keyword.
    static func parse(_ text: String) throws(PostgresError) -> [String: String] {
        if text.hasPrefix("postgres://") || text.hasPrefix("postgresql://") { try checkUserPart(text) }
        var message: UnsafeMutablePointer<CChar>?
        guard let options = PQconninfoParse(text, &message) else {
            defer { PQfreemem(message) }
            throw refusal(message.map { String(cString: $0) } ?? "")
        }
        defer { PQconninfoFree(options) }
        var found: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { found[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        return found
    }

    /// Throws when a keyword is not one of libpq's.
    static func check(_ parameters: [String: String]) throws(PostgresError) {
        guard let options = PQconndefaults() else { return }
        defer { PQconninfoFree(options) }
        var known: Set<String> = []
        var option = options
        while let keyword = option.pointee.keyword {
            known.insert(String(cString: keyword))
            option += 1
        }
        for (keyword, value) in parameters {
            guard known.contains(keyword) else { throw unknown(keyword) }
            if value.utf8.contains(0) {
                throw PostgresError(.configuration, "the PostgreSQL option \(keyword) holds a zero byte")
            }
        }
    }

    /// libpq takes an unescaped `@` or `/` in a password for the end of it and would name the rest as a host.
    private static func checkUserPart(_ url: String) throws(PostgresError) {
        let afterScheme = url.utf8.drop { $0 != UInt8(ascii: ":") }.dropFirst(3)
        let beforeQuery = afterScheme.prefix { $0 != UInt8(ascii: "?") }
        let path = beforeQuery.drop { $0 != UInt8(ascii: "/") }
        let marks = beforeQuery.count { $0 == UInt8(ascii: "@") }
        if marks > 1 || path.contains(UInt8(ascii: "@")) {
            throw PostgresError(
                .configuration, "the PostgreSQL URL has an @ or / in its user or password; write %40 or %2F there")
        }
    }

    /// Only the name of an option is taken over from libpq's message, whose other forms quote parts of the string.
    private static func refusal(_ message: String) -> PostgresError {
        for start in ["invalid connection option \"", "invalid URI query parameter: \""]
        where message.hasPrefix(start) {
            return unknown(String(message.dropFirst(start.count).prefix { $0 != "\"" }))
        }
        return PostgresError(.configuration, "the PostgreSQL connection string cannot be read")
    }

    private static func unknown(_ keyword: String) -> PostgresError {
        PostgresError(.configuration, "unknown PostgreSQL connection option \"\(keyword.prefix(64))\"")
    }
}
