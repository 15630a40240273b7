public import Market

/// Takes signed cancels in: signature, then the commit queue.
public struct CancelIntake: Sendable {
    private let deployment: Deployment
    private let queue: CommitQueue
    private let now: @Sendable () -> UInt64

    /// An intake by the clock `now` (unix seconds).
    public init(deployment: Deployment, queue: CommitQueue, now: @escaping @Sendable () -> UInt64) {
        self.deployment = deployment
        self.queue = queue
        self.now = now
    }

    /// Records a cancel and waits until it binds; the verified message and the result.
    /// - Throws: the rule that the message breaks.
    public func cancel(_ draft: CancelDraft) async throws(Rejection) -> (VerifiedCancel, WriteResult) {
        let cancel = try VerifiedCancel.verify(draft, deployment: deployment, now: now())
        return (cancel, await queue.write(.cancel(cancel)))
    }
}
