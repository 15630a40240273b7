public import Ethereum
public import Market
public import StrictJSON

/// Submitting and asking for products (Lucky Ladder, Momentum Catcher), as the WebSocket hub and the HTTP routes do it.
public protocol ProductDesk: Sendable {
    /// Reads and checks a submission, prices it and stores it. `answer` is called once, from any thread, after the
    /// contract is durable and before the first state that listeners hear of it.
    /// - Parameter submission: the fields of `submitContract` in api.md; `type` and `requestId` may be there too.
    func submit(
        _ submission: JSONObject, by submitter: Submitter,
        answer: @escaping @Sendable (Result<AcceptedContract, Rejection>) -> Void)

    /// The state of a contract, also of one that has ended; a rejection of kind `notFound` when there is none.
    func query(_ contractID: String, answer: @escaping @Sendable (Result<ContractState, Rejection>) -> Void)

    /// From now on tells `listener` every new state, in the order of its revisions.
    func subscribe(_ listener: any ContractListener)
}

/// Who hears of products: the hub.
public protocol ContractListener: Sendable {
    /// These contracts have new states. Must not block.
    func contractsChanged(_ states: [ContractState])
}

/// Who submits a product.
public struct Submitter: Sendable, Hashable {
    /// The address to count for limits: the peer's, or what a trusted proxy says of it.
    public let client: String
    /// Who is logged in and owns what is submitted; nil without a log-in.
    public let owner: Address?

    /// A submitter at the network address `client`, logged in as `owner`.
    public init(client: String, owner: Address?) {
        self.client = client
        self.owner = owner
    }
}

/// A contract that was accepted.
public struct AcceptedContract: Sendable {
    /// Its id.
    public let contractID: String
    /// A JSON object, as `contractAccepted` shows it without `type` and `requestId`: `contractId`, `fairValueE8`, ….
    public let json: [UInt8]

    /// The contract `contractID`, described by the JSON object `json`.
    public init(contractID: String, json: [UInt8]) {
        self.contractID = contractID
        self.json = json
    }
}

/// A contract at one moment.
public struct ContractState: Sendable {
    /// Its id.
    public let contractID: String
    /// Grows with every state of this contract; 0 is the state at acceptance.
    public let revision: UInt64
    private let encode: @Sendable () -> [UInt8]

    /// A JSON object, as `contractUpdate` shows it without `type`: `contractId`, …. Encoded anew at each call, so that a
    /// state that nobody looks at costs nothing.
    public var json: [UInt8] { encode() }

    /// The state number `revision` of `contractID`; `json` makes it a JSON object.
    public init(contractID: String, revision: UInt64, json: @escaping @Sendable () -> [UInt8]) {
        self.contractID = contractID
        self.revision = revision
        encode = json
    }
}
