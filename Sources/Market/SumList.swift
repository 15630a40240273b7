import Ethereum

/// What a set of offers gives, beside whatever else is summed for it.
protocol ListedSum {
    /// The amount by which sets are listed.
    var amount: UInt256 { get }

    /// The sum of two sets without an offer in common.
    func joined(_ other: Self) -> Self
}

/// The sums of all sets of some offers, by increasing amount. Memory is kept between lists: they are large.
struct SumList<Sum: ListedSum> {
    private var listed: [Sum] = []
    private var spare: [Sum] = []
    private var count = 0

    /// The list.
    var sums: ArraySlice<Sum> { listed[..<count] }

    /// Lists the sets of some offers whose amounts are within a limit.
    /// - Parameters:
    ///   - none: the empty set's sum.
    ///   - offers: each offer's own sum.
    mutating func fill(_ none: Sum, _ offers: some Collection<Sum>, upTo limit: UInt256) {
        let room = 1 << offers.count
        if listed.count < room {
            listed = Array(repeating: none, count: room)
            spare = listed
        }
        listed[0] = none
        count = 1
        for offer in offers {
            count = listed.withUnsafeBufferPointer { sums in
                spare.withUnsafeMutableBufferPointer { target in
                    Self.merge(sums[..<count], offer, upTo: limit, into: target)
                }
            }
            swap(&listed, &spare)
        }
    }

    /// The sums, and each of them with one more offer, in order; how many there are, at most twice as many.
    private static func merge(
        _ sums: Slice<UnsafeBufferPointer<Sum>>, _ offer: Sum, upTo limit: UInt256,
        into target: UnsafeMutableBufferPointer<Sum>
    ) -> Int {
        var (without, count) = (0, 0)
        for sum in sums {
            let (amount, overflow) = sum.amount.addingReportingOverflow(offer.amount)
            // Sums are in order: after the first that passes the limit all do.
            if overflow || amount > limit { break }
            while without < sums.count, sums[without].amount <= amount {
                target[count] = sums[without]
                without += 1
                count += 1
            }
            target[count] = sum.joined(offer)
            count += 1
        }
        for rest in sums[without...] {
            target[count] = rest
            count += 1
        }
        return count
    }
}
