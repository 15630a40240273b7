public import StrictJSON

/// RFC 3339 in UTC with milliseconds, `2026-01-02T03:04:05.678Z`.
public enum Timestamp {
    /// Appends the text of a moment in µs since 1970; the microseconds are cut, not rounded.
    public static func append(micros: Int64, to bytes: inout [UInt8]) {
        let millis = floorDivide(micros, by: 1_000)
        let seconds = floorDivide(millis, by: 1_000)
        let days = floorDivide(seconds, by: 86_400)
        let second = Int(seconds - days * 86_400)
        let (year, month, day) = civil(fromDays: days)
        digits(year, 4, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        digits(month, 2, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        digits(day, 2, to: &bytes)
        bytes.append(UInt8(ascii: "T"))
        digits(second / 3_600, 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        digits(second / 60 % 60, 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        digits(second % 60, 2, to: &bytes)
        bytes.append(UInt8(ascii: "."))
        digits(Int(millis - seconds * 1_000), 3, to: &bytes)
        bytes.append(UInt8(ascii: "Z"))
    }

    /// The text of a moment in µs since 1970.
    public static func text(micros: Int64) -> String {
        var bytes: [UInt8] = []
        append(micros: micros, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Reads `YYYY-MM-DDTHH:MM:SS[.fraction]Z` into µs since 1970; nil for anything else.
    public static func micros(of text: some StringProtocol) -> Int64? {
        let ascii = Array(text.utf8)
        guard ascii.count >= 20, ascii.count <= 27, ascii.last == UInt8(ascii: "Z"),
            ascii[4] == UInt8(ascii: "-"), ascii[7] == UInt8(ascii: "-"), ascii[10] == UInt8(ascii: "T"),
            ascii[13] == UInt8(ascii: ":"), ascii[16] == UInt8(ascii: ":"),
            let year = number(ascii[0..<4]), let month = number(ascii[5..<7]), let day = number(ascii[8..<10]),
            let hour = number(ascii[11..<13]), let minute = number(ascii[14..<16]),
            let second = number(ascii[17..<19]),
            (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 60
        else { return nil }
        let days = days(fromCivil: year, month, day)
        guard civil(fromDays: days) == (year, month, day) else { return nil }
        var micros: Int64 = 0
        if ascii.count > 20 {
            let fraction = ascii[20..<(ascii.count - 1)]
            guard ascii[19] == UInt8(ascii: "."), !fraction.isEmpty, let value = number(fraction) else { return nil }
            micros = Int64(value)
            for _ in fraction.count..<6 { micros *= 10 }
        }
        return ((days * 24 + Int64(hour)) * 60 + Int64(minute)) * 60_000_000 + Int64(second) * 1_000_000 + micros
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        var value = 0
        for digit in digits {
            guard (48...57).contains(digit) else { return nil }
            value = value * 10 + Int(digit - 48)
        }
        return value
    }

    private static func digits(_ value: Int, _ width: Int, to bytes: inout [UInt8]) {
        var divisor = 1
        for _ in 1..<width { divisor *= 10 }
        while divisor > 0 {
            bytes.append(48 + UInt8(truncatingIfNeeded: value / divisor % 10))
            divisor /= 10
        }
    }

    private static func floorDivide(_ value: Int64, by divisor: Int64) -> Int64 {
        let quotient = value / divisor
        return value % divisor < 0 ? quotient - 1 : quotient
    }

    /// Days since 1970-01-01 to a Gregorian date (H. Hinnant, "chrono-compatible low-level date algorithms").
    private static func civil(fromDays days: Int64) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = floorDivide(shifted, by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (
            Int(yearOfEra + era * 400) + (month <= 2 ? 1 : 0), Int(month),
            Int(dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
        )
    }

    private static func days(fromCivil year: Int, _ month: Int, _ day: Int) -> Int64 {
        let shiftedYear = Int64(month <= 2 ? year - 1 : year)
        let era = floorDivide(shiftedYear, by: 400)
        let yearOfEra = shiftedYear - era * 400
        let shiftedMonth = Int64(month > 2 ? month - 3 : month + 9)
        let dayOfYear = (153 * shiftedMonth + 2) / 5 + Int64(day) - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}

extension JSONWriter {
    /// A moment in µs since 1970 as an RFC 3339 string.
    public mutating func timestamp(micros: Int64) { ascii { Timestamp.append(micros: micros, to: &$0) } }

    /// A moment in unix seconds as an RFC 3339 string; null past the year 9999.
    public mutating func timestamp(seconds: UInt64) {
        guard seconds <= 253_402_300_799 else { return null() }
        timestamp(micros: Int64(seconds) * 1_000_000)
    }
}
