public import Ethereum
public import Exchange
public import Logging
public import ServiceLifecycle
import StrictJSON
import Synchronization

/// Reads the tokens' price feeds on the chain: `latestRoundData()` and `decimals()` of each, all in one request a poll. What
/// they say anchors the market, for every process; only the leader asks.
public final class PriceFeedReader: Service {
    /// A token's feed.
    public struct Feed: Sendable, Hashable {
        /// The token.
        public let token: Address
        /// What it is called.
        public let symbol: String
        /// The aggregator.
        public let contract: Address
        /// Within this time it says something new; after it the last answer is stale.
        public let heartbeat: Duration

        /// The feed of `token` at `contract`.
        public init(token: Address, symbol: String, contract: Address, heartbeat: Duration) {
            self.token = token
            self.symbol = symbol
            self.contract = contract
            self.heartbeat = heartbeat
        }
    }

    private let rpc: RPCClient
    private let feeds: [Feed]
    private let store: any MarketStore
    private let board: PriceBoard
    private let leadership: any Leadership
    private let pollInterval: Duration
    private let nowMillis: @Sendable () -> Int64
    private let logger: Logger
    /// What was recorded last, and what was said of each feed.
    private let last = Mutex<[Address: FeedRound]>([:])

    /// A reader of `feeds` through `rpc`, which records in `store` and tells `board` what is wrong.
    public init(
        rpc: RPCClient, feeds: [Feed], store: any MarketStore, board: PriceBoard, leadership: any Leadership,
        pollInterval: Duration, nowMillis: @escaping @Sendable () -> Int64, logger: Logger
    ) {
        self.rpc = rpc
        self.feeds = feeds
        self.store = store
        self.board = board
        self.leadership = leadership
        self.pollInterval = pollInterval
        self.nowMillis = nowMillis
        self.logger = logger
    }

    /// Reads until shutdown, while this process leads.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await self.poll()
                try? await Task.sleep(for: self.pollInterval)
            }
        }
    }

    /// Asks every feed once, when this process leads.
    public func poll() async {
        guard leadership.epoch != nil else {
            for feed in feeds { board.setFeedProblem(nil, of: feed.token) }
            return last.withLock { $0 = [:] }
        }
        let answers: [Result<JSONValue, RPCError>]
        do throws(NodeFailure) {
            answers = try await rpc.call(
                feeds.flatMap {
                    [Self.call($0.contract, FeedRound.latestRoundData), Self.call($0.contract, FeedRound.decimals)]
                })
        } catch {
            for feed in feeds { tell("\(error)", of: feed) }
            return
        }
        for (index, feed) in feeds.enumerated() {
            do {
                let data = try answers[2 * index...2 * index + 1].map { try Self.data($0) }
                try await take(FeedRound(round: data[0], decimals: data[1], nowMillis: nowMillis()), of: feed)
            } catch let refused as FeedRound.Refused {
                tell(refused.reason, of: feed)
            } catch {
                tell("its answer was not stored: \(error)", of: feed)
            }
        }
    }

    /// Records a round that is new here. A stale one as well: the feed's last word is better than a price made up, and its
    /// age is shown.
    private func take(_ round: FeedRound, of feed: Feed) async throws {
        if last.withLock({ $0[feed.token]?.round != round.round }) {
            _ = try await store.record(
                PriceObservation(
                    token: feed.token, priceE8: round.priceE8, observedAtMillis: round.updatedAtMillis, source: .feed))
            last.withLock { $0[feed.token] = round }
        }
        let age = Duration.milliseconds(nowMillis() - round.updatedAtMillis)
        let seconds = feed.heartbeat.components.seconds
        tell(
            age > feed.heartbeat ? "its last answer is older than its heartbeat of \(seconds) s" : nil, of: feed)
    }

    private func tell(_ problem: String?, of feed: Feed) {
        guard board.setFeedProblem(problem, of: feed.token) else { return }
        if let problem {
            logger.warning("a price feed is not usable", metadata: ["token": "\(feed.symbol)", "why": "\(problem)"])
        } else {
            logger.notice("a price feed is usable again", metadata: ["token": "\(feed.symbol)"])
        }
    }

    private static func data(_ answer: Result<JSONValue, RPCError>) throws(FeedRound.Refused) -> [UInt8] {
        switch answer {
        case .success(let value):
            guard let data = value.data else {
                throw FeedRound.Refused(reason: "the answer is not that of a price feed")
            }
            return data
        case .failure(let error): throw FeedRound.Refused(reason: "the node refuses the call: \(error.message)")
        }
    }

    private static func call(_ contract: Address, _ data: [UInt8]) -> RPCCall {
        RPCCall("eth_call") { json in
            json.beginObject()
            json.key("to")
            json.address(contract)
            json.key("data")
            json.string(Hex.encode(data))
            json.endObject()
            json.string("latest")
        }
    }
}
