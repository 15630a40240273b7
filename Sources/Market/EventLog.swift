public import Ethereum

/// A log of an Ethereum receipt, as the chain has it.
public struct EventLog: Sendable, Hashable {
    /// The contract that emitted it.
    public let address: Address
    /// At most four.
    public let topics: [Bytes32]
    /// What is not indexed.
    public let data: [UInt8]

    /// A log as received.
    public init(address: Address, topics: [Bytes32], data: [UInt8]) {
        self.address = address
        self.topics = topics
        self.data = data
    }

    /// What a log turned out to be.
    public enum Reading: Sendable, Hashable {
        /// One of the events of protocol.md §8.
        case event(ProtocolEvent)
        /// Another contract's log, or an event that changes nothing here.
        case foreign
        /// It claims to be one of the events and is not built like it: kept apart for an operator.
        case garbled(ProtocolEvent.Name, reason: String)
    }

    /// Reads the log as one of `contract`'s events: address, number of topics and length of data are checked exactly, and
    /// an address must be padded with zeros.
    public func read(contract: Address) -> Reading {
        guard address == contract, let name = topics.first.flatMap(ProtocolEvent.Name.init(topic0:)) else {
            return .foreign
        }
        let shape = name.shape
        guard topics.count == 1 + shape.topics else {
            return .garbled(name, reason: "it has \(topics.count) topics, not \(1 + shape.topics)")
        }
        guard data.count == 32 * shape.words else {
            return .garbled(name, reason: "its data has \(data.count) bytes, not \(32 * shape.words)")
        }
        do throws(GarbledWord) {
            return .event(try event(name))
        } catch {
            return .garbled(name, reason: error.reason)
        }
    }

    private struct GarbledWord: Error {
        let reason: String
    }

    private func event(_ name: ProtocolEvent.Name) throws(GarbledWord) -> ProtocolEvent {
        switch name {
        case .optionTaken: .optionTaken(try taken())
        case .optionSettled:
            .optionSettled(tokenId: number(1), profit: UInt256(word(0)), settler: try address(word(1), "settler"))
        case .settlementInitiated:
            .settlementInitiated(tokenId: number(1), cowOrderHash: topics[2], minBuyAmount: UInt256(word(0)))
        case .settlementApproved:
            .settlementApproved(tokenId: number(1), approver: try address(topics[2], "approver"))
        case .settlementExecuted:
            .settlementExecuted(
                tokenId: number(1), proceedsReceived: UInt256(word(0)), settler: try address(topics[2], "settler"))
        case .offerCancelled: .offerCancelled(offerHash: topics[1], writer: try address(topics[2], "writer"))
        case .transfer:
            .transfer(from: try address(topics[1], "from"), to: try address(topics[2], "to"), tokenId: number(3))
        }
    }

    private func taken() throws(GarbledWord) -> ProtocolEvent.OptionTaken {
        let amount = UInt256(word(0))
        guard !amount.isZero else { throw GarbledWord(reason: "fillAmount is 0") }
        let days = UInt256(word(2))
        guard let duration = days.asUInt64.flatMap(UInt16.init(exactly:)), duration > 0 else {
            throw GarbledWord(reason: "duration is \(days), not 1 to 65535 days")
        }
        return .init(
            tokenId: number(1), offerHash: topics[2], taker: try address(topics[3], "taker"), fillAmount: amount,
            strikePrice: UInt256(word(1)), duration: duration)
    }

    private func number(_ topic: Int) -> UInt256 { UInt256(topics[topic]) }

    private func word(_ index: Int) -> Bytes32 { Bytes32(bytes: data[32 * index..<32 * index + 32]) ?? .zero }

    private func address(_ word: Bytes32, _ name: String) throws(GarbledWord) -> Address {
        guard let address = Address(word: word) else { throw GarbledWord(reason: "\(name) is no address") }
        return address
    }
}
