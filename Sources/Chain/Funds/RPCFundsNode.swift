public import Ethereum
public import Exchange
import Market
import StrictJSON

/// Asks tokens over JSON-RPC: one `eth_call` a pair (see `FundsProbe`), many in one request.
public struct RPCFundsNode: FundsNode {
    /// Pairs of one request; with the block's header it is the client's largest.
    static let pairsOfRequest = RPCClient.largestBatch - 1

    private let rpc: RPCClient
    private let spender: Address

    /// Through a client of its own: what tokens do turns nobody else to another node.
    /// - Parameter spender: the protocol's contract, which moves collateral.
    public init(rpc: RPCClient, spender: Address) {
        self.rpc = rpc
        self.spender = spender
    }

    /// One answer a pair, in order, all of one block.
    /// - Throws: `NodeFailure`; `inconsistent` when the block at that height is another one by now.
    public func funds(of pairs: [FundingPair], at block: FundsBlock?) async throws -> [FundsAnswer] {
        var answers: [FundsAnswer] = []
        answers.reserveCapacity(pairs.count)
        for start in stride(from: 0, to: pairs.count, by: Self.pairsOfRequest) {
            answers += try await ask(Array(pairs[start..<min(start + Self.pairsOfRequest, pairs.count)]), block)
        }
        return answers
    }

    /// The calls and the block's header in one request: by its height alone a block could be another than meant.
    private func ask(_ pairs: [FundingPair], _ block: FundsBlock?) async throws(NodeFailure) -> [FundsAnswer] {
        let height = block.map { RPCWalletNode.quantity($0.number) } ?? "latest"
        var calls = pairs.map { pair in
            let probe = FundsProbe(token: pair.token, owner: pair.writer, spender: spender)
            return RPCWalletNode.call(probe.data, gas: probe.gas, at: height)
        }
        if block != nil { calls.append(RPCWalletNode.header(height)) }
        let results = try await rpc.call(calls)
        if let block {
            let found = try RPCWalletNode.block(try results[pairs.count].mapError { NodeFailure.refused($0) }.get())
            guard found == WalletBlock(number: block.number, hash: block.hash) else {
                throw .inconsistent("block \(block.number) is not what it was a moment ago")
            }
        }
        return zip(pairs, results).map { Self.answer($0, $1) }
    }

    private static func answer(_ pair: FundingPair, _ result: Result<JSONValue, RPCError>) -> FundsAnswer {
        guard case .success(let value) = result, let bytes = value.data, let found = FundsProbe.answer(bytes) else {
            return .unanswered
        }
        switch found {
        case .funds(let balance, let allowance): return .funds(Funds(balance: balance, allowance: allowance))
        case .noCode:
            return .unknown(
                "there is no contract at \(pair.token.checksummed), so nobody can say what a writer has of it.")
        case .garbled:
            return .unknown(
                "\(pair.token.checksummed) does not answer balanceOf and allowance as an ERC-20 token does.")
        }
    }
}
