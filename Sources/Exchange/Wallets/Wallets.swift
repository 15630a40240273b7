public import Market

/// Asks contract wallets whether they signed (EIP-1271, ERC-6492). `Chain` is its one implementation.
public protocol Wallets: Sendable {
    /// What the wallet says at the newest block; answers within a few seconds whatever the wallet does.
    /// - Parameter since: what is no approval is of a block that was the newest at this moment or later: who has just
    ///   deployed a wallet is not told that there is none. Nil where a block known a moment ago does.
    func answer(_ claim: WalletClaim, since: ContinuousClock.Instant?) async -> WalletAnswer
    /// What is known of it without asking, if anything.
    func known(_ claim: WalletClaim) -> KnownWallet?
}

/// What became of asking a wallet.
public enum WalletAnswer: Sendable, Hashable {
    /// It signed.
    case signed(WalletApproval)
    /// There is a contract, and it says that it did not sign, or nothing that is understood.
    case refused
    /// There is no contract at the address.
    case noCode
    /// Nobody could be asked, or there was no answer in time.
    case unknown
    /// This wallet's checks have used up what one address is given; later ones are answered again.
    case exhausted
}

/// An answer that was given before.
public struct KnownWallet: Sendable, Hashable {
    /// What it said.
    public let answer: WalletAnswer
    /// Whether that was at the newest block.
    public let isCurrent: Bool
    /// How long ago it was given.
    public let age: Duration

    /// An answer, and how old it is.
    public init(answer: WalletAnswer, isCurrent: Bool, age: Duration) {
        self.answer = answer
        self.isCurrent = isCurrent
        self.age = age
    }
}
