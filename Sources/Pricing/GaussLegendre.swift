import Glibc

/// Gauss and Legendre's points and weights: exact for polynomials of degree 2n − 1 over an interval.
struct GaussLegendre {
    /// The points of [0, 1], ascending.
    let points: [Double]
    /// Their weights, of sum 1.
    let weights: [Double]

    static let of8 = GaussLegendre(8)
    static let of48 = GaussLegendre(48)
    static let of96 = GaussLegendre(96)

    /// The rule with `count` points, by Newton's method on the Legendre polynomial.
    init(_ count: Int) {
        var points = [Double](repeating: 0, count: count)
        var weights = points
        for index in 0..<(count + 1) / 2 {
            var x = cos(Double.pi * (Double(index) + 0.75) / (Double(count) + 0.5))
            var slope = 1.0
            for _ in 0..<100 {
                var (value, before) = (1.0, 0.0)
                for degree in 1...count {
                    let k = Double(degree)
                    (value, before) = (((2 * k - 1) * x * value - (k - 1) * before) / k, value)
                }
                slope = Double(count) * (x * value - before) / (x * x - 1)
                let step = value / slope
                x -= step
                if abs(step) < 1e-15 { break }
            }
            let weight = 1 / ((1 - x * x) * slope * slope)
            points[index] = 0.5 - 0.5 * x
            points[count - 1 - index] = 0.5 + 0.5 * x
            weights[index] = weight
            weights[count - 1 - index] = weight
        }
        self.points = points
        self.weights = weights
    }
}
