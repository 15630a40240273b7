import Glibc

/// `Benchmarks [section …] [--quick]`: measures this service against its peers on this machine and prints one table.
///
/// A figure is a ratio to a peer that ran in the same minute on the same cores; absolute numbers mean little elsewhere.
@main
struct Program {
    static func main() async {
        let asked: (sections: [Section], scale: Scale)
        do {
            asked = try arguments(Array(CommandLine.arguments.dropFirst()))
        } catch {
            Progress.say("\(error)")
            exit(2)
        }
        Interrupt.install()
        var report = Report()
        var failure: (any Error)?
        for section in asked.sections where failure == nil {
            do {
                report.add(try await Interrupt.guarding { try await section.run(asked.scale) })
            } catch {
                failure = error
                Progress.say("\(section.rawValue): \(Interrupt.isRequested ? "interrupted" : "\(error)")")
            }
        }
        if !report.figures.isEmpty { print(report.text) }
        exit(failure == nil ? 0 : Interrupt.isRequested ? 130 : 1)
    }

    private static func arguments(_ words: [String]) throws(BenchmarkFailure) -> ([Section], Scale) {
        var sections: [Section] = []
        var isQuick = false
        for word in words {
            if word == "--quick" {
                isQuick = true
            } else if let section = Section(rawValue: word) {
                sections.append(section)
            } else {
                throw BenchmarkFailure(
                    "usage: Benchmarks [\(Section.allCases.map(\.rawValue).joined(separator: "|")) …] [--quick]\n"
                        + "  http, book, feed, wallets and chain need the release service:\n"
                        + "  swift build -c release --product strikebook\n"
                        + "  (beside this program, or named by STRIKEBOOK=path)")
            }
        }
        return (sections.isEmpty ? Section.allCases : sections, Scale(isQuick: isQuick))
    }
}

/// What can be measured, in the order in which it is.
enum Section: String, CaseIterable {
    case verify, commit, http, book, prices, feed, wallets, settle, chain

    func run(_ scale: Scale) async throws -> Report {
        Progress.say("\(rawValue) …")
        switch self {
        case .verify: return try VerifySection(scale: scale).run()
        case .commit: return try await CommitSection(scale: scale).run()
        case .http: return try await HTTPSection(scale: scale).run()
        case .book: return try await BookSection(scale: scale).run()
        case .prices:
            var report = try ClosedFormSection(scale: scale).run()
            report.add(try await PriceSection(scale: scale).run())
            return report
        case .feed: return try await FeedSection(scale: scale).run()
        case .wallets: return try await WalletSection(scale: scale).run()
        case .settle: return try await SettleSection(scale: scale).run()
        case .chain: return try await ChainSection(scale: scale).run()
        }
    }
}

/// How much is measured: enough for steady figures, or just enough to see that everything works.
struct Scale: Sendable {
    let isQuick: Bool

    /// `full`, or `quick` in a smoke test.
    func callAsFunction(_ full: Int, quick: Int) -> Int { isQuick ? quick : full }
}

/// A measurement that cannot be made, in a sentence.
struct BenchmarkFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// What is going on, on standard error, so that standard output is the table alone.
enum Progress {
    static func say(_ text: String) {
        Array("\(text)\n".utf8).withUnsafeBytes { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
