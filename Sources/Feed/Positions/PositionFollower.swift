import Ethereum
import Exchange
import Logging
import Market
import NIOCore
public import ServiceLifecycle
import StrictJSON
import Synchronization

/// Tells who holds and wrote which options, and how they are settled: woken by the log, it reads what changed. One task
/// reads for everybody, so that what a reader begins with and what it hears later are in one order.
public final class PositionFollower: Service {
    /// Options of one address that a subscription may have; who has more reads them by pages.
    private static let mostOptions = 10_000
    private static let page = 1_000
    /// Options looked at in one go.
    private static let batch = 500
    /// Between two tries while the database is away.
    private static let pause = Duration.milliseconds(250)

    /// What a reader begins with: its messages, and the position of the last one before them.
    typealias Beginning = Result<(stream: RowsStream, position: UInt64), Rejection>

    private struct Question {
        let channel: ChannelName
        let answer: @Sendable (Beginning) -> Void
    }

    private struct State {
        var questions: [Question] = []
        var changed: Set<UInt256> = []
    }

    private let state = Mutex(State())
    private let wake: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation
    private let store: any PositionStore
    private let feed: FeedState
    private let mark: @Sendable (OptionState) -> OptionMark?
    private let publish: @Sendable ([Publication]) -> Void
    private let logger: Logger

    init(
        store: any PositionStore, feed: FeedState, mark: @escaping @Sendable (OptionState) -> OptionMark?,
        publish: @escaping @Sendable ([Publication]) -> Void, logger: Logger
    ) {
        self.store = store
        self.feed = feed
        self.mark = mark
        self.publish = publish
        self.logger = logger
        (wake, waker) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// Asks for what a new reader of `channel` begins with; `answer` comes once, from any thread, in order with what is
    /// published.
    func begin(_ channel: ChannelName, answer: @escaping @Sendable (Beginning) -> Void) {
        state.withLock { $0.questions.append(Question(channel: channel, answer: answer)) }
        waker.yield()
    }

    /// These options are others than before, or their settlements are.
    func changed(_ tokenIds: Set<UInt256>) {
        state.withLock { $0.changed.formUnion(tokenIds) }
        waker.yield()
    }

    /// Follows until shutdown.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            var table = PositionTable()
            var position: UInt64 = 0
            for await _ in self.wake {
                await self.turn(&table, &position)
            }
        }
    }

    private func turn(_ table: inout PositionTable, _ position: inout UInt64) async {
        let questions = state.withLock { state in
            defer { state.questions = [] }
            return state.questions
        }
        table.keep { !feed.wanted([$0]).isEmpty }
        do {
            try await tellChanges(&table, &position)
        } catch {
            logger.debug("options cannot be read", metadata: ["error": "\(error)"])
            try? await Task.sleep(for: Self.pause)
            waker.yield()
        }
        for question in questions {
            do throws(Rejection) {
                question.answer(.success((try await beginning(question.channel, &table, &position), position)))
            } catch {
                question.answer(.failure(error))
            }
        }
    }

    private func tellChanges(_ table: inout PositionTable, _ position: inout UInt64) async throws {
        while true {
            let tokenIds = state.withLock { Array($0.changed.prefix(Self.batch)) }
            guard !tokenIds.isEmpty else { return }
            if !table.isEmpty { tell(table.take(try await store.positions(of: tokenIds)), &position) }
            state.withLock { $0.changed.subtract(tokenIds) }
        }
    }

    private func beginning(
        _ channel: ChannelName, _ table: inout PositionTable, _ position: inout UInt64
    ) async throws(Rejection) -> RowsStream {
        do {
            switch channel {
            case .options(let address):
                let (rows, headSeq) = try await options(of: address)
                tell(table.begin(address, rows), &position)
                let mark = mark
                return RowsStream(channel, epoch: feed.epoch, seq: headSeq, count: rows.count) { place, json in
                    json.beginObject()
                    OptionJSON.encodeFields(rows[place], mark: mark(rows[place]), to: &json)
                    json.endObject()
                }
            case .settlement(let tokenId):
                let positions = try await store.positions(of: [tokenId])
                tell(table.begin(tokenId, positions.settlements.first), &position)
                let rows = positions.settlements
                return RowsStream(channel, epoch: feed.epoch, seq: positions.headSeq, count: rows.count) {
                    SettlementJSON.encode(rows[$0], to: &$1)
                }
            default: preconditionFailure("only options and settlements are asked for")
            }
        } catch let rejection as Rejection {
            throw rejection
        } catch {
            throw Rejection(
                .unavailable, code: "database_unavailable", field: "channel",
                detail: "The database does not answer. Subscribe again shortly.")
        }
    }

    private func options(of address: Address) async throws -> (rows: [OptionState], headSeq: UInt64) {
        var filter = OptionFilter()
        filter.party = address
        let first = try await store.options(matching: filter, after: nil, limit: Self.page)
        var (rows, next) = (first.options, first.nextToken)
        while let token = next {
            guard rows.count < Self.mostOptions else {
                throw Rejection(
                    .tooMany, code: "too_many_options", field: "channel",
                    detail:
                        "The address has more than \(Self.mostOptions) options; read them page by page: GET /options.")
            }
            let more = try await store.options(matching: filter, after: token, limit: Self.page)
            rows += more.options
            next = more.nextToken
        }
        return (rows, first.headSeq)
    }

    private func tell(_ news: [PositionTable.News], _ position: inout UInt64) {
        var publications: [Publication] = []
        for piece in news {
            position += 1
            switch piece {
            case .option(let address, let operation, let option):
                let channel = ChannelName.options(address)
                let bytes = ServerMessage.optionUpdate(channel.text, operation, option, mark: mark(option))
                publications.append(Publication(channel: channel, position: position, frame: Frame.text(bytes)))
            case .settlement(let stored):
                let channel = ChannelName.settlement(stored.settlement.tokenId)
                let bytes = ServerMessage.settlementUpdate(channel.text, stored)
                publications.append(Publication(channel: channel, position: position, frame: Frame.text(bytes)))
            }
        }
        publish(publications)
    }
}
