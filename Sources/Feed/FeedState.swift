import Exchange
import Synchronization

/// What all event loops read of the hub: where messages come from, what was said lately, who is interested in what.
final class FeedState: Sendable {
    let limits: FeedLimits
    let books: Books
    let tokens: TokenList
    let prices: PriceBoard?
    let products: (any ProductDesk)?
    let server: String
    let recent: Mutex<RecentChanges>
    private let follower = Mutex<PositionFollower?>(nil)
    /// Subscriptions on all loops together, by channel: what nobody reads is not encoded.
    private let interest = Mutex<[ChannelName: Int]>([:])

    init(
        limits: FeedLimits, books: Books, tokens: TokenList, prices: PriceBoard?, products: (any ProductDesk)?,
        server: String
    ) {
        self.limits = limits
        self.books = books
        self.tokens = tokens
        self.prices = prices
        self.products = products
        self.server = server
        recent = Mutex(RecentChanges(start: books.appliedSeq, rows: limits.recentRows))
    }

    /// Who tells options and settlements; nil where nobody does.
    var positions: PositionFollower? { follower.withLock { $0 } }

    /// From now on `follower` tells options and settlements.
    func follow(_ follower: PositionFollower) { self.follower.withLock { $0 = follower } }

    /// The log's life, 16 hex digits.
    var epoch: String { books.loadedHead.epochText }

    /// Notes one more subscription. Must come before its first message is made: what is published from then on comes
    /// as well.
    func join(_ channel: ChannelName) { interest.withLock { $0[channel, default: 0] += 1 } }

    /// Notes one subscription less.
    func leave(_ channel: ChannelName) {
        interest.withLock { interest in
            let count = (interest[channel] ?? 1) - 1
            interest[channel] = count > 0 ? count : nil
        }
    }

    /// Subscriptions of all clients together.
    var subscriptions: Int { interest.withLock { $0.values.reduce(0, +) } }

    /// Those of `channels` that somebody reads.
    func wanted(_ channels: [ChannelName]) -> [ChannelName] {
        interest.withLock { interest in channels.filter { interest[$0] != nil } }
    }
}
