import Chain
import Ethereum
import Exchange
import Logging
@_spi(Store) import Market

let deployment = Deployment(chainId: 31_337, verifyingContract: address(0x11))
let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// Twenty times the same byte.
func address(_ byte: UInt8) -> Address {
    guard let address = Address(bytes: Array(repeating: byte, count: 20)) else { preconditionFailure("20 bytes") }
    return address
}

/// Distinct words by number.
func word(_ number: UInt64) -> Bytes32 { Keccak256.hash(Array("word \(number)".utf8)) }

/// Unix seconds at which the tests' services live.
let now: UInt64 = 1_800_000_000

/// An offer whose signature nobody looks at: rules on those are tested where they live.
func offer(_ salt: UInt64, writer: UInt8 = 1, collateral: UInt64 = 1_000, isCall: Bool = true) -> SignedOffer {
    let offer = Offer(
        writer: address(writer), underlying: address(0xaa), collateralAmount: UInt256(collateral),
        stablecoin: address(0xbb), isCall: isCall, premiumPerDay: UInt256(10 + salt), minDuration: 1, maxDuration: 30,
        minFillAmount: .one, deadline: now + 1_000_000, configHash: UInt256(salt).bigEndian)
    return .stored(offer: offer, hashes: deployment.hashes(offer), signature: Array(repeating: 27, count: 65))
}

/// A cancel of some offers by `signer`.
func cancel(_ hashes: [Bytes32], by signer: UInt8) -> VerifiedCancel {
    let message = CancelMessage.offers(hashes)
    return .stored(
        message: message, signer: address(signer), digest: message.digest(deployment),
        signature: Array(repeating: 27, count: 65))
}

/// The log that the contract emits for an event.
func log(of event: ProtocolEvent, contract: Address = deployment.verifyingContract) -> EventLog {
    let (topics, data): ([Bytes32], [Bytes32]) =
        switch event {
        case .optionTaken(let taken):
            (
                [ABI.word(taken.tokenId), taken.offerHash, ABI.word(taken.taker)],
                [ABI.word(taken.fillAmount), ABI.word(taken.strikePrice), ABI.word(taken.duration)]
            )
        case .optionSettled(let tokenId, let profit, let settler):
            ([ABI.word(tokenId)], [ABI.word(profit), ABI.word(settler)])
        case .settlementInitiated(let tokenId, let hash, let amount):
            ([ABI.word(tokenId), hash], [ABI.word(amount)])
        case .settlementApproved(let tokenId, let approver): ([ABI.word(tokenId), ABI.word(approver)], [])
        case .settlementExecuted(let tokenId, let proceeds, let settler):
            ([ABI.word(tokenId), ABI.word(settler)], [ABI.word(proceeds)])
        case .offerCancelled(let hash, let writer): ([hash, ABI.word(writer)], [])
        case .transfer(let from, let to, let tokenId): ([ABI.word(from), ABI.word(to), ABI.word(tokenId)], [])
        }
    return EventLog(address: contract, topics: [event.name.topic0] + topics, data: data.flatMap(\.array))
}

/// A take.
func taken(
    _ token: UInt64, of name: Bytes32, amount: UInt64, by taker: UInt8 = 9, days: UInt16 = 7
) -> ProtocolEvent {
    .optionTaken(
        .init(
            tokenId: UInt256(token), offerHash: name, taker: address(taker), fillAmount: UInt256(amount),
            strikePrice: 300_000_000_000, duration: days))
}

/// SplitMix64 (Steele, Lea, Flood 2014): random numbers that are the same in every run.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
