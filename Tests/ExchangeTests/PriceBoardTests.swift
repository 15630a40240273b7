import Ethereum
import Exchange
import Synchronization
import Testing

@Suite("The board of prices")
struct PriceBoardTests {
    @Test("a new listener hears the current price at once, then every tick once and in order")
    func order() async {
        let board = PriceBoard()
        board.publish([Self.tick(0)])
        let listeners = (0..<8).map { _ in Heard() }
        await withDiscardingTaskGroup { group in
            group.addTask { for number in 1...2_000 { board.publish([Self.tick(UInt64(number))]) } }
            for listener in listeners { group.addTask { _ = board.subscribe(listener) } }
        }
        for listener in listeners {
            let numbers = listener.numbers
            #expect(numbers == Array((numbers.first ?? 0)...2_000))
        }
    }

    @Test("a tick that is not later than the last one is passed over")
    func late() {
        let board = PriceBoard()
        let listener = Heard()
        _ = board.subscribe(listener)
        for number: UInt64 in [5, 5, 4, 6] { board.publish([Self.tick(number)]) }
        #expect(listener.numbers == [5, 6])
        #expect(board.latest(Self.token)?.tick == 6)
    }

    @Test("an ended subscription hears nothing more; a listener may read the board")
    func unsubscribe() {
        let board = PriceBoard()
        let listener = Heard()
        let subscription = board.subscribe(listener)
        board.publish([Self.tick(1)])
        board.unsubscribe(subscription)
        board.publish([Self.tick(2)])
        #expect(listener.numbers == [1])
    }

    @Test(
        "prices are rounded half-even to 1e-8 and clamped to 1…2^62",
        arguments: [
            (1.0, 100_000_000), (0.000_000_005, 1), (0.000_000_025, 2), (0, 1), (-7, 1), (.nan, 1),
            (.infinity, 1 << 62), (5e10, 1 << 62), (2_500.123_456_78, 250_012_345_678),
        ] as [(Double, Int64)])
    func scale(price: Double, units: Int64) {
        #expect(PriceScale.clamped(price) == units)
    }

    private static let token = Address(bytes: [UInt8](repeating: 7, count: 20)) ?? .zero

    private static func tick(_ number: UInt64) -> PriceTick {
        PriceTick(token: token, priceE8: 1, tick: number, asOfMillis: Int64(number), source: .simulation)
    }
}

private final class Heard: PriceListener {
    private let ticks = Mutex<[PriceTick]>([])
    var numbers: [UInt64] { ticks.withLock { $0.map(\.tick) } }

    func published(_ ticks: [PriceTick]) { self.ticks.withLock { $0 += ticks } }
}
