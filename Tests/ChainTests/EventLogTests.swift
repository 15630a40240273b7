import Ethereum
import Market
import StrictJSON
import Testing

@Suite struct EventLogTests {
    static let events: [ProtocolEvent] = [
        taken(3, of: word(1), amount: 7),
        .optionSettled(tokenId: 3, profit: 5, settler: address(8)),
        .settlementInitiated(tokenId: 3, cowOrderHash: word(2), minBuyAmount: 9),
        .settlementApproved(tokenId: 3, approver: address(8)),
        .settlementExecuted(tokenId: 3, proceedsReceived: 9, settler: address(8)),
        .offerCancelled(offerHash: word(1), writer: address(1)),
        .transfer(from: .zero, to: address(9), tokenId: 3),
    ]

    @Test(arguments: [
        (ProtocolEvent.Name.optionTaken, "0x151aea2aa4710bfcaabd8f1e97a454282f679091c1534f93f39763cb38b83cc0"),
        (.optionSettled, "0x3ee19ac869b98b8bb6888e61dbe1865f972b049d151da07a24b1c08a04d431ee"),
        (.settlementInitiated, "0xe2b2b202296ee6c3beeef9b8383e1fa853cbabbf05bc16e744da6de6a6758e5f"),
        (.settlementApproved, "0x7f89b61c53062fb158619c7b66552eabdfb0e1d37c439a62c2d2b5a657bcea93"),
        (.settlementExecuted, "0xe02baf69c03d84b374a9ab2a17552f6dfc9298f0486c5f62c3d59116d16ed810"),
        (.offerCancelled, "0x71452125ef8fc453ad578ac435d03568465f10677a9b0edfa96a5da9c5cd2619"),
        (.transfer, "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"),
    ])
    func `A topic is the hash of the event's signature`(name: ProtocolEvent.Name, topic: String) {
        #expect(name.topic0.hex == topic)
    }

    @Test(arguments: events)
    func `An event is read from its log, and from its arguments as JSON`(event: ProtocolEvent) throws {
        #expect(log(of: event).read(contract: deployment.verifyingContract) == .event(event))
        let json = try JSONValue.parse(event.argumentsJSON)
        #expect(try ProtocolEvent.parse(event.name, arguments: json) == event)
    }

    @Test(arguments: events)
    func `A log that is built otherwise is kept apart, another contract's is none`(event: ProtocolEvent) {
        let good = log(of: event)
        func isGarbled(_ topics: [Bytes32], _ data: [UInt8]) -> Bool {
            let log = EventLog(address: good.address, topics: topics, data: data)
            if case .garbled = log.read(contract: deployment.verifyingContract) { return true } else { return false }
        }
        #expect(isGarbled(good.topics + [.zero], good.data))
        #expect(isGarbled(Array(good.topics.dropLast()), good.data))
        #expect(isGarbled(good.topics, good.data + [0]))
        #expect(isGarbled(good.topics, good.data + [UInt8](repeating: 0, count: 32)))
        #expect(
            EventLog(address: address(5), topics: good.topics, data: good.data).read(
                contract: deployment.verifyingContract) == .foreign)
        #expect(
            EventLog(address: good.address, topics: [], data: []).read(contract: deployment.verifyingContract)
                == .foreign)
        #expect(
            EventLog(address: good.address, topics: [word(9)], data: []).read(contract: deployment.verifyingContract)
                == .foreign)
    }

    @Test func `Days outside 1 to 65535, nothing taken and a padded address with dirt are kept apart`() {
        let good = log(of: taken(3, of: word(1), amount: 7))
        for (place, value) in [(0, UInt256.zero), (2, .zero), (2, UInt256(65_536)), (2, .max)] {
            var data = good.data
            data.replaceSubrange(place * 32..<place * 32 + 32, with: value.bigEndian.array)
            let log = EventLog(address: good.address, topics: good.topics, data: data)
            guard case .garbled = log.read(contract: deployment.verifyingContract) else {
                Issue.record("\(place) \(value)")
                continue
            }
        }
        let dirty = EventLog(
            address: good.address, topics: good.topics.dropLast() + [word(4)], data: good.data)
        #expect(
            dirty.read(contract: deployment.verifyingContract) == .garbled(.optionTaken, reason: "taker is no address"))
    }
}
