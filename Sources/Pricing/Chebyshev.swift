import Glibc

/// A function on an interval by its values at Chebyshev's points, read between them by the barycentric formula
/// (Berrut and Trefethen 2004).
struct Chebyshev {
    let range: ClosedRange<Double>
    /// The points, from the upper end to the lower.
    let points: [Double]
    private let weights: [Double]

    init(_ count: Int, on range: ClosedRange<Double>) {
        self.range = range
        let middle = 0.5 * (range.lowerBound + range.upperBound)
        let half = 0.5 * (range.upperBound - range.lowerBound)
        points = (0..<count).map { middle + half * cos(Double.pi * Double($0) / Double(count - 1)) }
        weights = (0..<count).map { ($0 % 2 == 0 ? 1 : -1) * ($0 == 0 || $0 == count - 1 ? 0.5 : 1) }
    }

    /// Adds to a row what each value contributes to `factor · f(x)`; x outside the range counts as its end.
    func add(_ factor: Double, at x: Double, to row: inout [Double]) {
        let x = min(max(x, range.lowerBound), range.upperBound)
        if let exact = points.firstIndex(of: x) {
            row[exact] += factor
            return
        }
        var sum = 0.0
        for (point, weight) in zip(points, weights) { sum += weight / (x - point) }
        for index in points.indices { row[index] += factor * weights[index] / ((x - points[index]) * sum) }
    }
}

/// A square matrix, row by row.
struct SquareMatrix {
    private(set) var rows: [[Double]]

    init(rows: [[Double]]) { self.rows = rows }

    /// This matrix `power` times on a vector, by squaring: log₂(power) products.
    func applied(_ power: Int, to vector: [Double]) -> [Double] {
        var result = vector
        var matrix = self
        var left = power
        while left > 0 {
            if left & 1 == 1 { result = matrix.times(result) }
            left >>= 1
            if left > 0 { matrix = matrix.squared() }
        }
        return result
    }

    private func times(_ vector: [Double]) -> [Double] {
        rows.map { row in
            var sum = 0.0
            for (a, b) in zip(row, vector) { sum += a * b }
            return sum
        }
    }

    private func squared() -> SquareMatrix {
        let count = rows.count
        var product = rows
        for (index, row) in rows.enumerated() {
            var sum = [Double](repeating: 0, count: count)
            sum.withUnsafeMutableBufferPointer { sum in
                for (inner, factor) in row.enumerated() {
                    rows[inner].withUnsafeBufferPointer { other in
                        for column in 0..<count { sum[column] += factor * other[column] }
                    }
                }
            }
            product[index] = sum
        }
        return SquareMatrix(rows: product)
    }
}
