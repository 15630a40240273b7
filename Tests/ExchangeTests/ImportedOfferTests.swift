import Ethereum
import Exchange
import Market
import Testing

@Suite("What becomes of an imported offer")
struct ImportedOfferTests {
    private static let accepted = Int64(Samples.now - 1_000) * 1_000_000

    /// What the log knows before the import, and how the offer then stands.
    enum Before: CaseIterable {
        case nothing, tombstone, anothersTombstone, laterWatermark, earlierWatermark
    }

    @Test(
        "a new one ends as it ended elsewhere, or by a cancel of its time, and never comes back to life",
        arguments: [
            (Before.nothing, accepted, nil, nil), (.nothing, accepted, .cancelled, .cancelled),
            (.nothing, accepted, .expired, .expired), (.nothing, nil, nil, nil),
            (.tombstone, accepted, nil, .cancelled), (.tombstone, accepted, .expired, .cancelled),
            (.anothersTombstone, accepted, nil, nil), (.laterWatermark, accepted, nil, .cancelled),
            (.earlierWatermark, accepted, nil, nil), (.earlierWatermark, nil, nil, .cancelled),
        ] as [(Before, Int64?, ImportedOffer.End?, OfferState.ClosedReason?)])
    func new(before: Before, accepted: Int64?, end: ImportedOffer.End?, closed: OfferState.ClosedReason?) {
        var database = MemoryDatabase()
        let signed = Samples.signed()
        let hash = signed.hashes.offerHash
        switch before {
        case .nothing: break
        case .tombstone: _ = database.commit([.cancel(Samples.cancel([hash]))])
        case .anothersTombstone: _ = database.commit([.cancel(Samples.cancel([hash], by: 9))])
        case .laterWatermark: _ = database.commit([.cancel(Samples.cancelAll(before: Samples.now - 500))])
        case .earlierWatermark: _ = database.commit([.cancel(Samples.cancelAll(before: Samples.now - 2_000))])
        }
        let imported = ImportedOffer(signed: signed, acceptedAtMicros: accepted, end: end)
        let plan = database.commit([.imported(imported)])
        guard case .created(let offer)? = plan.results.first else {
            Issue.record("not created: \(plan.results)")
            return
        }
        #expect(offer.closed?.reason == closed)
        #expect(database.offers[hash]?.closed?.reason == closed)
        #expect(offer.createdAtMicros == Int64(Samples.now) * 1_000_000)

        let again = database.commit([.imported(imported), .offer(signed)])
        #expect(again.isEmpty)
        #expect(database.offers[hash]?.closed?.reason == closed)
    }

    @Test("one whose deadline passed is kept as expired")
    func overdue() {
        var database = MemoryDatabase()
        let signed = Samples.signed(deadline: Samples.now - 1)
        _ = database.commit([.imported(ImportedOffer(signed: signed, acceptedAtMicros: Self.accepted, end: nil))])
        #expect(database.offers[signed.hashes.offerHash]?.closed?.reason == .expired)
    }

    @Test(
        "one that stands open here is closed by what closed it elsewhere, and by nothing else",
        arguments: [
            (accepted, nil, false, nil), (accepted, .cancelled, false, .cancelled), (accepted, .expired, false, nil),
            (accepted, nil, true, .cancelled), (nil, nil, true, nil),
        ] as [(Int64?, ImportedOffer.End?, Bool, OfferState.ClosedReason?)])
    func stored(accepted: Int64?, end: ImportedOffer.End?, watermark: Bool, closed: OfferState.ClosedReason?) {
        var database = MemoryDatabase()
        let signed = Samples.signed()
        if watermark {
            // Between its acceptance elsewhere and the one here: alone it does not reach what stands open here.
            _ = database.commit([.cancel(Samples.cancelAll(before: Samples.now - 500))])
        }
        _ = database.commit([.offer(signed)])
        #expect(database.offers[signed.hashes.offerHash]?.closed == nil)
        let plan = database.commit([.imported(ImportedOffer(signed: signed, acceptedAtMicros: accepted, end: end))])
        guard case .existed? = plan.results.first else {
            Issue.record("not found: \(plan.results)")
            return
        }
        #expect(database.offers[signed.hashes.offerHash]?.closed?.reason == closed)
    }

    @Test("a cancel that names another's offer too is refused at the door, but recorded when imported")
    func foreignName() {
        var database = MemoryDatabase()
        let (mine, others) = (Samples.signed(writer: 1), Samples.signed(writer: 2))
        _ = database.commit([.offer(mine), .offer(others)])
        let cancel = Samples.cancel([mine.hashes.offerHash, others.hashes.offerHash], by: 1)
        #expect(database.commit([.cancel(cancel)]).isEmpty)
        let plan = database.commit([.importedCancel(cancel)])
        #expect(plan.cancelMessages.count == 1)
        #expect(database.offers[mine.hashes.offerHash]?.closed?.reason == .cancelled)
        #expect(database.offers[others.hashes.offerHash]?.closed == nil)
        #expect(database.commit([.importedCancel(cancel), .imported(imported(others))]).isEmpty)
        #expect(database.offers[others.hashes.offerHash]?.closed == nil)
    }

    private func imported(_ signed: SignedOffer) -> ImportedOffer {
        ImportedOffer(signed: signed, acceptedAtMicros: Self.accepted, end: nil)
    }
}
