import Logging
import Redis
import TestServers

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

func configuration(
    _ url: String, _ change: (inout RedisConfiguration) -> Void = { _ in }
) throws -> RedisConfiguration {
    var configuration = try RedisConfiguration(url: url)
    configuration.reconnectDelays = (.milliseconds(10), .milliseconds(100))
    change(&configuration)
    return configuration
}

/// A client of `server`, or of the shared one, with short delays.
func makeClient(
    _ server: TestRedis? = nil, _ change: (inout RedisConfiguration) -> Void = { _ in }
) throws -> RedisClient {
    let url = try server?.url ?? TestRedis.shared().url
    return RedisClient(configuration: try configuration(url, change), logger: quiet)
}

extension RedisValue {
    /// A string's text.
    var text: String? { if case .string(let bytes) = self { String(decoding: bytes, as: UTF8.self) } else { nil } }
}

/// The error `body` throws.
func redisError(_ body: () async throws(RedisError) -> Void) async -> RedisError? {
    do {
        try await body()
        return nil
    } catch { return error }
}
