public import Market
import Pricing
public import StrictJSON

/// The pricer's batch interface: one request object in, one answer with the same `id` out, errors in place.
public struct PriceBatch: Sendable {
    /// The most simulated steps (paths × steps) of one request.
    public let largestWork: Double
    /// Offers and markets that a request need not bring.
    public let sources: PriceSources
    /// Asked now and then while sampling: true ends a request as too much work.
    public var shouldStop: @Sendable () -> Bool = { false }

    /// Steps that one request over HTTP may simulate.
    public static let largestWorkOverHTTP = 1e8

    /// A pricer whose requests may simulate `largestWork` steps each.
    public init(largestWork: Double = .infinity, sources: PriceSources = PriceSources()) {
        self.largestWork = largestWork
        self.sources = sources
    }

    /// What is asked for.
    enum Kind: String, CaseIterable {
        case european, impliedVolatility, oneTouch, doubleNoTouch, ladder, momentum, offer
    }

    /// The words that `kind` takes.
    public static var kinds: [String] { Kind.allCases.map(\.rawValue) }

    /// Whether a request would simulate more steps than it may: paths × steps, which are looks where each one is
    /// simulated.
    public func exceedsWork(_ request: JSONValue) -> Bool {
        guard let object = request.object, let paths = object["paths"]?.double else { return false }
        let looks = object["observations"]?.double ?? 1
        let isStepwise = object["measure"].map { $0.string?.isEqual(to: "net") != true } ?? false
        let isEachLook = isStepwise || looks <= Double(Sampling.maximumExactLooks)
        return paths * max(object["steps"]?.double ?? (isEachLook ? looks : 1), 1) > largestWork
    }

    /// Appends the answer to one request: `{id, …}` or `{id, error: {code, detail, field?}}`.
    public func answer(_ request: JSONValue, to json: inout JSONWriter) {
        json.beginObject()
        json.key("id")
        if let id = request.object?["id"] { json.value(id) } else { json.null() }
        do throws(Rejection) {
            try answer(request).checked().write(to: &json)
        } catch {
            Self.write(error, to: &json)
        }
        json.endObject()
    }

    /// Appends the answer to a request as it was sent.
    public func answer(line: [UInt8], to json: inout JSONWriter) {
        do throws(JSONError) {
            answer(try JSONValue.parse(line), to: &json)
        } catch {
            Self.refuse(Rejection(error), id: Self.id(of: line, before: error.offset), to: &json)
        }
    }

    /// Appends the answer to a request that was not read.
    public static func refuse(_ rejection: Rejection, id: JSONValue? = nil, to json: inout JSONWriter) {
        json.beginObject()
        json.key("id")
        if let id { json.value(id) } else { json.null() }
        write(rejection, to: &json)
        json.endObject()
    }

    /// The id of a request that is no JSON, when what stands before the place where reading stopped is a piece of an
    /// object: `{"id": 7, "spot": NaN}`.
    private static func id(of line: [UInt8], before offset: Int) -> JSONValue? {
        let readable = line.prefix(min(offset, 65_536))
        guard let comma = readable.lastIndex(of: UInt8(ascii: ",")) else { return nil }
        let object = try? JSONValue.parse(Array(readable[..<comma]) + [UInt8(ascii: "}")]).object
        switch object?["id"] {
        case .number(let id): return .number(id)
        case .string(let id): return .string(id)
        default: return nil
        }
    }

    private static func write(_ rejection: Rejection, to json: inout JSONWriter) {
        json.key("error")
        json.beginObject()
        json.key("code")
        json.string(rejection.code)
        json.key("detail")
        json.string(rejection.detail)
        if let field = rejection.field {
            json.key("field")
            json.string(field)
        }
        json.endObject()
    }

    private func answer(_ request: JSONValue) throws(Rejection) -> PriceAnswer {
        guard let object = request.object else {
            throw Rejection(
                .malformed, code: "invalid_type", detail: "A request must be a JSON object such as {\"id\": 1, …}.")
        }
        try Self.checkID(object)
        switch try PriceFields(object).word("kind", as: Kind.self) {
        case .european: return try european(object)
        case .impliedVolatility: return try impliedVolatility(object)
        case .oneTouch: return try oneTouch(object)
        case .doubleNoTouch: return try doubleNoTouch(object)
        case .ladder: return try ladder(object)
        case .momentum: return try momentum(object)
        case .offer: return try offer(object)
        }
    }

    /// An id is echoed, so it must be short and flat.
    private static func checkID(_ object: JSONObject) throws(Rejection) {
        switch object["id"] {
        case nil, .null, .number, .string: return
        default:
            throw Rejection(.malformed, code: "invalid_type", field: "id", detail: "id must be a string or a number.")
        }
    }
}
