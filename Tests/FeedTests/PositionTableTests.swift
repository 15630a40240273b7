import Ethereum
import Exchange
import Market
import Testing

@testable import Feed

@Suite("Who is told of which option")
struct PositionTableTests {
    private static func option(
        _ number: UInt64, writer: Address, holder: Address, seq: UInt64, status: OptionState.Status = .confirmed
    ) -> OptionState {
        OptionState(
            taken: .init(
                tokenId: UInt256(number), offerHash: .zero, taker: holder, fillAmount: UInt256(1),
                strikePrice: UInt256(2), duration: 7),
            origin: .init(blockHash: .zero, blockNumber: 1, logIndex: 0, txHash: .zero), startTime: 1,
            terms: .init(
                offerHash: .zero, writer: writer, underlying: .zero, stablecoin: .zero, isCall: true,
                configHash: .zero, premium: nil),
            holder: holder, status: status, settledAt: nil, seq: seq)
    }

    private static func positions(_ options: [OptionState]) -> Positions {
        Positions(options: options, settlements: [], headSeq: 0)
    }

    @Test("a transfer leaves one reader, reaches the other, and is an update for the writer")
    func transfer() {
        let (writer, old, new) = (EmbeddedHub.address(1), EmbeddedHub.address(2), EmbeddedHub.address(3))
        var table = PositionTable()
        let before = Self.option(1, writer: writer, holder: old, seq: 1)
        for address in [writer, old] { #expect(table.begin(address, [before]).isEmpty) }
        #expect(table.begin(new, []).isEmpty)
        let news = table.take(Self.positions([Self.option(1, writer: writer, holder: new, seq: 2)]))
        var heard: [Address: PositionTable.Operation] = [:]
        for case .option(let address, let operation, _) in news { heard[address] = operation }
        #expect(heard == [writer: .update, old: .remove, new: .add])
        #expect(table.take(Self.positions([Self.option(1, writer: writer, holder: new, seq: 2)])).isEmpty)
    }

    @Test("readers who come and go through random takes, transfers and reorgs hold what a filter of all options gives")
    func oracle() {
        var random = SystemRandomNumberGenerator()
        let addresses = (1...6).map { EmbeddedHub.address(UInt8($0)) }
        var table = PositionTable()
        var all: [UInt64: OptionState] = [:]
        var views: [Address: [UInt256: OptionState]] = [:]

        func own(_ address: Address) -> [OptionState] {
            all.values.filter { $0.status != .reverted && ($0.holder == address || $0.terms?.writer == address) }
        }
        func hear(_ news: [PositionTable.News]) {
            for case .option(let address, let operation, let option) in news {
                let tokenId = option.taken.tokenId
                let isKnown = views[address]?[tokenId] != nil
                #expect(views[address] != nil && isKnown == (operation != .add), "\(operation)")
                views[address]?[tokenId] = operation == .remove ? nil : option
            }
        }
        for seq in 1...3_000 as ClosedRange<UInt64> {
            let address = addresses.randomElement(using: &random) ?? .zero
            switch Int.random(in: 0..<10, using: &random) {
            case 0:
                hear(table.begin(address, own(address)))
                views[address] = Dictionary(uniqueKeysWithValues: own(address).map { ($0.taken.tokenId, $0) })
            case 1:
                views[address] = nil
                table.keep { $0 != .options(address) }
            default:
                let number = UInt64.random(in: 0..<12, using: &random)
                let holder = addresses.randomElement(using: &random) ?? .zero
                let option = Self.option(
                    number, writer: all[number]?.terms?.writer ?? address, holder: holder, seq: seq,
                    status: Int.random(in: 0..<5, using: &random) == 0 ? .reverted : .confirmed)
                all[number] = option
                hear(table.take(Self.positions([option])))
            }
            for (address, view) in views {
                #expect(view == Dictionary(uniqueKeysWithValues: own(address).map { ($0.taken.tokenId, $0) }))
            }
        }
    }
}
