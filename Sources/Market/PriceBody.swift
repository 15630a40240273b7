import StrictJSON

/// The body of a posted price: `{"priceE8": "249912345678"}`.
public enum PriceBody {
    /// The price in 1e-8 units, 1…2^62.
    /// - Throws: a rejection that names what is wrong.
    public static func read(_ body: [UInt8]) throws(Rejection) -> Int64 {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue.parse(body)
        } catch {
            throw Rejection(error)
        }
        return try read(value)
    }

    static func read(_ value: JSONValue) throws(Rejection) -> Int64 {
        let reader = try FieldReader(value, name: nil, keys: ["priceE8"])
        let price = try reader.uint64("priceE8", 0)
        guard (1...(1 << 62)).contains(price) else {
            throw Rejection(
                .malformed, .integerOutOfRange, field: "priceE8",
                "priceE8 must be from 1 to 2^62: the price in units of 0.00000001.")
        }
        return Int64(price)
    }
}
