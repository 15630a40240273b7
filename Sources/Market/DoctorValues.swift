import Ethereum

extension SignatureDoctor {
    /// The right type over other values than were sent.
    func valueMistakes(_ offer: Offer) -> [Mistake] {
        var variants: [(text: String, offer: Offer)] = [
            ("matches if isCall = \(!offer.isCall)", offer.with(isCall: !offer.isCall)),
            (
                "matches with underlying and stablecoin exchanged",
                offer.with(underlying: offer.stablecoin, stablecoin: offer.underlying)
            ),
            (
                "matches with minDuration and maxDuration exchanged",
                offer.with(minDuration: offer.maxDuration, maxDuration: offer.minDuration)
            ),
        ]
        if !offer.configHash.isZero {
            variants.append(("matches if configHash = 0", offer.with(configHash: .zero)))
        }
        let (milliseconds, overflow) = offer.deadline.multipliedReportingOverflow(by: 1000)
        if !overflow {
            variants.append(
                ("matches if deadline = \(milliseconds) (milliseconds)", offer.with(deadline: milliseconds)))
        }
        return variants.map { mistake($0.text, $0.offer.structHash()) }
    }
}

extension Offer {
    /// The same terms but for those named.
    fileprivate func with(
        underlying: Address? = nil, stablecoin: Address? = nil, isCall: Bool? = nil, minDuration: UInt16? = nil,
        maxDuration: UInt16? = nil, deadline: UInt64? = nil, configHash: Bytes32? = nil
    ) -> Offer {
        Offer(
            writer: writer, underlying: underlying ?? self.underlying, collateralAmount: collateralAmount,
            stablecoin: stablecoin ?? self.stablecoin, isCall: isCall ?? self.isCall, premiumPerDay: premiumPerDay,
            minDuration: minDuration ?? self.minDuration, maxDuration: maxDuration ?? self.maxDuration,
            minFillAmount: minFillAmount, deadline: deadline ?? self.deadline,
            configHash: configHash ?? self.configHash)
    }
}
