import Ethereum
import Exchange
import Market
import Testing

@Suite("Several books of one moment")
struct BooksMomentTests {
    private let ids = [true, false].map { BookID(underlying: Samples.address(0xaa), isCall: $0) }

    @Test("what one batch does to both sides of a book is seen of both or of none")
    func atOnce() async {
        let books = Books()
        books.load([], BooksSnapshot(head: Samples.genesis, lastChanges: []))
        let pairs = (0..<2_000 as Range<UInt64>).map { number in
            [true, false].enumerated().map { side, isCall in
                let seq = 2 * number + UInt64(side) + 1
                let offer = OfferState(signed: Samples.signed(isCall: isCall, salt: seq), seq: seq, createdAtMicros: 0)
                return BookEvent(seq: seq, createdAtMicros: 0, change: .created(offer))
            }
        }
        await withTaskGroup(of: Int.self) { group in
            group.addTask {
                for pair in pairs { _ = books.apply(pair) }
                return 0
            }
            for _ in 0..<2 {
                group.addTask {
                    var torn = 0
                    while books.appliedSeq < 4_000 {
                        let counts = books.books(ids).map(\.count)
                        if counts[0] != counts[1] { torn += 1 }
                    }
                    return torn
                }
            }
            for await torn in group { #expect(torn == 0) }
        }
    }
}
