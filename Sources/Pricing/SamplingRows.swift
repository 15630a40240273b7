/// Rows of numbers, one for each path of a block; memory of a worker's own, used by that worker alone.
struct LaneRows {
    let base: UnsafeMutablePointer<Double>
    /// From one row to the next.
    let stride: Int
    /// How many of a row are used.
    var lanes: Int

    subscript(row: Int) -> UnsafeMutablePointer<Double> { base + row * stride }

    /// The rows from one on.
    func from(_ row: Int) -> LaneRows { LaneRows(base: self[row], stride: stride, lanes: lanes) }

    /// Sets a whole row.
    func fill(_ row: Int, _ value: Double) { self[row].update(repeating: value, count: lanes) }
}

/// Owns rows.
final class RowMemory {
    let rows: LaneRows
    private let count: Int

    /// So many rows of so many numbers, all 0.
    init(rows: Int, stride: Int) {
        count = max(rows, 1) * stride
        let base = UnsafeMutablePointer<Double>.allocate(capacity: count)
        base.initialize(repeating: 0, count: count)
        self.rows = LaneRows(base: base, stride: stride, lanes: stride)
    }

    deinit { rows.base.deallocate() }
}
