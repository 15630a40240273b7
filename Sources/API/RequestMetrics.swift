import NIOCore
import Synchronization

/// Counts of answered requests by status class, and a histogram of their times.
public final class RequestMetrics: Sendable {
    /// Upper bounds of the buckets, seconds.
    static let bounds: [Double] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5]

    private struct State {
        var byStatus: [Int: Int] = [:]
        var buckets = Array(repeating: 0, count: RequestMetrics.bounds.count + 1)
        var seconds = 0.0
    }

    private let state = Mutex(State())

    /// Nothing counted yet.
    public init() {}

    func answered(status: Int, after time: TimeAmount) {
        guard status >= 200 else { return }
        let seconds = Double(time.nanoseconds) / 1e9
        let bucket = Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count
        state.withLock { state in
            state.byStatus[status, default: 0] += 1
            state.buckets[bucket] += 1
            state.seconds += seconds
        }
    }

    /// Appends the Prometheus text of these counts.
    func expose(to text: inout String) {
        let state = state.withLock { $0 }
        text += "# HELP strikebook_http_requests_total Answered requests by status.\n"
        text += "# TYPE strikebook_http_requests_total counter\n"
        for (status, count) in state.byStatus.sorted(by: { $0.key < $1.key }) {
            text += "strikebook_http_requests_total{status=\"\(status)\"} \(count)\n"
        }
        text += "# HELP strikebook_http_request_seconds Time from a request's head to its answer's.\n"
        text += "# TYPE strikebook_http_request_seconds histogram\n"
        var total = 0
        for (bound, count) in zip(Self.bounds, state.buckets) {
            total += count
            text += "strikebook_http_request_seconds_bucket{le=\"\(bound)\"} \(total)\n"
        }
        total += state.buckets[Self.bounds.count]
        text += "strikebook_http_request_seconds_bucket{le=\"+Inf\"} \(total)\n"
        text += "strikebook_http_request_seconds_sum \(state.seconds)\n"
        text += "strikebook_http_request_seconds_count \(total)\n"
    }
}
