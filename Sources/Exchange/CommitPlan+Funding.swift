public import Ethereum
public import Market
import StrictJSON

/// What writers' funds allow of their offers becomes rows: each says what changed and by which figures.
extension CommitPlan {
    /// An offer whose funding changed.
    public struct FundingChange: Sendable {
        /// The offer, by its id.
        public let offerHash: Bytes32
        /// As it is now.
        public let funding: Funding?
        /// Position in the log.
        public let seq: UInt64
    }

    mutating func fund(_ update: FundingUpdate) -> WriteResult {
        guard update.leaderEpoch == state.leaderEpoch else { return .failed(.notStored) }
        var count = 0
        for decision in update.decisions {
            guard let offer = state.offers[decision.offerHash], offer.closed == nil,
                offer.funding != decision.funding
            else { continue }
            var new = offer
            new.funding = decision.funding
            let seq = append(
                new.isListed ? .offerFunded : .offerUnfunded, about: decision.offerHash.hex,
                blockNumber: update.block?.number, data: data(new, decision.finding, update.block, offer.isListed),
                change: .changed(new, wasListed: offer.isListed))
            state.offers[decision.offerHash] = new
            fundings[decision.offerHash] = FundingChange(
                offerHash: decision.offerHash, funding: new.funding, seq: seq)
            if offer.isListed || new.isListed { touchedBooks[BookID(new.offer)] = seq }
            count += 1
        }
        return .funded(count: count)
    }

    /// Keys in their order, so the text is canonical; those about the offer are read back as of any row that changes one.
    private func data(
        _ offer: OfferState, _ finding: FundingUpdate.Finding, _ block: FundsBlock?, _ wasListed: Bool
    ) -> String {
        var json = JSONWriter(capacity: 512)
        json.beginObject()
        if case .funds(let funds, _) = finding {
            json.key("allowance")
            json.uint256(funds.allowance)
            json.key("balance")
            json.uint256(funds.balance)
        }
        if let block {
            json.key("blockHash")
            json.hash(block.hash)
        }
        if case .funds(_, let claimed) = finding {
            json.key("claimed")
            json.uint256(claimed)
        }
        json.key("filled")
        json.uint256(offer.filled)
        json.fundable(offer.funding)
        switch finding {
        case .funds: break
        case .unknown(let reason):
            json.key("reason")
            json.string(reason)
        case .off:
            json.key("reason")
            json.string("funds are not looked at")
        }
        json.key("status")
        json.string(offer.filled.isZero ? "open" : "partially_filled")
        json.unfunded(offer.funding)
        json.key("wasOpen")
        json.bool(wasListed)
        json.endObject()
        return String(decoding: json.bytes, as: UTF8.self)
    }
}

extension JSONWriter {
    /// What is funded of an offer, where that is not all.
    mutating func fundable(_ funding: Funding?) {
        guard let funding else { return }
        key("fundable")
        uint256(funding.fundable)
    }

    /// Whether no book lists it for that.
    mutating func unfunded(_ funding: Funding?) {
        guard let funding else { return }
        key("unfunded")
        bool(funding.isUnfunded)
    }
}
