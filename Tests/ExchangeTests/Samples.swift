import Ethereum
import Exchange
@_spi(Store) import Market

/// Offers, cancels and the log's state for tests that need no signature: rules on those are tested where they live.
enum Samples {
    static let deployment = Deployment(chainId: 31_337, verifyingContract: address(0x11))
    static let genesis = LogHead(seq: 0, hash: deployment.domainSeparator, epoch: 7)
    /// Unix seconds.
    static let now: UInt64 = 1_800_000_000

    static func address(_ byte: UInt8) -> Address {
        guard let address = Address(bytes: Array(repeating: byte, count: 20)) else { preconditionFailure("20 bytes") }
        return address
    }

    static func signed(
        writer: UInt8 = 1, underlying: UInt8 = 0xaa, stablecoin: UInt8 = 0xbb, collateral: UInt64 = 1_000,
        premium: UInt64 = 10, isCall: Bool = true, days: ClosedRange<UInt16> = 1...30, minFill: UInt64 = 1,
        deadline: UInt64 = now + 3_600, salt: UInt64 = 0
    ) -> SignedOffer {
        let offer = Offer(
            writer: address(writer), underlying: address(underlying), collateralAmount: UInt256(collateral),
            stablecoin: address(stablecoin), isCall: isCall, premiumPerDay: UInt256(premium),
            minDuration: days.lowerBound, maxDuration: days.upperBound, minFillAmount: UInt256(minFill),
            deadline: deadline, configHash: UInt256(salt).bigEndian)
        return .stored(
            offer: offer, hashes: deployment.hashes(offer), signature: Array(repeating: 27, count: 65))
    }

    static func cancel(_ hashes: [Bytes32], by signer: UInt8 = 1) -> VerifiedCancel {
        cancel(.offers(hashes), by: signer)
    }

    static func cancelAll(before issuedBefore: UInt64, by signer: UInt8 = 1) -> VerifiedCancel {
        cancel(.all(writer: address(signer), issuedBefore: issuedBefore), by: signer)
    }

    private static func cancel(_ message: CancelMessage, by signer: UInt8) -> VerifiedCancel {
        .stored(
            message: message, signer: address(signer), digest: message.digest(deployment),
            signature: Array(repeating: 27, count: 65))
    }
}

/// A database of one test: keeps what plans write, as PostgreSQL would, and nothing else.
struct MemoryDatabase {
    var head = Samples.genesis
    var offers: [Bytes32: OfferState] = [:]
    var tombstones: [LockedState.Tombstone: UInt64] = [:]
    var watermarks: [Address: UInt64] = [:]
    var leaderEpoch: Int64 = 1

    /// Plans `requests` at `now` (unix seconds) and keeps what the plan writes.
    mutating func commit(_ requests: [WriteRequest], now: UInt64 = Samples.now) -> CommitPlan {
        let plan = CommitPlan(
            requests,
            on: LockedState(
                head: head, leaderEpoch: leaderEpoch, nowMicros: Int64(now) * 1_000_000, offers: offers,
                tombstones: tombstones, watermarks: watermarks))
        head = plan.head
        for offer in plan.created { offers[offer.offerHash] = offer }
        for closing in plan.closings {
            offers[closing.offerHash] = offers[closing.offerHash]?.closing(
                at: closing.seq, reason: closing.reason, micros: plan.nowMicros)
        }
        for row in plan.cancellations {
            tombstones[.init(offerHash: row.offerHash, signer: row.signer)] = row.seq
        }
        for row in plan.watermarks { watermarks[row.writer] = max(watermarks[row.writer] ?? 0, row.issuedBefore) }
        return plan
    }
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
