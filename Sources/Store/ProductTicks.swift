import Ethereum
import Exchange
import Postgres
import StrictJSON

/// Reading `ticks` as products look at them: number, stamp and prices.
enum ProductTicks {
    private static let columns = Query(unsafe: "tick, as_of, prices")

    static let newest: Query = "SELECT \(columns) FROM ticks ORDER BY tick DESC LIMIT 1"

    static func after(_ number: UInt64, limit: Int) -> Query {
        "SELECT \(columns) FROM ticks WHERE tick > \(Int64(clamping: number)) ORDER BY tick LIMIT \(Int64(limit))"
    }

    static func read(_ rows: Rows) throws -> [RecordedTick] {
        try rows.map { row in
            guard case .object(let object)? = try? JSONValue.parse(try row.bytes(2)) else {
                throw Row.unexpected(2, "a JSON object")
            }
            var prices: [Address: Int64] = [:]
            for member in object.members {
                guard let token = try? Address.parse(member.key), let text = member.value.string,
                    let price = Int64(String(decoding: text, as: UTF8.self)), PriceScale.range.contains(price)
                else { throw Row.unexpected(2, "prices by address") }
                prices[token] = price
            }
            return RecordedTick(
                number: try row.uint64(0), stampMillis: try row.timestampMicros(1) / 1_000, pricesE8: prices)
        }
    }
}
