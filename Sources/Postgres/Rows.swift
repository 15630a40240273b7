import CPostgres

/// Owns one libpq result.
///
/// A result does not change after libpq made it, and libpq allows reading it from any thread.
final class ResultHandle: @unchecked Sendable {
    let raw: OpaquePointer
    let rowCount: Int
    let columnCount: Int

    init(_ raw: OpaquePointer) {
        self.raw = raw
        rowCount = Int(PQntuples(raw))
        columnCount = Int(PQnfields(raw))
    }

    deinit { PQclear(raw) }
}

/// The answer to one query: rows in binary format, or none.
public struct Rows: Sendable, RandomAccessCollection {
    let handle: ResultHandle

    /// Always 0.
    public var startIndex: Int { 0 }
    /// The number of rows.
    public var endIndex: Int { handle.rowCount }
    /// The row at `position`, counted from 0.
    public subscript(position: Int) -> Row {
        precondition(indices.contains(position), "row \(position) of \(count)")
        return Row(handle: handle, index: Int32(position))
    }

    /// The server's command tag, e.g. `INSERT 0 200`.
    public var commandTag: String { PQcmdStatus(handle.raw).map { String(cString: $0) } ?? "" }

    /// Rows inserted, updated, deleted or selected, as the command tag says; 0 for other commands.
    public var affectedRows: Int { PQcmdTuples(handle.raw).flatMap { Int(String(cString: $0)) } ?? 0 }

    /// The only row of an answer that must have exactly one.
    public func single() throws(PostgresError) -> Row {
        guard count == 1 else { throw PostgresError(.decoding, "expected one row, got \(count)") }
        return self[0]
    }
}

/// One row. Columns are named by position (from 0) or by name.
public struct Row: Sendable {
    let handle: ResultHandle
    let index: Int32

    /// The number of columns.
    public var count: Int { handle.columnCount }
}

/// A column's position or name.
public protocol PostgresColumn: Sendable {
    /// The position in `row`, from 0, or nil when it has no such column.
    func position(in row: Row) -> Int?
}

extension Int: PostgresColumn {
    /// Itself, when the row is that wide.
    public func position(in row: Row) -> Int? { self >= 0 && self < row.count ? self : nil }
}

extension String: PostgresColumn {
    /// The first column of this name.
    public func position(in row: Row) -> Int? {
        withCString { name in
            (0..<row.count).first { index in
                PQfname(row.handle.raw, Int32(index)).map { equalCStrings($0, name) } ?? false
            }
        }
    }
}
