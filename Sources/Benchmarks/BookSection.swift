/// A book of a hundred thousand offers: in memory, at a start, and read while it changes.
struct BookSection {
    let scale: Scale

    func run() async throws -> Report {
        let count = scale(100_000, quick: 2_000)
        Progress.say("book: signing \(count) offers")
        var offers = SampleOffers()
        offers.underlyings = [SampleOffers.weth]
        offers.onlyCalls = true
        let signed = try await offers.signed(0..<count)
        var report = try BookInMemory(offers: signed).run()
        report.add(try await BookAtStart(offers: signed, starts: scale(3, quick: 1)).run())
        report.add(try await BookUnderChange(scale: scale).run())
        return report
    }
}
