import Ethereum
import Exchange
import Market

/// What the readers of options and settlements were told so far, and so what is news to them. A pure state machine.
struct PositionTable {
    /// What became of an option for one address.
    enum Operation: String {
        /// The address has it now, or wrote it.
        case add
        /// It is another than before.
        case update
        /// It is not this address's any more, or its take was undone.
        case remove
    }

    /// One message.
    enum News {
        case option(Address, Operation, OptionState)
        case settlement(StoredSettlement)
    }

    private var options: [Address: [UInt256: OptionState]] = [:]
    /// By option: the addresses in `options` that have it.
    private var owners: [UInt256: Set<Address>] = [:]
    private var settlements: [UInt256: StoredSettlement?] = [:]

    /// Whether anybody follows anything.
    var isEmpty: Bool { options.isEmpty && settlements.isEmpty }

    /// The options of `address` as they were just read, for a reader who begins.
    /// - Returns: what those who read already have not heard of yet.
    mutating func begin(_ address: Address, _ rows: [OptionState]) -> [News] {
        let now = Dictionary(rows.map { ($0.taken.tokenId, $0) }, uniquingKeysWith: { $1 })
        defer {
            forget(address)
            options[address] = now
            for tokenId in now.keys { owners[tokenId, default: []].insert(address) }
        }
        guard let known = options[address] else { return [] }
        let gone = known.filter { now[$0.key] == nil }.map { News.option(address, .remove, $0.value) }
        let changed = rows.compactMap { row -> News? in
            let old = known[row.taken.tokenId]
            return old == row ? nil : .option(address, old == nil ? .add : .update, row)
        }
        return Self.sorted(gone + changed)
    }

    /// The settlement of `tokenId` as it was just read; nil when there is none.
    /// - Returns: what those who read already have not heard of yet.
    mutating func begin(_ tokenId: UInt256, _ stored: StoredSettlement?) -> [News] {
        defer { settlements[tokenId] = .some(stored) }
        guard let known = settlements[tokenId], known != stored, let stored else { return [] }
        return [.settlement(stored)]
    }

    /// Options and settlements that changed, as they were just read.
    mutating func take(_ positions: Positions) -> [News] {
        var news: [News] = []
        for option in positions.options {
            let tokenId = option.taken.tokenId
            let isThere = option.status != .reverted
            let own = Set([option.holder, option.terms?.writer].compactMap(\.self)).filter { options[$0] != nil }
            let had = owners[tokenId] ?? []
            let has = isThere ? own : []
            for address in had.subtracting(has) {
                news.append(.option(address, .remove, option))
                options[address]?[tokenId] = nil
            }
            for address in has {
                guard let old = options[address]?.updateValue(option, forKey: tokenId) else {
                    news.append(.option(address, .add, option))
                    continue
                }
                if old != option { news.append(.option(address, .update, option)) }
            }
            owners[tokenId] = has.isEmpty ? nil : has
        }
        for stored in positions.settlements {
            guard let known = settlements[stored.settlement.tokenId], known != stored else { continue }
            settlements[stored.settlement.tokenId] = .some(stored)
            news.append(.settlement(stored))
        }
        return Self.sorted(news)
    }

    /// Forgets what nobody reads.
    mutating func keep(_ isRead: (ChannelName) -> Bool) {
        for address in options.keys where !isRead(.options(address)) {
            forget(address)
            options[address] = nil
        }
        settlements = settlements.filter { isRead(.settlement($0.key)) }
    }

    private mutating func forget(_ address: Address) {
        for tokenId in (options[address] ?? [:]).keys {
            owners[tokenId]?.remove(address)
            if owners[tokenId]?.isEmpty == true { owners[tokenId] = nil }
        }
    }

    /// In the log's order, and where that is the same by number.
    private static func sorted(_ news: [News]) -> [News] {
        func key(_ news: News) -> (UInt64, UInt256) {
            switch news {
            case .option(_, _, let option): (option.seq, option.taken.tokenId)
            case .settlement(let stored): (stored.seq, stored.settlement.tokenId)
            }
        }
        return news.sorted { key($0) < key($1) }
    }
}
