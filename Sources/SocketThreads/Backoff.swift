/// Delays between attempts to reconnect: doubling from `first` to `longest`, each taken at random from its upper half so
/// that many clients of one server do not return together.
package struct Backoff: Sendable {
    private let first: Duration
    private let longest: Duration
    package private(set) var failures = 0

    /// From `first`, doubling, to `longest`.
    package init(first: Duration, longest: Duration) {
        self.first = first
        self.longest = longest
    }

    /// The delay after one more failure. `fraction` is in 0..<1.
    package mutating func next(fraction: Double = Double.random(in: 0..<1)) -> Duration {
        let doubled = first * (1 << min(failures, 16))
        failures += 1
        return min(doubled, longest) * (0.5 + fraction / 2)
    }

    /// Starts over after a success.
    package mutating func reset() { failures = 0 }
}
