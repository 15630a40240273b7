import CSecp256k1
import Ethereum
import Market

/// One core: a posted body's bytes to a verified offer, against nothing but the recovery it cannot do without.
struct VerifySection {
    let scale: Scale

    /// Bodies and what a bare loop needs of the same offers.
    private struct Samples {
        var drafts: [Draft] = []
        var bodies: [[UInt8]] = []
        var digests: [Bytes32] = []
        var digestBytes: [[UInt8]] = []
        var signatures: [secp256k1_ecdsa_recoverable_signature] = []
    }

    /// Slices of each kind of work alternate, so that a clock that drifts or a neighbour hits all alike; each is
    /// timed by the processor time of this thread.
    func run() throws -> Report {
        guard let context = secp256k1_context_create(UInt32(SECP256K1_CONTEXT_NONE)) else {
            throw BenchmarkFailure("libsecp256k1 makes no context")
        }
        defer { secp256k1_context_destroy(context) }
        let samples = try samples(context)
        let (slice, rounds) = (50, scale(1_200, quick: 40))
        var full: UInt64 = 0
        var bare: UInt64 = 0
        var decode: UInt64 = 0
        var hash: UInt64 = 0
        var recover: UInt64 = 0
        for round in -4..<rounds {
            try Interrupt.check()
            if round == 0 { (full, bare, decode, hash, recover) = (0, 0, 0, 0, 0) }
            let first = (round + 4) * slice % samples.bodies.count
            let range = first..<(first + slice)
            full += try timed { try verify(samples, range) }
            bare += try timed { try recoverBare(samples, range, context) }
            // The parts take fewer rounds: they are only there to show where the time goes.
            guard round % 4 == 0 else { continue }
            decode += try timed { for index in range { _ = try Draft.parse(samples.bodies[index]) } }
            hash += timed { hashAll(samples, range) }
            recover += try timed { try recoverChecked(samples, range) }
        }
        let count = Double(slice * rounds)
        let perSecond = { (nanoseconds: UInt64) in count / Double(nanoseconds) * 1e9 }
        let micros = { (nanoseconds: UInt64) in Double(nanoseconds) / Double(slice * ((rounds + 3) / 4)) / 1e3 }
        return Report(figures: [
            Figure(
                section: .verify, what: "full verification, one core", measured: perSecond(full), unit: "offers/s",
                peer: ("bare C recover loop", perSecond(bare)), wanted: .ratio(0.85)),
            Figure(section: .verify, what: "of which: decode the body", measured: micros(decode), unit: "µs"),
            Figure(section: .verify, what: "of which: struct hash and digest", measured: micros(hash), unit: "µs"),
            Figure(
                section: .verify, what: "of which: recover the signer", measured: micros(recover), unit: "µs",
                peer: ("bare C recover", Double(bare) / count / 1e3)),
        ])
    }

    private func samples(_ context: OpaquePointer) throws -> Samples {
        var samples = Samples()
        let offers = SampleOffers()
        for draft in (0..<1_000).map({ offers.draft($0) }) {
            var signature = secp256k1_ecdsa_recoverable_signature()
            let parsed = secp256k1_ecdsa_recoverable_signature_parse_compact(
                context, &signature, draft.signature, Int32(draft.signature[64]) - 27)
            guard parsed == 1 else { throw BenchmarkFailure("a signature of ours does not parse") }
            samples.drafts.append(draft)
            samples.bodies.append(draft.body)
            samples.digests.append(SampleOffers.deployment.digest(draft.offer))
            samples.digestBytes.append(SampleOffers.deployment.digest(draft.offer).array)
            samples.signatures.append(signature)
        }
        return samples
    }

    private func timed(_ body: () throws -> Void) rethrows -> UInt64 {
        let begin = Clock.thread()
        try body()
        return Clock.thread() - begin
    }

    private func verify(_ samples: Samples, _ range: Range<Int>) throws {
        for index in range {
            let draft = try Draft.parse(samples.bodies[index])
            _ = try SignedOffer.verify(draft, deployment: SampleOffers.deployment, diagnosing: false)
        }
    }

    private func recoverBare(_ samples: Samples, _ range: Range<Int>, _ context: OpaquePointer) throws {
        var key = secp256k1_pubkey()
        try samples.signatures.withUnsafeBufferPointer { signatures in
            for index in range {
                let code = samples.digestBytes[index].withUnsafeBufferPointer { digest in
                    digest.baseAddress.map {
                        secp256k1_ecdsa_recover(context, &key, signatures.baseAddress! + index, $0)
                    }
                }
                guard code == 1 else { throw BenchmarkFailure("a signature of ours does not recover") }
            }
        }
    }

    private func recoverChecked(_ samples: Samples, _ range: Range<Int>) throws {
        for index in range {
            let draft = samples.drafts[index]
            let signer = try Signature(parsing: draft.signature).recover(digest: samples.digests[index])
            guard signer == draft.offer.writer else {
                throw BenchmarkFailure("a signature of ours recovers to another")
            }
        }
    }

    /// Looks at each hash, lest the optimiser leave the work out.
    private func hashAll(_ samples: Samples, _ range: Range<Int>) {
        for index in range {
            let hashes = SampleOffers.deployment.hashes(samples.drafts[index].offer)
            precondition(hashes.offerHash == samples.digests[index])
        }
    }
}
