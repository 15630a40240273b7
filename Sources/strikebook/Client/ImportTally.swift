import Exchange
import Market
import StrictJSON

/// What an import did, counted.
struct ImportTally {
    /// Offers that are new here, by how they stand now.
    private(set) var open = 0
    private(set) var cancelled = 0
    private(set) var expired = 0
    /// Offers that were here already.
    private(set) var existed = 0
    /// Cancel messages that were taken, new or not.
    private(set) var cancels = 0
    private(set) var refused = 0
    private var refusals: [String: (count: Int, first: ImportRefusal)] = [:]

    /// Offers that are in now.
    var offers: Int { open + cancelled + expired + existed }

    mutating func count(_ result: WriteResult) {
        switch result {
        case .created(let offer):
            switch offer.closed?.reason {
            case nil: open += 1
            case .expired?: expired += 1
            default: cancelled += 1
            }
        case .existed: existed += 1
        case .cancelled: cancels += 1
        case .expired, .followed, .funded, .rejected, .failed: break
        }
    }

    mutating func count(_ refusal: ImportRefusal) {
        refused += 1
        let code = refusal.rejection.code
        refusals[code] = ((refusals[code]?.count ?? 0) + 1, refusals[code]?.first ?? refusal)
    }

    /// For people.
    var text: String {
        var lines = [
            "offers: \(open + cancelled + expired) new (\(open) open, \(cancelled) cancelled, \(expired) expired), "
                + "\(existed) here already",
            "cancels: \(cancels)",
            "refused: \(refused)",
        ]
        for (code, (count, first)) in sorted {
            lines.append(
                "  \(count) × \(code), the first in line \(first.number): \(Refusal.shown(first.rejection.detail))")
            for line in first.rejection.findings?.diagnosis ?? [] { lines.append("      it \(line)") }
        }
        return lines.joined(separator: "\n")
    }

    /// For programs.
    var json: [UInt8] {
        var json = JSONWriter(capacity: 512)
        json.beginObject()
        json.key("offers")
        json.beginObject()
        for (name, count) in [
            ("new", open + cancelled + expired), ("open", open), ("cancelled", cancelled), ("expired", expired),
            ("existed", existed),
        ] {
            json.key(name)
            json.integer(count)
        }
        json.endObject()
        json.key("cancels")
        json.integer(cancels)
        json.key("refused")
        json.integer(refused)
        json.key("refusals")
        json.beginArray()
        for (code, (count, first)) in sorted {
            json.beginObject()
            json.key("code")
            json.string(code)
            json.key("count")
            json.integer(count)
            json.key("first")
            json.raw(first.line)
            json.endObject()
        }
        json.endArray()
        json.endObject()
        return json.bytes
    }

    private var sorted: [(String, (count: Int, first: ImportRefusal))] {
        refusals.sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }.map { ($0.key, $0.value) }
    }
}
