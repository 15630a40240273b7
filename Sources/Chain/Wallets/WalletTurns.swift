import Ethereum
import Exchange
import Market

/// Whose turn it is: of the same question only one is on its way, of one wallet a few, of all so many, and a bounded
/// number wait. Pure: it hands out turns and says who is to go on.
struct WalletTurns<Caller> {
    /// Calls on their way.
    static var most: Int { 32 }
    /// Of them for one wallet.
    static var mostOfWallet: Int { 4 }
    /// Questions that wait for their turn.
    static var mostWaiting: Int { 512 }
    /// Of them for one wallet.
    static var mostWaitingOfWallet: Int { 128 }

    /// What becomes of a question.
    enum Turn {
        /// The caller asks the node, and calls `ended` with the answer.
        case yours
        /// The caller is resumed later, with its turn or with another's answer.
        case wait
        /// Too many wait.
        case refused
    }

    private var underway: [WalletAnswers.Key: [Caller]] = [:]
    private var queue: [(key: WalletAnswers.Key, caller: Caller)] = []
    private var underwayOf: [Address: Int] = [:]
    private var waitingOf: [Address: Int] = [:]

    /// Takes a turn for `key`.
    mutating func take(_ key: WalletAnswers.Key, _ caller: Caller) -> Turn {
        if underway[key] != nil {
            guard admitsWaiting(key.wallet) else { return .refused }
            underway[key]?.append(caller)
            waitingOf[key.wallet, default: 0] += 1
            return .wait
        }
        if mayStart(key) {
            start(key)
            return .yours
        }
        guard admitsWaiting(key.wallet) else { return .refused }
        queue.append((key, caller))
        waitingOf[key.wallet, default: 0] += 1
        return .wait
    }

    /// A question has its answer: who hears it, and whose turn it is now.
    mutating func ended(_ key: WalletAnswers.Key) -> (hearing: [Caller], starting: [Caller]) {
        var hearing = underway.removeValue(forKey: key) ?? []
        lower(&underwayOf, key.wallet, by: 1)
        // Those that wait with the same question have their answer too.
        hearing += queue.filter { $0.key == key }.map(\.caller)
        queue.removeAll { $0.key == key }
        lower(&waitingOf, key.wallet, by: hearing.count)
        var starting: [Caller] = []
        var rest: [(key: WalletAnswers.Key, caller: Caller)] = []
        for item in queue {
            if underway[item.key] != nil {
                underway[item.key]?.append(item.caller)
            } else if mayStart(item.key) {
                start(item.key)
                lower(&waitingOf, item.key.wallet, by: 1)
                starting.append(item.caller)
            } else {
                rest.append(item)
            }
        }
        queue = rest
        return (hearing, starting)
    }

    private func mayStart(_ key: WalletAnswers.Key) -> Bool {
        underway.count < Self.most && underwayOf[key.wallet, default: 0] < Self.mostOfWallet
    }

    private mutating func start(_ key: WalletAnswers.Key) {
        underway[key] = []
        underwayOf[key.wallet, default: 0] += 1
    }

    private func admitsWaiting(_ wallet: Address) -> Bool {
        waitingOf.values.reduce(0, +) < Self.mostWaiting && waitingOf[wallet, default: 0] < Self.mostWaitingOfWallet
    }

    private func lower(_ counts: inout [Address: Int], _ wallet: Address, by number: Int) {
        let left = counts[wallet, default: 0] - number
        counts[wallet] = left > 0 ? left : nil
    }
}
