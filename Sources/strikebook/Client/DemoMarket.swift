import Ethereum
import Exchange
import Market

/// Offers of writers that do not exist, as a market might look: the same for the same seed, tokens and day.
struct DemoMarket {
    /// How many keys sign.
    static let writers = 12

    private let terms: ServiceTerms
    private let keys: [PrivateKey]
    private let underlyings: [Token]
    private let stablecoins: [Token]
    private let today: UInt64
    private var random: SplitMix

    /// - Parameter now: unix seconds; only its day counts.
    /// - Throws: a failure when the service lists no pair of tokens.
    init(_ terms: ServiceTerms, seed: UInt64, now: UInt64) throws {
        self.terms = terms
        keys = try (0..<Self.writers).map { number in
            try PrivateKey(bytes: Keccak256.hash(Array("strikebook demo \(seed) writer \(number)".utf8)).array)
        }
        stablecoins = terms.tokens.tokens.filter(\.isStablecoin)
        let others = terms.tokens.tokens.filter { !$0.isStablecoin }
        let known = others.filter { Self.spots[$0.symbol.uppercased()] != nil }
        underlyings = known.isEmpty ? others : known
        guard !underlyings.isEmpty, !stablecoins.isEmpty else {
            throw CommandFailure(
                .failure, "the service lists no token beside a stablecoin, so there is nothing to offer")
        }
        today = now - now % 86_400
        random = SplitMix(state: seed)
    }

    /// The next offer, signed.
    mutating func next() -> Draft {
        let key = keys[random.below(keys.count)]
        let token = underlyings[random.below(underlyings.count)]
        let stablecoin = stablecoins[random.below(stablecoins.count)]
        let isCall = random.below(100) < 55
        let tenor = tenor()
        // In 1/1000 of a unit; a put's collateral is the price of as much.
        let size = UInt64(Self.sizes[random.below(Self.sizes.count)])
        let spot = Self.spots[token.symbol.uppercased()] ?? 100
        let notional = UInt256(size * spot)
        let collateral = isCall ? Self.scaled(UInt256(size), token) : Self.scaled(notional, stablecoin)
        let part = [1, 1, 2, 4, 10, 20][random.below(6)]
        let minFill = collateral.quotientAndRemainder(dividingBy: UInt256(UInt64(part)))?.quotient ?? collateral
        let offer = Offer(
            writer: key.address, underlying: token.address, collateralAmount: collateral,
            stablecoin: stablecoin.address, isCall: isCall,
            premiumPerDay: premium(notional, stablecoin, tenor.millionths, isCall: isCall),
            minDuration: tenor.shortest, maxDuration: tenor.longest,
            minFillAmount: minFill.isZero ? collateral : minFill,
            deadline: today + UInt64(7 + random.below(50)) * 86_400 + UInt64(random.below(24)) * 3_600,
            configHash: .zero)
        return Draft(offer: offer, signature: key.sign(digest: terms.deployment.digest(offer)).bytes65)
    }

    /// What is paid a day, in the stablecoin's smallest unit.
    private mutating func premium(
        _ notional: UInt256, _ stablecoin: Token, _ millionths: Int, isCall: Bool
    ) -> UInt256 {
        // Writers differ by a few percent, and puts cost a little more than calls.
        let percent = UInt64(92 + random.below(28) + (isCall ? 0 : 4))
        let rate = UInt256(UInt64(millionths) * percent)
        let scaled = Self.scaled(notional, stablecoin)
        return UInt256.mulDivFloor(scaled, rate, UInt256(100_000_000)).flatMap { $0.isZero ? nil : $0 } ?? .one
    }

    private mutating func tenor() -> Tenor {
        let fitting = Self.tenors.filter { $0.longest <= terms.rules.maxDurationDays }
        return fitting.isEmpty
            ? Tenor(shortest: 1, longest: 1, millionths: 9_600) : fitting[random.below(fitting.count)]
    }

    /// A number of thousandths of a token in its smallest unit, at least 1.
    private static func scaled(_ number: UInt256, _ token: Token) -> UInt256 {
        UInt256.mulDivFloor(number, Amount.power(Int(token.decimals)), UInt256(1_000))
            .flatMap { $0.isZero ? nil : $0 } ?? .one
    }

    /// A range of days and what an option of it costs a day, in millionths of the notional: 0.4 σ ÷ √(365 T) at about 65 %
    /// a year, T between the two ends.
    private struct Tenor {
        let shortest: UInt16
        let longest: UInt16
        let millionths: Int
    }

    private static let tenors = [
        Tenor(shortest: 1, longest: 7, millionths: 6_800), Tenor(shortest: 3, longest: 14, millionths: 4_900),
        Tenor(shortest: 7, longest: 30, millionths: 3_400), Tenor(shortest: 7, longest: 45, millionths: 3_000),
        Tenor(shortest: 14, longest: 60, millionths: 2_450), Tenor(shortest: 30, longest: 90, millionths: 1_900),
        Tenor(shortest: 30, longest: 180, millionths: 1_500), Tenor(shortest: 90, longest: 365, millionths: 1_050),
    ]
    /// Whole units of a stablecoin.
    private static let spots: [String: UInt64] = ["WETH": 2_500, "ETH": 2_500, "WBTC": 60_000, "BTC": 60_000]
    private static let sizes = [100, 250, 500, 750, 1_000, 1_500, 2_000, 2_500, 4_000, 5_000, 10_000, 25_000]
}

/// Steele, Lea and Flood's SplitMix64 (OOPSLA 2014): numbers that only have to look varied.
private struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }

    /// 0 ..< bound
    mutating func below(_ bound: Int) -> Int {
        Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(bound)).high)
    }
}
