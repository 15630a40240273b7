import Exchange
import Market
import Store

/// Carries a file's records into a database through the one writing path, in their order.
struct Importer {
    /// Offers of one transaction.
    private static let batch = 500
    /// Hashes that the cancels of one transaction name.
    private static let cancelledHashes = 5_000
    /// Records that one core verifies at a time.
    private static let piece = 100

    private let records: RecordFile
    private let reader: ImportReader
    private let writer: LogWriter
    private let report: FileOutput?
    private let cores: Int
    private var requests: [(request: WriteRequest, number: Int)] = []
    private var weight = 0
    private var progress = Progress()
    private(set) var tally = ImportTally()

    /// - Parameter report: where each refusal is written.
    init(_ records: RecordFile, _ reader: ImportReader, _ writer: LogWriter, report: FileOutput?, cores: Int) {
        self.records = records
        self.reader = reader
        self.writer = writer
        self.report = report
        self.cores = cores
    }

    /// Imports everything, cancels before offers.
    /// - Throws: a database failure when a transaction is not taken; running the import again goes on from there.
    mutating func run() async throws {
        defer { progress.end() }
        for pass in [ImportReader.Pass.cancels, .offers] {
            try records.rewind()
            try await run(pass)
            try await commit()
        }
        try report?.finish()
    }

    private mutating func run(_ pass: ImportReader.Pass) async throws {
        let (records, reader) = (records, reader)
        try await inOrder(
            width: 4 * cores + 4,
            next: {
                let piece = try Self.piece(of: records, pass)
                return piece.isEmpty ? nil : piece
            },
            prepare: { await reader.read($0, pass) },
            handOn: { items in for item in items { try await take(item) } })
    }

    private static func piece(of records: RecordFile, _ pass: ImportReader.Pass) throws -> [RecordFile.Record] {
        var piece: [RecordFile.Record] = []
        while piece.count < Self.piece, let record = try records.next() {
            if pass == .offers || record.mayHoldCancels { piece.append(record) }
        }
        return piece
    }

    private mutating func take(_ item: ImportReader.Item) async throws {
        switch item {
        case .offer(let offer, let number):
            requests.append((.imported(offer), number))
            weight += Self.cancelledHashes / Self.batch
        case .cancel(let cancel, let number):
            requests.append((.importedCancel(cancel), number))
            weight += cancel.weight
        case .refused(let refusal): try refuse(refusal)
        }
        if weight >= Self.cancelledHashes { try await commit() }
    }

    private mutating func commit() async throws {
        guard !requests.isEmpty else { return }
        let results: [WriteResult]
        do {
            results = try await writer.commit(requests.map(\.request)).results
        } catch {
            throw CommandFailure(
                .database,
                "the database did not take a transaction (\(error)); run the same import again: "
                    + "what is in stays, and it goes on from there")
        }
        for (result, item) in zip(results, requests) {
            if case .rejected(let rejection) = result {
                try refuse(ImportRefusal(number: item.number, rejection))
            } else {
                tally.count(result)
            }
        }
        requests.removeAll(keepingCapacity: true)
        weight = 0
        let tally = tally
        progress.say("\(tally.offers) offers, \(tally.cancels) cancels, \(tally.refused) refused")
    }

    private mutating func refuse(_ refusal: ImportRefusal) throws {
        tally.count(refusal)
        try report?.line(refusal.line)
    }
}

extension VerifiedCancel {
    /// How many rows it may write.
    fileprivate var weight: Int {
        switch message {
        case .offers(let hashes): hashes.count
        // It may close every open offer of its writer.
        case .all: CancelMessage.maxOffers
        }
    }
}

extension RecordFile.Record {
    private static let words: [[UInt8]] = [Array("\"message\"".utf8), Array("\"cancels\"".utf8)]

    /// Whether a cancel may be in it: looking for the key costs far less than reading the record. An escape may hide it.
    fileprivate var mayHoldCancels: Bool {
        guard let text else { return false }
        return text.withUnsafeBytes { text in
            var rest = text[...]
            while let quote = rest.firstIndex(where: { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }) {
                if text[quote] == UInt8(ascii: "\\") || Self.words.contains(where: { rest[quote...].starts(with: $0) })
                {
                    return true
                }
                rest = rest[(quote + 1)...]
            }
            return false
        }
    }
}
