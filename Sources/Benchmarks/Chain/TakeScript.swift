import Ethereum
import Market
import Synchronization

/// Takes of stored offers in turn, as a contract that mints tells of them, and settlements of earlier ones.
final class TakeScript: Sendable {
    private struct State {
        var filled: [UInt256]
        var next = 0
        var token: UInt64 = 0
        var settled: UInt64 = 0
    }

    private let offers: [SignedOffer]
    private let taker = PrivateKey.generate().address
    private let state: Mutex<State>

    init(offers: [SignedOffer]) {
        self.offers = offers
        state = Mutex(State(filled: offers.map { _ in .zero }))
    }

    /// Two takes and the settlement of an option: five events.
    func block() -> [ProtocolEvent] {
        let events = takes(2)
        let settled = state.withLock { state in
            state.settled += 1
            return state.settled
        }
        return events + [.optionSettled(tokenId: UInt256(settled), profit: 1_000_000, settler: taker)]
    }

    /// So many takes, two events each: the mint's Transfer and the take.
    func takes(_ count: Int) -> [ProtocolEvent] { (0..<count).flatMap { _ in single().events } }

    /// One take of a thousandth of an offer; the offer, and what is filled of it afterwards.
    func single() -> (events: [ProtocolEvent], offer: Bytes32, filled: UInt256) {
        let amount = UInt256(1_000_000_000_000_000)
        let (signed, token, filled) = state.withLock { state in
            let index = state.next % offers.count
            state.next += 1
            state.token += 1
            state.filled[index] = state.filled[index].addingReportingOverflow(amount).partialValue
            return (offers[index], UInt256(state.token), state.filled[index])
        }
        let taken = ProtocolEvent.OptionTaken(
            tokenId: token, offerHash: signed.encodedHash, taker: taker, fillAmount: amount,
            strikePrice: 250_000_000_000, duration: signed.offer.minDuration)
        return (
            [.transfer(from: Self.nobody, to: taker, tokenId: token), .optionTaken(taken)], signed.hashes.offerHash,
            filled
        )
    }

    private static let nobody: Address = {
        guard let zero = Address(bytes: [UInt8](repeating: 0, count: 20)) else { preconditionFailure("20 bytes") }
        return zero
    }()
}
