import Ethereum
import Market

/// Cancels: by the names of offers, and by time.
extension CommitPlan {
    mutating func record(_ cancel: VerifiedCancel, isImported: Bool = false) -> WriteResult {
        switch cancel.message {
        case .offers(let hashes):
            // It was accepted elsewhere, before the other's offer that it names: there it bites nobody.
            if !isImported, let foreign = hashes.first(where: { isForeign($0, to: cancel.signer) }) {
                return .rejected(Self.refusal(of: cancel, naming: foreign))
            }
            let before = state.head.seq
            let results = hashes.map { cancelOne($0, by: cancel) }
            if state.head.seq > before { keep(cancel) }
            return .cancelled(results, headSeq: state.head.seq)
        case .all(let writer, let issuedBefore): return raiseWatermark(of: writer, to: issuedBefore, by: cancel)
        }
    }

    private func isForeign(_ hash: Bytes32, to signer: Address) -> Bool {
        state.offers[hash].map { $0.offer.writer != signer } ?? false
    }

    private static func refusal(of cancel: VerifiedCancel, naming foreign: Bytes32) -> Rejection {
        Rejection(
            .signature, code: "not_the_writer", field: "offerHashes",
            detail: "Offer \(foreign.hex) is another writer's; the message was signed by "
                + "\(cancel.signer.checksummed). Nothing was cancelled.")
    }

    private mutating func cancelOne(_ hash: Bytes32, by cancel: VerifiedCancel) -> CancelResult {
        let tombstone = LockedState.Tombstone(offerHash: hash, signer: cancel.signer)
        let recordedAt = state.tombstones[tombstone]
        guard let offer = state.offers[hash], offer.offer.writer == cancel.signer else {
            let seq = recordedAt ?? recordTombstone(tombstone, digest: cancel.digest)
            return CancelResult(offerHash: hash, status: .tombstoned, seq: seq)
        }
        guard let closed = offer.closed else {
            let seq = close(offer, .offerCancelled, reason: .cancelled)
            remember(tombstone, digest: cancel.digest, seq: seq)
            return CancelResult(offerHash: hash, status: .cancelled, seq: seq)
        }
        if closed.reason == .cancelled {
            // A cancel on chain is undone with its block, this one never.
            if state.chain.closedByChain.contains(hash), recordedAt == nil {
                _ = recordTombstone(tombstone, digest: cancel.digest)
            }
            return CancelResult(offerHash: hash, status: .alreadyCancelled, seq: closed.seq)
        }
        let seq = recordedAt ?? recordTombstone(tombstone, digest: cancel.digest)
        return CancelResult(offerHash: hash, status: closed.reason == .expired ? .expired : .filled, seq: seq)
    }

    private mutating func recordTombstone(_ tombstone: LockedState.Tombstone, digest: Bytes32) -> UInt64 {
        let seq = append(
            .cancelRecorded, about: tombstone.offerHash.hex, data: #"{"signer":"\#(tombstone.signer.checksummed)"}"#)
        remember(tombstone, digest: digest, seq: seq)
        return seq
    }

    private mutating func remember(_ tombstone: LockedState.Tombstone, digest: Bytes32, seq: UInt64) {
        guard state.tombstones[tombstone] == nil else { return }
        state.tombstones[tombstone] = seq
        cancellations.append(
            Cancellation(offerHash: tombstone.offerHash, signer: tombstone.signer, digest: digest, seq: seq))
    }

    private mutating func raiseWatermark(
        of writer: Address, to issuedBefore: UInt64, by cancel: VerifiedCancel
    ) -> WriteResult {
        if let old = state.watermarks[writer], old >= issuedBefore {
            return .cancelled([], headSeq: state.head.seq)
        }
        state.watermarks[writer] = issuedBefore
        let seq = append(
            .cancelAllRecorded, about: writer.checksummed, data: #"{"issuedBefore":"\#(issuedBefore)"}"#)
        watermarks.append(
            Watermark(writer: writer, issuedBefore: issuedBefore, digest: cancel.digest, seq: seq))
        let caught = state.offers.values
            .filter {
                $0.offer.writer == writer && $0.closed == nil && $0.createdAtMicros < Self.micros(issuedBefore)
            }
            .sorted { $0.seq < $1.seq }
        let results = caught.map { offer in
            CancelResult(
                offerHash: offer.offerHash, status: .cancelled,
                seq: close(offer, .offerCancelled, reason: .cancelled))
        }
        keep(cancel)
        return .cancelled(results, headSeq: state.head.seq)
    }

    /// Keeps the signed message as evidence, once.
    private mutating func keep(_ cancel: VerifiedCancel) {
        guard !cancelMessages.contains(where: { $0.cancel.digest == cancel.digest }) else { return }
        cancelMessages.append((cancel, state.head.seq))
    }
}
