import CPricing
import Testing

@testable import Pricing

@Suite("Sobol's sequence")
struct SobolTests {
    /// The first points of scipy.stats.qmc.Sobol(scramble=False, bits=32), in 32nds; it counts in Gray code.
    private static let published: [Int: [UInt32]] = [
        0: [0, 16, 24, 8, 12, 28, 20, 4, 6, 22, 30, 14, 10, 26, 18, 2],
        1: [0, 16, 8, 24, 12, 28, 4, 20, 10, 26, 2, 18, 6, 22, 14, 30],
        2: [0, 16, 8, 24, 20, 4, 28, 12, 30, 14, 22, 6, 10, 26, 2, 18],
        3: [0, 16, 8, 24, 28, 12, 20, 4, 14, 30, 6, 22, 18, 2, 26, 10],
        9: [0, 16, 24, 8, 20, 4, 12, 28, 10, 26, 18, 2, 30, 14, 6, 22],
        51: [0, 16, 8, 24, 28, 12, 20, 4, 14, 30, 6, 22, 18, 2, 26, 10],
        159: [0, 16, 24, 8, 20, 4, 12, 28, 6, 22, 30, 14, 18, 2, 10, 26],
        1110: [0, 16, 24, 8, 28, 12, 4, 20, 10, 26, 18, 2, 22, 6, 14, 30],
    ]

    private static func point(_ index: UInt32, _ dimension: Int) -> UInt32 {
        let reversed = SobolSequence.reversedPoint(index, dimension: dimension)
        return (0..<32).reduce(0) { $0 | (reversed >> UInt32($1) & 1) << UInt32(31 - $1) }
    }

    @Test("the first points are scipy's, in Gray code order, up to the last dimension")
    func firstPoints() {
        for (dimension, points) in Self.published {
            for (index, point) in points.enumerated() {
                let gray = UInt32(index ^ index >> 1)
                #expect(Self.point(gray, dimension) >> 27 == point, "dimension \(dimension), point \(index)")
            }
        }
    }

    @Test(
        "a far point is scipy's in all 32 bits (its point 123,456)",
        arguments: [
            (0, UInt32(113_803_264)), (1, 784_891_904), (2, 1_319_665_664), (3, 1_934_065_664), (9, 1_069_711_360),
            (51, 2_722_791_424), (159, 244_744_192), (1110, 725_254_144),
        ])
    func farPoint(dimension: Int, expected: UInt32) {
        #expect(Self.point(70_496, dimension) == expected)
    }

    @Test("scrambled, 256 points still have one in each 256th, in every dimension and randomisation")
    func staysANet() {
        let sobol = SobolSequence(dimensions: 1_111, lanes: 64, seed: 5)
        var row = [Double](repeating: 0, count: 64)
        for dimension in [0, 1, 17, 400, 1_110] {
            for randomisation in 0..<4 as Range<UInt32> {
                var cells = Set<Int>()
                for block in 0..<4 as Range<UInt32> {
                    sobol.fill(
                        &row, dimension: dimension, first: 64 * block, randomisation: randomisation, lanes: 64)
                    cells.formUnion(row.map { Int(($0 + 0.5) * 256) })
                }
                #expect(cells.count == 256)
            }
        }
    }

    @Test("a point alone is uniform over the randomisations, each bit of it fair")
    func scramblingIsUniform() {
        let sobol = SobolSequence(dimensions: 3, lanes: 64, seed: 11)
        var row = [Double](repeating: 0, count: 64)
        let count = 2_000
        var ones = [Int](repeating: 0, count: 32)
        for randomisation in 0..<count {
            sobol.fill(&row, dimension: 2, first: 0, randomisation: UInt32(randomisation), lanes: 64)
            let word = UInt32((row[37] + 0.5) * 4_294_967_296)
            for bit in 0..<32 { ones[bit] += Int(word >> UInt32(bit) & 1) }
        }
        // Five standard deviations of a fair coin.
        for bit in 0..<32 { #expect(abs(Double(ones[bit]) - 1_000) < 112, "bit \(bit)") }
    }
}

@Suite("Brownian bridge")
struct BrownianBridgeTests {
    @Test("its steps are independent and of variance 1, whatever their number", arguments: [1, 2, 3, 7, 12, 64])
    func covariance(steps: Int) {
        let bridge = BrownianBridge(steps: steps)
        let normals = RowMemory(rows: steps, stride: steps)
        let path = RowMemory(rows: steps + 1, stride: steps)
        // Lane k gets the k-th unit vector, so that the rows become the matrix of the map.
        for row in 0..<steps { normals.rows[row][row] = 1 }
        bridge.build(normals.rows, path: path.rows)
        for one in 0..<steps {
            for other in 0..<steps {
                let product = (0..<steps).reduce(0.0) { $0 + normals.rows[one][$1] * normals.rows[other][$1] }
                #expect(abs(product - (one == other ? 1 : 0)) < 1e-13)
            }
        }
    }

    @Test("the first number decides the end, the second the middle")
    func order() {
        let places = BrownianBridge(steps: 8).points.map(\.place)
        #expect(places == [8, 4, 2, 6, 1, 3, 5, 7])
    }
}
