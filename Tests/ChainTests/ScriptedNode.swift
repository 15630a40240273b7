import Chain
import Ethereum
import Exchange
import Market
import Synchronization

/// A chain that a test writes, and a node that shows it, with the faults the test asks for.
final class ScriptedNode: ChainNode {
    struct Block: Sendable {
        let header: ChainHeader
        let logs: [NodeLog]
        let bloom: [UInt8]
    }

    /// What the node does wrong.
    struct Faults: Sendable {
        /// Blocks at the head that it does not show.
        var lag = 0
        /// Times that a block's logs are answered as none.
        var emptyAnswers = 0
        /// Times that logs of the newest block are answered without the last.
        var shortAnswers = 0
        /// Every log comes twice.
        var duplicates = false
        /// Answers that fail.
        var failures = 0
        /// The longest range it answers.
        var longestRange: UInt64 = .max
    }

    struct State: Sendable {
        var blocks: [Block] = []
        var faults = Faults()
        var salt: UInt64 = 0
        var requests = 0
    }

    private let state: Mutex<State>

    init() {
        var start = State()
        start.blocks = [Self.block(number: 0, parent: .zero, salt: 0, transactions: [])]
        state = Mutex(start)
    }

    var tip: UInt64 { state.withLock { $0.blocks[$0.blocks.count - 1].header.number } }
    func fault(_ change: (inout Faults) -> Void) { state.withLock { change(&$0.faults) } }
    /// The transactions of a block.
    func transactions(at number: UInt64) -> [(tx: UInt64, events: [ProtocolEvent])] {
        state.withLock { state in
            let logs = state.blocks[Int(number)].logs
            return logs.compactMap { log in
                guard case .event(let event) = log.log.read(contract: deployment.verifyingContract) else { return nil }
                return (log.txNumber, [event])
            }
        }
    }

    /// Puts a block on top.
    func mine(_ transactions: [(tx: UInt64, logs: [EventLog])] = []) {
        state.withLock { state in
            state.salt += 1
            let parent = state.blocks[state.blocks.count - 1].header
            state.blocks.append(
                Self.block(number: parent.number + 1, parent: parent.hash, salt: state.salt, transactions: transactions)
            )
        }
    }

    /// Lets go of the last blocks.
    func drop(_ depth: Int) {
        state.withLock { $0.blocks.removeLast(min(depth, $0.blocks.count - 1)) }
    }

    private static func block(
        number: UInt64, parent: Bytes32, salt: UInt64, transactions: [(tx: UInt64, logs: [EventLog])]
    ) -> Block {
        let hash = Keccak256.hash(UInt256(salt).bigEndian.array)
        let header = ChainHeader(number: number, hash: hash, parentHash: parent, time: now + number * 12)
        var logs: [NodeLog] = []
        for transaction in transactions {
            for log in transaction.logs {
                logs.append(
                    NodeLog(
                        log: log, blockNumber: number, blockHash: hash,
                        txHash: UInt256(transaction.tx).bigEndian, logIndex: UInt32(logs.count)))
            }
        }
        return Block(header: header, logs: logs, bloom: bloom(logs))
    }

    // MARK: The node

    private func ask<Value>(_ body: (inout State) throws(NodeFailure) -> Value) throws(NodeFailure) -> Value {
        try state.withLock { (state) throws(NodeFailure) in
            state.requests += 1
            if state.faults.failures > 0 {
                state.faults.failures -= 1
                throw .unreachable("scripted")
            }
            return try body(&state)
        }
    }

    func head() async throws(NodeFailure) -> NodeHeader {
        try ask { state in
            NodeHeader(header: state.blocks[max(0, state.blocks.count - 1 - state.faults.lag)].header, bloom: [])
        }
    }

    func headers(at numbers: [UInt64]) async throws(NodeFailure) -> [NodeHeader?] {
        try ask { state in
            numbers.map { number in
                guard number < UInt64(max(1, state.blocks.count - state.faults.lag)) else { return nil }
                let block = state.blocks[Int(number)]
                return NodeHeader(header: block.header, bloom: block.bloom)
            }
        }
    }

    func logs(of blocks: [ChainHeader]) async throws(NodeFailure) -> [[NodeLog]] {
        try ask { (state) throws(NodeFailure) in
            var result: [[NodeLog]] = []
            for asked in blocks {
                guard asked.number < UInt64(state.blocks.count),
                    state.blocks[Int(asked.number)].header.hash == asked.hash
                else { throw .inconsistent("unknown block") }
                var logs = state.blocks[Int(asked.number)].logs
                if !logs.isEmpty, state.faults.emptyAnswers > 0 {
                    state.faults.emptyAnswers -= 1
                    logs = []
                } else if logs.count > 1, state.faults.shortAnswers > 0, asked.number == UInt64(state.blocks.count - 1)
                {
                    state.faults.shortAnswers -= 1
                    logs.removeLast()
                }
                result.append(state.faults.duplicates ? logs + logs : logs)
            }
            return result
        }
    }

    func logs(
        from first: UInt64, through last: UInt64
    ) async throws(NodeFailure) -> (logs: [NodeLog], last: NodeHeader) {
        try ask { (state) throws(NodeFailure) in
            if last - first >= state.faults.longestRange {
                throw .refused(RPCError(code: -32_005, message: "query returned more than 10000 results"))
            }
            guard last < UInt64(state.blocks.count) else { throw .inconsistent("no such block") }
            let blocks = state.blocks[Int(first)...Int(last)]
            return (blocks.flatMap(\.logs), NodeHeader(header: state.blocks[Int(last)].header, bloom: []))
        }
    }

    /// The Bloom filter of some logs (yellow paper, 4.3.1).
    static func bloom(_ logs: [NodeLog]) -> [UInt8] {
        var bloom = [UInt8](repeating: 0, count: 256)
        for item in logs.flatMap({ [$0.log.address.array] + $0.log.topics.map(\.array) }) {
            let hash = Keccak256.hash(item).array
            for index in [0, 2, 4] {
                let bit = (Int(hash[index]) << 8 | Int(hash[index + 1])) & 2047
                bloom[255 - bit / 8] |= 1 << UInt8(bit % 8)
            }
        }
        return bloom
    }
}

extension NodeLog {
    /// The number that the test gave the transaction.
    var txNumber: UInt64 { UInt256(txHash).asUInt64 ?? 0 }
}
