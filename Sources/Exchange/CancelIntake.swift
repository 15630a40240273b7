public import Market

/// Takes signed cancels in: signature, then the commit queue.
public struct CancelIntake: Sendable {
    private let deployment: Deployment
    private let queue: CommitQueue
    private let judge: SignatureJudge
    private let now: @Sendable () -> UInt64

    /// An intake by the clock `now` (unix seconds); `judge` decides what is no plain key's.
    public init(
        deployment: Deployment, queue: CommitQueue, judge: SignatureJudge, now: @escaping @Sendable () -> UInt64
    ) {
        self.deployment = deployment
        self.queue = queue
        self.judge = judge
        self.now = now
    }

    /// Records a cancel and waits until it binds; the verified message and the result.
    /// - Throws: the rule that the message breaks.
    public func cancel(_ draft: CancelDraft) async throws(Rejection) -> (VerifiedCancel, WriteResult) {
        let cancel = try await verified(draft)
        return (cancel, await queue.write(.cancel(cancel)))
    }

    private func verified(_ draft: CancelDraft) async throws(Rejection) -> VerifiedCancel {
        let claim = judge.servesWallets ? draft.claim(deployment) : nil
        do throws(Rejection) {
            return try VerifiedCancel.verify(draft, deployment: deployment, now: now(), diagnosing: claim == nil)
        } catch {
            guard let claim else { throw error }
            do throws(Rejection) {
                let approval = try await judge.approval(of: claim, refusal: error)
                if let cancel = VerifiedCancel.affirmed(draft, deployment: deployment, by: approval) { return cancel }
            } catch let refusal {
                // There is no contract: a diagnosis helps then.
                if refusal == error { return try VerifiedCancel.verify(draft, deployment: deployment, now: now()) }
                throw refusal
            }
            throw error
        }
    }
}
