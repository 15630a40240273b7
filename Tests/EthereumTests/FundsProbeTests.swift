import Testing

@testable import Ethereum

/// What the probe of a token carries, and how its answer is read. That it works is shown on a real EVM.
@Suite struct FundsProbeTests {
    private func words(_ values: [UInt64]) -> [UInt8] { values.flatMap { ABI.word($0).array } }

    @Test func `The calls stand where the code looks for them`() {
        let address = { (byte: UInt8) in Address(bytes: [UInt8](repeating: byte, count: 20)) ?? .zero }
        let probe = FundsProbe(token: address(0xaa), owner: address(0xbb), spender: address(0xcc))
        let padded = { (byte: UInt8) in [UInt8](repeating: 0, count: 12) + [UInt8](repeating: byte, count: 20) }
        let arguments =
            padded(0xaa) + ABI.word(FundsProbe.tokenGas).array + [0x70, 0xa0, 0x82, 0x31] + padded(0xbb)
            + [UInt8](repeating: 0, count: 28) + [0xdd, 0x62, 0xed, 0x3e] + padded(0xbb) + padded(0xcc)
        #expect(Array(probe.data.suffix(arguments.count)) == arguments)
        #expect(probe.gas > 2 * FundsProbe.tokenGas)
    }

    @Test(
        arguments: [
            ([9, 1, 32, 5, 1, 32, 7], FundsProbe.Answer.funds(balance: UInt256(5), allowance: UInt256(7))),
            ([0, 1, 0, 0, 1, 0, 0], .noCode), ([9, 0, 32, 5, 1, 32, 7], .garbled), ([9, 1, 31, 5, 1, 32, 7], .garbled),
            ([9, 1, 64, 5, 1, 32, 7], .garbled), ([9, 1, 32, 5, 0, 0, 0], .garbled),
            ([9, 1, 32, 5, 1, 0, 0], .garbled),
            ([9, 1, 32, 5, 1, 32], nil), ([9, 1, 32, 5, 1, 32, 7, 0], nil), ([], nil),
        ] as [([UInt64], FundsProbe.Answer?)])
    func `Only two exact words of an account with code are funds`(reply: [UInt64], answer: FundsProbe.Answer?) {
        #expect(FundsProbe.answer(words(reply)) == answer)
    }
}
