/// Many options at once, a column for each term: what a whole book is priced with.
public struct OptionColumns: Sendable {
    /// Call or put.
    public var types: [OptionType]
    /// The underlying's prices.
    public var spots: [Double]
    /// The strikes.
    public var strikes: [Double]
    /// The volatilities a year.
    public var volatilities: [Double]
    /// The years to expiry.
    public var years: [Double]
    /// The rate a year, of all.
    public var rate: Double
    /// The yield a year, of all.
    public var dividendYield: Double

    /// No options.
    public init(rate: Double = 0, dividendYield: Double = 0) {
        (types, spots, strikes, volatilities, years) = ([], [], [], [], [])
        self.rate = rate
        self.dividendYield = dividendYield
    }

    /// Appends one option.
    public mutating func append(
        type: OptionType, spot: Double, strike: Double, volatility: Double, years: Double
    ) {
        types.append(type)
        spots.append(spot)
        strikes.append(strike)
        volatilities.append(volatility)
        self.years.append(years)
    }

    /// How many options.
    public var count: Int { types.count }

    /// The option in a row.
    public subscript(row: Int) -> EuropeanOption {
        EuropeanOption(
            type: types[row], spot: spots[row], strike: strikes[row],
            dynamics: Dynamics(
                rate: rate, dividendYield: dividendYield, volatility: volatilities[row], years: years[row]))
    }

    /// Price and Greeks of each row. A row with the terms of the one before is not computed again: a book's offers of
    /// one duration are the same option.
    public func closedForms() -> [EuropeanValues] {
        var values: [EuropeanValues] = []
        values.reserveCapacity(count)
        var last: (option: EuropeanOption, values: EuropeanValues)?
        for row in 0..<count {
            let option = self[row]
            if let last, last.option == option {
                values.append(last.values)
            } else {
                let found = option.closedForm()
                values.append(found)
                last = (option, found)
            }
        }
        return values
    }

    /// The volatility that each row's price implies.
    public func impliedVolatilities(prices: [Double]) -> [ImpliedVolatility] {
        zip(0..<count, prices).map { self[$0].impliedVolatility(price: $1) }
    }
}
