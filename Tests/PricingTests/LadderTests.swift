import Pricing
import Testing

@Suite("Ladders")
struct LadderTests {
    private let dynamics = Dynamics(rate: 0.05, dividendYield: 0.02, volatility: 0.4, years: 0.25)

    private func strip(_ rungs: [Double], looks: Int? = nil) -> LadderStrip {
        LadderStrip(
            spot: 100, rungs: rungs, payouts: rungs.map { $0 / 10 }, dynamics: dynamics, observations: looks)
    }

    @Test("the price is that of the rungs' one-touches, the counts are a law with their mean", arguments: [nil, 12])
    func parts(looks: Int?) {
        let rungs = [85.0, 100, 105, 90, 120, 115]
        let ladder = strip(rungs, looks: looks)
        let value = ladder.value()
        var price = 0.0
        for (index, rung) in rungs.enumerated() {
            let touch = OneTouch(
                direction: rung >= 100 ? .up : .down, spot: 100, barrier: rung, dynamics: dynamics, observations: looks
            ).value()
            #expect(abs(touch.probability - value.rungProbabilities[index]) < 1e-9)
            price += touch.price * ladder.payouts[index]
        }
        #expect(relativeError(value.price, price) < 1e-9)
        #expect(abs(value.countDistribution.reduce(0, +) - 1) < 1e-9)
        let mean = value.countDistribution.enumerated().reduce(0) { $0 + Double($1.offset) * $1.element }
        #expect(abs(mean - value.rungProbabilities.reduce(0, +)) < 1e-9)
        #expect(value.countDistribution[0] == 0, "the rung at the spot is certain")
    }

    @Test("rungs on one side: the count is decided by the running maximum alone")
    func oneSide() {
        let value = strip([105, 110, 120]).value()
        let touched = value.rungProbabilities
        let expected = [1 - touched[0], touched[0] - touched[1], touched[1] - touched[2], touched[2]]
        for (found, law) in zip(value.countDistribution, expected) { #expect(abs(found - law) < 1e-14) }
    }
}
