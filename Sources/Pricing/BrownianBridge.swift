internal import CPricing

/// A Brownian path at 1, 2 … n built from its end inwards, so that the first numbers decide most of it: with
/// quasi-random numbers the good dimensions go where the variance is.
struct BrownianBridge: Sendable {
    /// One point between two that are known, or beyond all of them.
    struct Point: Sendable, Equatable {
        /// Which: 1 … n.
        let place: Int
        /// The known point before; 0 is the start.
        let left: Int
        /// The known point after; nil for the end.
        let right: Int?
        let leftWeight: Double
        let rightWeight: Double
        let deviation: Double
    }

    /// In the order in which they are made, one normal each.
    let points: [Point]

    /// A bridge over `steps` (1 or more) steps of variance 1.
    init(steps: Int) {
        var points = [
            Point(
                place: steps, left: 0, right: nil, leftWeight: 1, rightWeight: 0,
                deviation: Double(steps).squareRoot())
        ]
        points.reserveCapacity(steps)
        var gaps = [(left: 0, right: steps)]
        var next = 0
        while next < gaps.count {
            let (left, right) = gaps[next]
            next += 1
            guard right - left > 1 else { continue }
            let place = left + (right - left) / 2
            let (before, after) = (Double(place - left), Double(right - place))
            points.append(
                Point(
                    place: place, left: left, right: right, leftWeight: after / (before + after),
                    rightWeight: before / (before + after),
                    deviation: (before * after / (before + after)).squareRoot()))
            gaps.append((left, place))
            gaps.append((place, right))
        }
        self.points = points
    }

    /// Turns rows of normals (in the order of `points`) into rows of steps of variance 1, in the order of time.
    /// - Parameter path: room for n + 1 rows.
    func build(_ normals: LaneRows, path: LaneRows) {
        let lanes = Int32(normals.lanes)
        path[0].update(repeating: 0, count: normals.lanes)
        for (index, point) in points.enumerated() {
            pricing_bridge_point(
                lanes, path[point.left], point.leftWeight, path[point.right ?? point.left], point.rightWeight,
                normals[index], point.deviation, path[point.place])
        }
        for step in 0..<points.count {
            pricing_differences(lanes, path[step], path[step + 1], normals[step])
        }
    }
}
