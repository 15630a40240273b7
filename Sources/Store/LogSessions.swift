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
        return configuration
    }
}
