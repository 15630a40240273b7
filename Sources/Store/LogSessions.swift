public import Postgres

extension PostgresConfiguration {
    /// The one session that `LogWriter` writes through. Statements are planned once, whatever their values: a batch's
    /// arrays would be looked at anew each time.
    public func writingLog(applicationName: String = "strikebook") -> PostgresConfiguration {
        var configuration = readingLog(pool: 1, applicationName: applicationName)
        configuration.settings["plan_cache_mode"] = "force_generic_plan"
        return configuration
    }

    /// Sessions as the application's role. Every query of the service is served by an index: left to its estimates, the
    /// planner reads whole tables while they are new and small, and prepared statements keep such a plan while they grow.
    public func readingLog(pool: Int, applicationName: String = "strikebook") -> PostgresConfiguration {
        var configuration = self
        configuration.poolSize = pool
        configuration.role = "strikebook_app"
        configuration.applicationName = applicationName
        configuration.settings["enable_seqscan"] = "off"
        // The price of a forbidden plan would have every statement on a table of one row compiled first.
        configuration.settings["jit"] = "off"
        return configuration
    }

    /// The sessions of the market: ten commits a second that the book must not feel.
    ///
    /// They do not wait for the disk. What a crash of PostgreSQL may lose are its last moments (three turns of the WAL
    /// writer, 0.6 s), and nobody who decided anything by a tick is among what is lost: a product's hit, an offer, a
    /// settlement are commits that wait for the disk, and the WAL is one sequence, so they take every tick before them
    /// along. A subscriber may have seen prices that are gone; the same steps of the same paths come again.
    /// Short time-outs: a frozen database must not hold the next tick for long.
    public func writingTicks(applicationName: String = "strikebook") -> PostgresConfiguration {
        var configuration = readingLog(pool: 2, applicationName: applicationName)
        configuration.settings["plan_cache_mode"] = "force_generic_plan"
        configuration.settings["synchronous_commit"] = "off"
        configuration.connectTimeout = .seconds(1)
        configuration.acquireTimeout = .seconds(1)
        configuration.statementTimeout = .seconds(2)
        configuration.lockTimeout = .milliseconds(500)
        configuration.responseMargin = .milliseconds(500)
        configuration.reconnectDelays = (first: .milliseconds(50), longest: .seconds(1))
        return configuration
    }
}
