public import Ethereum
public import Exchange
public import Redis

/// Pages of positions in Redis: HASH `positions:{address}` {epoch, seq, asOf, positions}, for 30 s.
public struct RedisPositions: PositionCache {
    private static let lifetime = 30
    /// Bytes of the largest page that is kept.
    private static let largest = 256 << 10

    private let redis: RedisClient
    private let prefix: String

    /// Pages under `prefix`.
    public init(redis: RedisClient, prefix: String) {
        self.redis = redis
        self.prefix = prefix
    }

    /// The page, when it is of exactly this moment. Whatever else is there is none.
    public func page(of address: Address, at moment: PositionMoment) async -> [UInt8]? {
        guard redis.isConnected,
            let fields = try? await redis.send(
                RedisCommand("HMGET", key(address), "epoch", "seq", "asOf", "positions")
            ).elements(), fields.count == 4
        else { return nil }
        let stamp = fields.prefix(3).map { field in
            ((try? field.bytes()) ?? nil).map { String(decoding: $0, as: UTF8.self) }
        }
        guard stamp == [moment.epoch, String(moment.seq), String(moment.asOfMillis)] else { return nil }
        return (try? fields[3].bytes()) ?? nil
    }

    /// Leaves a page.
    public func keep(_ page: [UInt8], of address: Address, at moment: PositionMoment) async {
        guard redis.isConnected, page.count <= Self.largest else { return }
        _ = try? await redis.evaluate(
            RedisScripts.positions, keys: [key(address)],
            arguments: [moment.epoch, String(moment.seq), String(moment.asOfMillis), page, Self.lifetime])
    }

    private func key(_ address: Address) -> String { "\(prefix)positions:\(address.checksummed)" }
}
