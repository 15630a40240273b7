import Ethereum

/// `FillSubsets` for a search of any size: exact up to 30 offers; of more, the largest are taken as they fit and the 30
/// that can give the least make up the rest.
struct FillLists {
    /// Whether the answers are about all sets of offers.
    let isExact: Bool
    private let taken: UInt64
    private let subsets: FillSubsets

    init(_ problem: FillProblem, bySeq: [Int]) {
        let spans = problem.curves.map(\.span)
        let large = problem.byMost.dropLast(FillSubsets.maxOffers)
        var left = problem.target
        var taken: UInt64 = 0
        for offer in large {
            let (rest, negative) = left.subtractingReportingOverflow(spans[offer].most)
            if negative { continue }
            left = rest
            taken |= 1 << UInt64(offer)
        }
        let small = Set(problem.byMost.suffix(FillSubsets.maxOffers))
        isExact = large.isEmpty
        self.taken = taken
        subsets = FillSubsets(spans: spans, bySeq: bySeq.filter(small.contains), target: left)
    }

    /// A set whose fills can sum to the target; nil when none was found.
    func covering() -> UInt64? { subsets.covering().map { $0 | taken } }

    /// A set that gives much within the target, every offer giving all it may; the most if `isExact`.
    func fullest() -> UInt64 { subsets.fullest() | taken }
}
