import Ethereum

/// How long each address may keep the node busy. Pure: durations and moments go in.
///
/// Only what passes the time that any call takes is charged, so a wallet that answers quickly never runs out, however
/// often strangers ask in its name; one that burns all the gas it gets soon does.
struct WalletBudget {
    /// What one address may use at once.
    static let most = Duration.seconds(6)
    /// What comes back each second.
    static let refill = Duration.milliseconds(200)
    /// What an answer costs that is too large to be read, however quickly it comes.
    static let tooLarge = Duration.seconds(2)
    /// What any call may take for nothing.
    static let free = Duration.milliseconds(250)
    /// Addresses that are remembered; those that used least are forgotten first.
    static let capacity = 10_000

    private struct Account {
        var used: Duration
        var at: ContinuousClock.Instant
    }

    private var accounts: [Address: Account] = [:]

    /// Whether an address may ask now.
    func admits(_ wallet: Address, now: ContinuousClock.Instant) -> Bool {
        used(wallet, now: now) < Self.most
    }

    /// Charges a call that took so long.
    mutating func charge(_ wallet: Address, _ duration: Duration, now: ContinuousClock.Instant) {
        guard duration > Self.free else { return }
        if accounts.count >= Self.capacity { accounts = accounts.filter { used($0.key, now: now) >= Self.most } }
        accounts[wallet] = Account(used: used(wallet, now: now) + duration, at: now)
    }

    private func used(_ wallet: Address, now: ContinuousClock.Instant) -> Duration {
        guard let account = accounts[wallet] else { return .zero }
        let seconds = Double((now - account.at) / .seconds(1))
        return max(.zero, account.used - Self.refill * seconds)
    }
}
