import Exchange
import Testing

@Suite("RFC 3339")
struct TimestampTests {
    @Test(
        "text and back",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (1_893_456_000_000_000, "2030-01-01T00:00:00.000Z"),
            (951_782_400_123_999, "2000-02-29T00:00:00.123Z"), (-1, "1969-12-31T23:59:59.999Z"),
            (253_402_300_799_999_000, "9999-12-31T23:59:59.999Z"),
        ] as [(Int64, String)])
    func text(micros: Int64, text: String) {
        #expect(Timestamp.text(micros: micros) == text)
        let millis = micros >= 0 ? micros / 1_000 * 1_000 : -1_000
        #expect(Timestamp.micros(of: text) == millis)
    }

    @Test(
        "seconds alone and up to six places are read",
        arguments: ["2030-01-01T00:00:00Z", "2030-01-01T00:00:00.000000Z"])
    func forms(text: String) {
        #expect(Timestamp.micros(of: text) == 1_893_456_000_000_000)
    }

    @Test(
        "anything else is refused",
        arguments: [
            "", "2030-01-01", "2030-01-01T00:00:00", "2030-01-01T00:00:00+00:00", "2030-02-30T00:00:00Z",
            "2030-13-01T00:00:00Z", "2030-01-01T24:00:00Z", "2030-01-01T00:00:00.Z", "2030-01-01 00:00:00Z",
            "2030-01-01T00:00:60Z", "٢٠٣٠-01-01T00:00:00Z", "2030-01-01T00:00:00.0000000000Z",
        ])
    func refused(text: String) {
        #expect(Timestamp.micros(of: text) == nil)
    }
}
