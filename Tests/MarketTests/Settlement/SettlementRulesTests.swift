import Ethereum
import Market
import Testing

@Suite struct SettlementRulesTests {
    private static func code(_ body: () throws -> Void) -> String? {
        do {
            try body()
            return nil
        } catch {
            return (error as? Rejection)?.code ?? "\(error)"
        }
    }

    private static func propose(_ sample: SettlementSample, _ wish: SettlementWish = .init()) -> String? {
        code { _ = try OptionSettlement.propose(wish, over: nil, in: sample.scene) }
    }

    @Test func `A proposal is the floor for an hour, of the protocol's order`() throws {
        let sample = SettlementSample()
        let proposal = try sample.settlement(.initiated).present.proposal
        #expect(proposal.order.buyAmount == SettlementSample.floor)
        #expect(UInt64(proposal.order.validTo) == sample.now + 3_600)
        #expect(proposal.order.receiver == Samples.vectors.verifyingContract)
        #expect(proposal.order.sellAmount == sample.option.collateral)
        #expect(proposal.uid.owner == Samples.vectors.verifyingContract)
        #expect(proposal.uid.orderHash == proposal.order.hash(in: GPv2Order.domain(chainId: 84532)))
        #expect(proposal.order.appData == SettlementAppData.hash(tokenId: 1))
    }

    @Test func `What cannot be settled is refused by name`() {
        #expect(Self.propose(SettlementSample()) == nil)
        #expect(Self.propose(SettlementSample(isConfirmed: false)) == "not_confirmed")
        #expect(Self.propose(SettlementSample(isSettled: true)) == "already_settled")
        #expect(Self.propose(SettlementSample(isKnown: false)) == "offer_unknown")
        #expect(Self.propose(SettlementSample(now: SettlementSample.expiry - 1)) == "not_expired")
        #expect(Self.propose(SettlementSample(now: SettlementSample.expiry)) == nil)
        #expect(Self.propose(SettlementSample(hasPrice: false)) == "price_unavailable")
        #expect(Self.propose(SettlementSample(isCall: false)) == "put_settles_directly")
        #expect(Self.propose(SettlementSample(decimals: nil)) == "decimals_unknown")
        #expect(Self.propose(SettlementSample(priceE8: 200_000_000_000)) == "nothing_to_settle")
        #expect(Self.propose(SettlementSample(priceE8: 200_000_000_001)) == "nothing_to_settle")
        #expect(
            Self.propose(SettlementSample(decimals: .init(underlying: 0, stablecoin: 36), priceE8: .max))
                == "amount_out_of_range")
    }

    @Test(
        arguments: [
            (2_374_049_999, "invalid_min_buy_amount"), (2_374_050_000, nil), (2_499_000_000, nil),
            (2_499_000_001, "invalid_min_buy_amount"), (0, "invalid_min_buy_amount"),
        ] as [(UInt64, String?)])
    func `The least the sale may bring is between the floor and its value`(amount: UInt64, code: String?) {
        #expect(Self.propose(SettlementSample(), .init(minBuyAmount: UInt256(amount))) == code)
    }

    @Test(
        arguments: [
            (59, "invalid_valid_to"), (60, nil), (365 * 86_400, nil), (365 * 86_400 + 1, "invalid_valid_to"),
            (UInt64.max - SettlementSample().now, "invalid_valid_to"),
        ] as [(UInt64, String?)])
    func `An order lives from a minute to a year`(life: UInt64, code: String?) {
        let sample = SettlementSample()
        #expect(Self.propose(sample, .init(validTo: sample.now + life)) == code)
    }

    @Test func `A put's shares need no order`() {
        let sample = SettlementSample(isCall: false, strikeE8: 300_000_000_000, priceE8: 240_000_000_000)
        let payout = SettlementSample.rules.putPayout(
            sample.option, price: SettlementPrice(priceE8: sample.priceE8, source: "operator", asOfMicros: 0))
        #expect(payout.payoff == 200_000_000_000_000_000)
        #expect(payout.writer == 800_000_000_000_000_000)
    }

    @Test func `The holder signs the terms, and nobody else`() throws {
        let terms = try SettlementSample().settlement(.initiated).present.proposal.terms
        let digest = terms.digest(Samples.vectors)
        let signature = SettlementSample.holder.sign(digest: digest)
        let holder = SettlementSample.holder.address
        for form in [signature.bytes65, signature.compact64] {
            #expect(try terms.verify(form, holder: holder, deployment: Samples.vectors) == signature.bytes65)
        }
        let stranger = SettlementSample.buyer.sign(digest: digest)
        let refusal = #expect(throws: Rejection.self) {
            try terms.verify(stranger.bytes65, holder: holder, deployment: Samples.vectors)
        }
        #expect(refusal?.code == "signature_mismatch")
        #expect(refusal?.findings?.digest == digest)
        #expect(refusal?.findings?.recovered == SettlementSample.buyer.address)
        let mainnet = Deployment(chainId: 1, verifyingContract: Samples.vectors.verifyingContract)
        let elsewhere = SettlementSample.holder.sign(digest: terms.digest(mainnet))
        let mistaken = #expect(throws: Rejection.self) {
            try terms.verify(elsewhere.bytes65, holder: holder, deployment: Samples.vectors)
        }
        #expect(mistaken?.findings?.diagnosis == ["matches if chainId = 1"])
        let bare = SettlementSample.holder.sign(digest: terms.conditionsHash)
        let conditions = #expect(throws: Rejection.self) {
            try terms.verify(bare.bytes65, holder: holder, deployment: Samples.vectors)
        }
        #expect(
            conditions?.findings?.diagnosis == ["matches settlementConditionsHash signed in place of the digest"])
    }
}
