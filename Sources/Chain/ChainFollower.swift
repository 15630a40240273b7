public import Ethereum
public import Exchange
public import Logging
import Market
public import ServiceLifecycle
import Synchronization

/// Follows the protocol contract: headers by parent hash, logs by block hash, old blocks in ranges; every step is one
/// update through the commit queue, in which the cursor moves with the effects. Only the leader follows.
public final class ChainFollower: Service {
    /// How it follows.
    public struct Settings: Sendable {
        /// Blocks on top of a take's, its own counted, after which it is confirmed.
        public let confirmations: UInt64
        /// Where to begin on an empty database; nil: at the latest block.
        public let startBlock: UInt64?
        /// How long to wait at the head.
        public let pollInterval: Duration

        /// As configured.
        public init(confirmations: UInt64, startBlock: UInt64?, pollInterval: Duration) {
            self.confirmations = confirmations
            self.startBlock = startBlock
            self.pollInterval = pollInterval
        }
    }

    /// Blocks below the head that are followed one by one; what lies deeper is read in ranges.
    static let window = UInt64(FollowedChain.deepestReorg)
    /// Blocks of one step at the head.
    static let stride: UInt64 = 32
    /// Events of one transaction.
    static let largestUpdate = 1_000
    /// Looks in a row at a shorter chain without another block in it, until it counts as a reorg: before, the node may lag.
    static let patience = 10

    let node: any ChainNode
    let store: any ChainStore
    let write: @Sendable (ChainUpdate) async -> WriteResult
    let leadership: any Leadership
    let contract: Address
    let settings: Settings
    let logger: Logger
    let probe: BloomProbe
    private let nowMicros: @Sendable () -> Int64
    private let shared = Mutex(FollowerStatus())

    /// A follower of `contract` on `node` that hands its updates to `write`.
    public init(
        node: any ChainNode, store: any ChainStore, leadership: any Leadership, contract: Address, settings: Settings,
        nowMicros: @escaping @Sendable () -> Int64, logger: Logger,
        write: @escaping @Sendable (ChainUpdate) async -> WriteResult
    ) {
        self.node = node
        self.store = store
        self.write = write
        self.leadership = leadership
        self.contract = contract
        self.settings = settings
        self.nowMicros = nowMicros
        self.logger = logger
        probe = BloomProbe(contract: contract)
    }

    /// How it goes.
    public var status: FollowerStatus { shared.withLock { $0 } }

    /// Follows until shutdown, while this process leads.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            var walk = ChainWalk()
            while !Task.isCancelled {
                if await self.step(&walk) { try? await Task.sleep(for: self.settings.pollInterval) }
            }
        }
    }

    /// One step: at most one update. True when there is nothing more to do for the moment.
    public func step(_ walk: inout ChainWalk) async -> Bool {
        guard let epoch = leadership.epoch else {
            walk = ChainWalk()
            tell { $0.phase = .standby }
            return true
        }
        do {
            let begin = nowMicros()
            let isDone = try await advance(&walk, epoch: epoch)
            if walk.isStopped { return true }
            tell { status in
                status.problem = nil
                status.cursor = walk.chain?.cursor
                status.phase = isDone ? .following : walk.isFar ? .catchingUp : status.phase
                if isDone { (status.atHeadMicros, status.appliedThroughMicros) = (self.nowMicros(), begin) }
            }
            return isDone
        } catch {
            // What is stored is read again.
            walk.chain = nil
            let phase: FollowerStatus.Phase
            if case .wrongChain? = error as? NodeFailure { phase = .wrongChain } else { phase = .failing }
            logger.warning("the chain cannot be followed", metadata: ["error": "\(error)"])
            tell { status in
                status.phase = phase
                status.problem = "\(error)"
            }
            return true
        }
    }

    func tell(_ change: (inout FollowerStatus) -> Void) { shared.withLock { change(&$0) } }
}

/// What the follower remembers between its steps; lost, it is read again from the database.
public struct ChainWalk: Sendable {
    /// The followed headers; nil until they are read.
    var chain: FollowedChain?
    var range = LogRange()
    /// The next range, looked up beforehand.
    var ahead: FetchedRange?
    /// Whether the last step read a range.
    var isFar = false
    /// Whether a reorg was too deep; the cursor at which it was.
    var isStopped = false
    var stoppedAt: Bytes32?
    /// Looks at a chain that is shorter than what was followed.
    var shorter = 0
    /// Blocks whose Bloom filter tells of events that their logs lack, and how often they were asked again.
    var doubts: [Bytes32: Int] = [:]

    /// Nothing remembered.
    public init() {}
}
