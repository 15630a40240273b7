import Ethereum
import Exchange
import Market
import StrictJSON

/// Makers with keys of their own and the offers they sign: really signed, no two alike.
struct SampleOffers: Sendable {
    /// The demonstration deployment, which the service serves without settings.
    static let deployment = Deployment(
        chainId: UInt256(31_337), verifyingContract: address("5FbDB2315678afecb367f032d93F642f64180aa3"))
    /// The demonstration's WETH, USDC and WBTC.
    static let weth = address("4200000000000000000000000000000000000006")
    static let usdc = address("036cbd53842c5426634e7929541ec2318f3dcf7e")
    static let wbtc = address("2260fac5e5542a773aa44fbcfedf7c193bc2c599")
    private static let writers = 64
    private static let day: UInt64 = 86_400

    /// Taken in turn.
    var underlyings = [weth, wbtc]
    /// Calls alone, else calls and puts in turn.
    var onlyCalls = false

    private let keys = (0..<SampleOffers.writers).map { _ in PrivateKey.generate() }
    private let firstDeadline = Clock.unixSeconds() + 30 * SampleOffers.day

    /// Drafts number `range`, signed on all cores.
    func drafts(_ range: Range<Int>) async throws -> [Draft] {
        try await Self.concurrently(range) { draft($0) }
    }

    /// The same, verified as an intake does.
    func signed(_ range: Range<Int>) async throws -> [SignedOffer] {
        try await Self.concurrently(range) { try SignedOffer.verify(draft($0), deployment: Self.deployment) }
    }

    /// Draft number `index`, signed.
    func draft(_ index: Int) -> Draft {
        let key = keys[index % keys.count]
        // A spread of prices without order, so that the book is not appended to: multiplication by an odd constant.
        let price = UInt64(index) &* 0x9e37_79b9_7f4a_7c15 >> 44
        let collateral = 1_000_000_000_000_000_000 + UInt64(index % 9) * 1_000_000_000_000_000_000
        let offer = Offer(
            writer: key.address, underlying: underlyings[index / 2 % underlyings.count],
            collateralAmount: UInt256(collateral), stablecoin: Self.usdc, isCall: onlyCalls || index % 2 == 0,
            premiumPerDay: UInt256(1_000_000 + price), minDuration: UInt16(1 + index % 5),
            maxDuration: UInt16(14 + index % 90), minFillAmount: UInt256(1_000_000_000_000_000 + UInt64(index)),
            deadline: firstDeadline + UInt64(index % 1_000) * 60, configHash: .zero)
        return Draft(offer: offer, signature: key.sign(digest: Self.deployment.digest(offer)).bytes65)
    }

    /// `make` for each number, shared among a few tasks, in order.
    private static func concurrently<Value: Sendable>(
        _ range: Range<Int>, _ make: @escaping @Sendable (Int) throws -> Value
    ) async throws -> [Value] {
        let chunk = 1_000
        return try await withThrowingTaskGroup(of: (Int, [Value]).self) { group in
            for start in stride(from: range.lowerBound, to: range.upperBound, by: chunk) {
                group.addTask {
                    try Interrupt.check()
                    return (start, try (start..<min(start + chunk, range.upperBound)).map(make))
                }
            }
            var parts: [(Int, [Value])] = []
            for try await part in group { parts.append(part) }
            return parts.sorted { $0.0 < $1.0 }.flatMap(\.1)
        }
    }

    private static func address(_ digits: String) -> Address {
        guard let address = try? Address.parse(Array("0x\(digits)".utf8)[...]) else {
            preconditionFailure("a constant of this file is an address")
        }
        return address
    }
}

extension Draft {
    /// The body of `POST /offers`.
    var body: [UInt8] {
        var json = JSONWriter(capacity: 900)
        write(to: &json)
        return json.bytes
    }

    /// As one item of a batch.
    func write(to json: inout JSONWriter) {
        json.beginObject()
        json.key("offer")
        json.beginObject()
        json.offerFields(offer)
        json.endObject()
        json.key("signature")
        json.bytes(signature)
        json.endObject()
    }
}
