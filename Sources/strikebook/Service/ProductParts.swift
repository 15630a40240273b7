import Exchange
import Logging
import Market
import Postgres
import ServiceLifecycle
import Store

/// The products of a running service: the desk, and the records that the operator keeps.
struct ProductParts {
    let service: ProductService
    let records: PostgresRecords
    /// What is to be run, in starting order.
    let services: [any Service]

    /// Loads the active products: they have seen every stored tick when this returns.
    static func open(
        _ settings: ServiceSettings, database: PostgresConfiguration, reads: PostgresClient, board: PriceBoard,
        leadership: any Leadership, logger: Logger
    ) async throws -> ProductParts {
        let writes = PostgresClient(configuration: database.writingLog(), logger: logger)
        let listener = PostgresListener(
            configuration: database.readingLog(pool: 1), channels: [LogChannel.name], logger: logger)
        let rules = ProductRules()
        let pricer = ProductPricer(tokens: settings.tokens)
        let service = ProductService(
            log: PostgresProducts(writes: writes, reads: reads, rules: rules, logger: logger), board: board,
            leadership: leadership, tokens: settings.tokens, rules: rules, wake: listener.notifications.map(headSeq),
            nowMillis: { SystemClock.micros() / 1_000 }, logger: logger, pricer: pricer.fairValueE8)
        try await service.load()
        return ProductParts(
            service: service, records: PostgresRecords(writes: writes, reads: reads),
            services: [writes, listener, service])
    }

    /// The head that a notification announces; nil after a reconnect, which may have missed some.
    @Sendable
    private static func headSeq(_ notification: PostgresListener.Notification) -> UInt64? {
        if case .notify(_, let payload) = notification { UInt64(payload) } else { nil }
    }
}
