import Pricing
import Testing

@Suite("Dynamics")
struct DynamicsTests {
    @Test("a published index grows by its own drift and is not discounted")
    func index() {
        let index = Dynamics.index(drift: 0.0002, volatility: 0.01, years: 60)
        #expect(index.rate == 0)
        #expect(index.drift == 0.0002)
        #expect(abs(index.logDrift - 0.00015) < 1e-18)
    }
}
