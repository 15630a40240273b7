public import Ethereum
public import StrictJSON

/// A deployed contract as it is recorded.
public struct SmartContract: Sendable, Hashable {
    /// What whoever records it says of it.
    public struct Facts: Sendable, Hashable {
        /// Its name.
        public var name: String
        /// What it does.
        public var description: String
        /// Its kind, in the operator's words.
        public var contractType: String
        /// The transaction that deployed it.
        public var deploymentTx: Bytes32?
        /// When that was, µs since 1970.
        public var deploymentMicros: Int64?
        /// Who controls it.
        public var owner: Address?
        /// Whether it is in use.
        public var isActive: Bool

        /// Facts of a contract.
        public init(
            name: String, description: String = "", contractType: String, deploymentTx: Bytes32? = nil,
            deploymentMicros: Int64? = nil, owner: Address? = nil, isActive: Bool = true
        ) {
            self.name = name
            self.description = description
            self.contractType = contractType
            self.deploymentTx = deploymentTx
            self.deploymentMicros = deploymentMicros
            self.owner = owner
            self.isActive = isActive
        }
    }

    /// Where it is deployed.
    public let address: Address
    /// What is said of it.
    public let facts: Facts
    /// When it was first recorded, µs since 1970.
    public let createdAtMicros: Int64
    /// When the record last changed, µs since 1970.
    public let updatedAtMicros: Int64

    /// A record as stored.
    public init(address: Address, facts: Facts, createdAtMicros: Int64, updatedAtMicros: Int64) {
        self.address = address
        self.facts = facts
        self.createdAtMicros = createdAtMicros
        self.updatedAtMicros = updatedAtMicros
    }

    /// The record as every interface shows it.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.key("address")
        json.address(address)
        json.key("name")
        json.string(facts.name)
        json.key("description")
        json.string(facts.description)
        json.key("contractType")
        json.string(facts.contractType)
        json.key("deploymentTx")
        if let hash = facts.deploymentTx { json.hash(hash) } else { json.null() }
        json.key("deploymentTime")
        if let micros = facts.deploymentMicros { json.timestamp(micros: micros) } else { json.null() }
        json.key("owner")
        if let owner = facts.owner { json.address(owner) } else { json.null() }
        json.key("isActive")
        json.bool(facts.isActive)
        json.key("createdAt")
        json.timestamp(micros: createdAtMicros)
        json.key("updatedAt")
        json.timestamp(micros: updatedAtMicros)
        json.endObject()
    }
}

/// One value of a contract's state.
public struct ContractStateEntry: Sendable, Hashable {
    /// Its name, 1…1024 bytes of UTF-8.
    public let key: String
    /// The bytes, uninterpreted; in a write nil removes it.
    public let value: [UInt8]?

    /// A value under a name.
    public init(key: String, value: [UInt8]?) {
        self.key = key
        self.value = value
    }
}

/// The name of one value of a contract's state, and how large the value is.
public struct ContractStateKey: Sendable, Hashable {
    /// Its name.
    public let key: String
    /// Bytes of its value.
    public let size: Int
    /// When the value was last written, µs since 1970.
    public let updatedAtMicros: Int64

    /// A name as listed.
    public init(key: String, size: Int, updatedAtMicros: Int64) {
        self.key = key
        self.size = size
        self.updatedAtMicros = updatedAtMicros
    }
}
