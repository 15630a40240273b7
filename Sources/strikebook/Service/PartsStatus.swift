import API
import Exchange
import Feed
import Market
import Postgres
import Redis
import Store

/// How the parts of the running service are.
struct PartsStatus: ServiceStatus {
    let writes: PostgresClient
    let reads: PostgresClient
    let redis: RedisClient?
    let mirror: RedisMirror?
    let books: Books
    let queue: CommitQueue
    let follower: LogFollower
    let leader: LogLeader
    let market: MarketParts
    let chain: ChainParts
    let settlements: PostgresSettlements
    let products: ProductService
    let hub: Hub

    func dependencies() async -> [Dependency] {
        let postgres = reads.statistics
        let down = postgres.downSinceMicros
        var dependencies = [
            Dependency(
                name: "postgresql", state: down == nil ? .up : .down, isRequired: true,
                sinceMicros: down ?? postgres.connectedSinceMicros)
        ]
        if let redis {
            dependencies.append(
                Dependency(
                    name: "redis", state: redis.isConnected ? .up : .down, isRequired: false,
                    detail: redis.isConnected ? nil : "rate limits are counted in memory; nothing else changes"))
        } else {
            dependencies.append(Dependency(name: "redis", state: .off, isRequired: false))
        }
        dependencies.append(
            Dependency(
                name: "leader", state: .up, isRequired: false,
                detail: leader.epoch.map { "this process, epoch \($0)" } ?? "another process"))
        dependencies.append(market.dependency(nowMicros: SystemClock.micros()))
        dependencies.append(chain.dependency)
        if let feeds = chain.feeds.dependency { dependencies.append(feeds) }
        dependencies.append(await settlementState())
        return dependencies
    }

    /// Settlements that do not move on although they should, by number and the last thing that went wrong.
    private func settlementState() async -> Dependency {
        let stuck = (try? await settlements.stuck(atMicros: SystemClock.micros(), limit: 10)) ?? []
        let detail = stuck.map { one in
            "option \(one.tokenId) is stuck as \(one.status.rawValue)" + (one.lastError.map { ": \($0)" } ?? "")
        }
        return Dependency(
            name: "settlements", state: stuck.isEmpty ? .up : .down, isRequired: false,
            detail: stuck.isEmpty ? nil : detail.joined(separator: "; "))
    }

    /// How many settlements are in each state, and how old the oldest of them is.
    private func settlementGauges() async -> [Gauge] {
        guard let tally = try? await settlements.tally() else { return [] }
        let now = SystemClock.micros()
        return SettlementStatus.allCases.flatMap { status in
            let of = tally.first { $0.status == status }
            let age = of.map { Double(max(0, now - $0.oldestMicros)) / 1e6 } ?? 0
            return [
                Gauge(
                    "settlements_\(status.rawValue)", "Settlements that are \(status.rawValue).", Double(of?.count ?? 0)
                ),
                Gauge(
                    "settlements_\(status.rawValue)_oldest_seconds",
                    "Time since the last change of the longest unchanged of them.", age),
            ]
        }
    }

    func gauges() async -> [Gauge] {
        let (offers, bookCount) = books.counts
        let (reading, writing) = (reads.statistics, writes.statistics)
        var gauges = [
            Gauge("open_offers", "Open offers in the live books.", Double(offers)),
            Gauge("books", "Books with open offers.", Double(bookCount)),
            Gauge("active_products", "Lucky Ladders and Momentum Catchers that observe.", Double(products.activeCount)),
            Gauge("log_seq", "Position of the log that the books show.", Double(books.appliedSeq)),
            Gauge(
                "book_age_seconds", "Time since the books were known to be at the log's head.", follower.age.inSeconds),
            Gauge("commit_queue", "Requests waiting for a transaction.", Double(queue.depth)),
            Gauge("leader", "1 while this process leads.", leader.epoch == nil ? 0 : 1),
            Gauge("postgres_connections", "Open connections.", Double(reading.connections + writing.connections)),
            Gauge("postgres_idle", "Connections nobody uses.", Double(reading.idle + writing.idle)),
            Gauge("postgres_waiting", "Callers waiting for a connection.", Double(reading.waiting + writing.waiting)),
            Gauge("postgres_queries_total", "Queries sent.", Double(reading.queries + writing.queries)),
            Gauge(
                "postgres_failed_queries_total", "Queries that failed.",
                Double(reading.failedQueries + writing.failedQueries)),
            Gauge("redis_connected", "1 while Redis answers.", redis?.isConnected == true ? 1 : 0),
        ]
        gauges += chain.gauges + hubGauges()
        if let redis, let mirror {
            let statistics = redis.statistics
            gauges += [
                Gauge("redis_commands_total", "Commands sent.", Double(statistics.commands)),
                Gauge(
                    "redis_failed_commands_total", "Commands without a good reply.", Double(statistics.failedCommands)),
                Gauge("redis_dropped_changes_total", "Changes not mirrored for lack of room.", Double(mirror.dropped)),
            ]
        }
        return gauges + market.gauges(nowMicros: SystemClock.micros()) + (await settlementGauges())
    }

    private func hubGauges() -> [Gauge] {
        let hub = hub.statistics
        return [
            Gauge("websocket_connections", "Open WebSocket connections.", Double(hub.connections)),
            Gauge("websocket_subscriptions", "Subscriptions of all connections.", Double(hub.subscriptions)),
            Gauge("websocket_queued_bytes", "Bytes waiting for clients who do not read.", Double(hub.queuedBytes)),
            Gauge("websocket_deliveries_total", "Messages given to clients, one a client.", Double(hub.deliveries)),
            Gauge("websocket_closed_slow_total", "Clients closed for reading too slowly.", Double(hub.closedSlow)),
        ]
    }

    func databaseGauges() async throws -> [Gauge] {
        let row = try await reads.query(
            """
            SELECT pg_database_size(current_database()), (SELECT seq FROM log_head),
                   (SELECT reltuples::bigint FROM pg_class WHERE oid = 'offers'::regclass)
            """
        ).single()
        var gauges = [
            Gauge("database_bytes", "Size of the database.", Double(try row.int64(0))),
            Gauge("log_rows", "Rows of the log.", Double(try row.int64(1))),
            Gauge("offers_estimate", "Offers stored, as the planner estimates.", Double(max(0, try row.int64(2)))),
        ]
        if let redis, let keys = try? await redis.send(RedisCommand("DBSIZE")).integer() {
            gauges.append(Gauge("redis_keys", "Keys in Redis.", Double(keys)))
        }
        return gauges
    }
}

extension Duration {
    /// As a number for a gauge.
    fileprivate var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
