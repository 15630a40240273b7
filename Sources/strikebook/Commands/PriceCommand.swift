import ArgumentParser
import Exchange
import Market
import StrictJSON

/// `strikebook price`
struct PriceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "price",
        abstract: "Price options and products: JSON lines in, JSON lines out, in order.",
        discussion: """
            Example: echo '{"id": 1, "kind": "european", "type": "call", "spot": 2500, "strike": 2600, \
            "volatility": 0.6, "years": 0.0822}' | strikebook price

            Kinds: \(PriceBatch.kinds.joined(separator: ", ")). Every line is answered by one line with the same id; \
            one that cannot be answered says {"id", "error": {"code", "detail"}} in its place. Reads any number of lines \
            in constant memory, on all cores, and answers what it has when it would have to wait for more. Ends with 0 \
            when every line has been answered, errors in place included.
            """)

    /// Bytes of the longest line.
    private static let longestLine = 1 << 20
    /// Lines that are priced as one piece of work.
    private static let pieceLines = 64
    /// Pieces in the works or waiting to be written.
    private static let width = 16

    @Argument(help: "File of requests; - is standard input.") var file = "-"

    func run() async throws {
        let input = try FileInput(file)
        let output = try FileOutput(nil)
        let batch = PriceBatch()
        // A round ends where the input makes us wait: whoever sends line after line gets answer after answer.
        while try input.peek() != nil {
            var isFirst = true
            try await inOrder(width: Self.width) {
                guard isFirst || input.isReady else { return nil }
                isFirst = false
                return try Self.piece(of: input)
            } prepare: { lines in
                Self.answers(lines, batch)
            } handOn: { answers in
                try output.text(answers)
            }
            try output.flush()
        }
        try output.finish()
    }

    /// Some lines that are not blank, as many as there are without waiting; nil after the last.
    private static func piece(of input: FileInput) throws -> [FileInput.Line]? {
        var lines: [FileInput.Line] = []
        while lines.count < pieceLines, lines.isEmpty || input.isReady,
            let line = try input.readLine(limit: longestLine)
        {
            if case .text(let text) = line, text.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0d }) { continue }
            lines.append(line)
        }
        return lines.isEmpty ? nil : lines
    }

    private static func answers(_ lines: [FileInput.Line], _ batch: PriceBatch) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(lines.count * 256)
        for line in lines {
            var json = JSONWriter(capacity: 256)
            switch line {
            case .tooLong:
                PriceBatch.refuse(
                    Rejection(
                        .tooLarge, code: "line_too_long", detail: "A line may have \(longestLine) bytes."), to: &json)
            case .text(let text): batch.answer(line: text, to: &json)
            }
            bytes.append(contentsOf: json.bytes)
            bytes.append(UInt8(ascii: "\n"))
        }
        return bytes
    }
}
