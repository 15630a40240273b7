/// One thing this service depends on, as `/ready` and `/health` show it.
public struct Dependency: Sendable {
    /// How it is.
    public enum State: String, Sendable {
        case up, down
        /// Configured away.
        case off
    }

    /// What it is called.
    public let name: String
    /// The offer as it stands.
    public let state: State
    /// Whether the service can serve without it.
    public let isRequired: Bool
    /// Since when it has been so, µs since 1970.
    public let sinceMicros: Int64?
    /// What to know about it.
    public let detail: String?

    /// `name` is in `state` since `sinceMicros`.
    public init(name: String, state: State, isRequired: Bool, sinceMicros: Int64? = nil, detail: String? = nil) {
        self.name = name
        self.state = state
        self.isRequired = isRequired
        self.sinceMicros = sinceMicros
        self.detail = detail
    }
}

/// Figures of one moment: a name, a help line and a value, for `/stats` and `/metrics` alike.
public struct Gauge: Sendable {
    /// What it is called.
    public let name: String
    /// What it counts.
    public let help: String
    /// The figure.
    public let value: Double

    /// `name` in snake_case without the product's prefix; counters end in `_total`.
    public init(_ name: String, _ help: String, _ value: Double) {
        self.name = name
        self.help = help
        self.value = value
    }
}

/// Looks at the parts of the running service; made where they are wired.
public protocol ServiceStatus: Sendable {
    /// Everything the service depends on.
    func dependencies() async -> [Dependency]
    /// Figures that cost nothing to read.
    func gauges() async -> [Gauge]
    /// Figures that the database is asked for: rows and sizes.
    func databaseGauges() async throws -> [Gauge]
}
