public import Ethereum
public import StrictJSON

/// One call of a contract.
public struct ContractExecution: Sendable, Hashable {
    /// The id that whoever records it gave it: the same id and content again is no error, other content is.
    public let id: String
    /// The function called.
    public let functionName: String
    /// Who called; nil where the chain's events do not tell.
    public let caller: Address?
    /// When, µs since 1970.
    public let atMicros: Int64
    /// Gas it took; nil where the chain's events do not tell.
    public let gasUsed: UInt256?
    /// Whether it succeeded.
    public let success: Bool
    /// Why not.
    public let errorMessage: String?

    /// An execution as recorded.
    public init(
        id: String, functionName: String, caller: Address?, atMicros: Int64, gasUsed: UInt256?, success: Bool,
        errorMessage: String? = nil
    ) {
        self.id = id
        self.functionName = functionName
        self.caller = caller
        self.atMicros = atMicros
        self.gasUsed = gasUsed
        self.success = success
        self.errorMessage = errorMessage
    }

    /// The execution as every interface shows it.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.key("executionId")
        json.string(id)
        json.key("functionName")
        json.string(functionName)
        json.key("caller")
        if let caller { json.address(caller) } else { json.null() }
        json.key("timestamp")
        json.timestamp(micros: atMicros)
        json.key("gasUsed")
        if let gasUsed { json.uint256(gasUsed) } else { json.null() }
        json.key("success")
        json.bool(success)
        json.key("errorMessage")
        if let errorMessage { json.string(errorMessage) } else { json.null() }
        json.endObject()
    }
}

/// Where a page of executions ended, newest first.
public struct ExecutionBookmark: Sendable, Hashable {
    /// When the last one was, µs since 1970.
    public let atMicros: Int64
    /// Its id.
    public let id: String

    /// After this execution.
    public init(atMicros: Int64, id: String) {
        self.atMicros = atMicros
        self.id = id
    }
}
