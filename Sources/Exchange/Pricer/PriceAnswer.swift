import Market
import StrictJSON

/// What one request to the pricer is answered: named values in order, or why there are none.
struct PriceAnswer {
    /// A value and its name.
    struct Field {
        let name: StaticString
        let value: Value
    }

    /// What an answer can hold.
    enum Value {
        case number(Double)
        case numbers([Double])
        case integer(UInt64)
        case word(String)
        case object([Field])
        case byDays([(days: Int, number: Double?)])
        case null

        /// Whether every number in it is one.
        fileprivate var isFinite: Bool {
            switch self {
            case .number(let number): number.isFinite
            case .numbers(let numbers): numbers.allSatisfy { $0.isFinite }
            case .object(let fields): fields.allSatisfy { $0.value.isFinite }
            case .byDays(let numbers): numbers.allSatisfy { $0.number?.isFinite ?? true }
            case .integer, .word, .null: true
            }
        }
    }

    private(set) var fields: [Field] = []

    init() { fields.reserveCapacity(12) }

    mutating func add(_ name: StaticString, _ value: Value) { fields.append(Field(name: name, value: value)) }
    mutating func add(_ name: StaticString, _ number: Double) { add(name, .number(number)) }

    /// Refuses an answer with a number that no double holds.
    func checked() throws(Rejection) -> PriceAnswer {
        guard fields.allSatisfy({ $0.value.isFinite }) else {
            throw Rejection(
                .malformed, code: "result_out_of_range",
                detail: "The result is larger than a number can be; scale the prices, rates or times down.")
        }
        return self
    }

    /// Appends the fields to an open object.
    func write(to json: inout JSONWriter) { Self.write(fields, to: &json) }

    private static func write(_ fields: [Field], to json: inout JSONWriter) {
        for field in fields {
            json.key(field.name)
            write(field.value, to: &json)
        }
    }

    private static func write(_ value: Value, to json: inout JSONWriter) {
        switch value {
        case .number(let number): json.double(number)
        case .integer(let integer): json.integer(integer)
        case .word(let word): json.string(word)
        case .null: json.null()
        case .numbers(let numbers):
            json.beginArray()
            for number in numbers { json.double(number) }
            json.endArray()
        case .object(let fields):
            json.beginObject()
            write(fields, to: &json)
            json.endObject()
        case .byDays(let numbers):
            json.beginObject()
            for (days, number) in numbers {
                json.key(String(days))
                if let number { json.double(number) } else { json.null() }
            }
            json.endObject()
        }
    }
}
