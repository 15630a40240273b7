import Exchange
import Market
import StrictJSON

/// What a service answered.
struct ServiceAnswer: Sendable {
    /// Who answered.
    let url: String
    /// The HTTP status.
    let status: Int
    let bytes: [UInt8]
    /// How long to wait before the next try, in seconds.
    let retryAfter: Int?

    /// Whether it was done.
    var isSuccess: Bool { (200..<300).contains(status) }

    /// The body of a success.
    /// - Throws: the refusal as a sentence, or a failure when the body is no JSON.
    func json() throws -> JSONValue {
        guard isSuccess else { throw failure }
        guard let json = try? JSONValue.parse(bytes, maxValues: 5_000_000) else {
            throw CommandFailure(
                .failure, "\(url) answered with something that is no JSON; is it a Strikebook service?")
        }
        return json
    }

    /// The refusal as a sentence, with the code and field of an RFC 9457 problem.
    var failure: CommandFailure {
        guard let problem = try? JSONValue.parse(bytes), let code = problem["code"]?.text,
            let detail = problem["detail"]?.text
        else {
            return CommandFailure(
                .failure, "\(url) answered with status \(status) and no reason; is it a Strikebook service?")
        }
        return CommandFailure(.failure, Refusal(problem, code: code, detail: detail).text)
    }
}

/// A refusal as people read it.
struct Refusal {
    /// One sentence with the code and the field, then a line for each thing that was computed.
    let text: String

    /// - Parameter problem: an RFC 9457 problem, or an item of a batch's results.
    init(_ problem: JSONValue, code: String, detail: String) {
        let field = problem["field"]?.text.map { ", field \($0)" } ?? ""
        var lines = [Self.shown("refused: \(detail) (code \(code)\(field))")]
        for key in ["domainSeparator", "structHash", "digest", "recovered", "expected"] as [StaticString] {
            if let value = problem[key]?.text { lines.append("  \(key) \(Self.shown(value))") }
        }
        for line in problem["diagnosis"]?.array ?? [] {
            if let line = line.text { lines.append("  " + Self.shown(line)) }
        }
        text = lines.joined(separator: "\n")
    }

    /// Foreign text without what would steer a terminal.
    static func shown(_ text: String) -> String {
        String(
            String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : $0 }))
    }
}

extension Refusal {
    /// A broken rule found here.
    init(_ rejection: Rejection) {
        let findings = rejection.findings
        var json = JSONWriter()
        json.refusal(rejection)
        let problem = findings == nil && rejection.field == nil ? nil : try? JSONValue.parse(json.bytes)
        self.init(problem ?? .null, code: rejection.code, detail: rejection.detail)
    }
}

extension JSONWriter {
    /// A broken rule as an object.
    mutating func refusal(_ rejection: Rejection) {
        beginObject()
        refusalFields(rejection)
        endObject()
    }

    /// A broken rule's code, detail and field, and what was computed for a signature: the members of a problem.
    mutating func refusalFields(_ rejection: Rejection) {
        key("code")
        string(rejection.code)
        key("detail")
        string(rejection.detail)
        if let field = rejection.field {
            key("field")
            string(field)
        }
        guard let findings = rejection.findings else { return }
        key("domainSeparator")
        hash(findings.domainSeparator)
        key("structHash")
        hash(findings.structHash)
        key("digest")
        hash(findings.digest)
        key("recovered")
        if let recovered = findings.recovered { address(recovered) } else { null() }
        key("expected")
        address(findings.expected)
        key("diagnosis")
        beginArray()
        for line in findings.diagnosis { string(line) }
        endArray()
    }
}
