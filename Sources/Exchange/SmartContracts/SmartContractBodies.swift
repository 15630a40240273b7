import Ethereum
public import Market
import StrictJSON

/// Reads the bodies of the smart-contract store. Every refusal names the field.
public enum SmartContractBodies {
    /// Executions of one request.
    public static let mostExecutions = 500
    /// Values of one request.
    public static let mostValues = 500
    /// Bytes of a key of the state.
    public static let keyBytes = 1...1_024
    private static let factNames: [StaticString] = [
        "name", "description", "contractType", "deploymentTx", "deploymentTime", "owner", "isActive",
    ]
    private static let executionNames: [StaticString] = [
        "executionId", "functionName", "caller", "timestamp", "gasUsed", "success", "errorMessage",
    ]

    /// The body of `PUT /smart-contracts/{address}`; only name and contractType are needed.
    public static func facts(_ body: [UInt8]) throws(Rejection) -> SmartContract.Facts {
        let fields = try FieldReader(try parse(body), name: nil, keys: factNames)
        var facts = SmartContract.Facts(
            name: try fields.text("name", 0, bytes: 1...256),
            contractType: try fields.text("contractType", 2, bytes: 1...128))
        if let value = fields.present("description") {
            facts.description = try FieldReader.text(value, "description", bytes: 0...8_192)
        }
        if fields.present("deploymentTx") != nil { facts.deploymentTx = try fields.bytes32("deploymentTx", 3) }
        if let value = fields.present("deploymentTime") {
            facts.deploymentMicros = try moment(value, "deploymentTime")
        }
        if fields.present("owner") != nil { facts.owner = try fields.address("owner", 5) }
        if fields.present("isActive") != nil { facts.isActive = try fields.bool("isActive", 6) }
        return facts
    }

    /// The body of `POST /smart-contracts/{address}/executions`: one execution, or `{"executions": […]}`.
    /// - Returns: the executions, and whether the body was a list.
    public static func executions(
        _ body: [UInt8]
    ) throws(Rejection) -> (executions: [ContractExecution], isList: Bool) {
        let json = try parse(body)
        guard let list = json.object?["executions"] else { return ([try execution(json)], false) }
        _ = try FieldReader(json, name: nil, keys: ["executions"])
        guard let items = list.array, (1...mostExecutions).contains(items.count) else {
            throw Rejection(
                .malformed, code: "batch_size", field: "executions",
                detail: "executions must be a list of 1 to \(mostExecutions) executions.")
        }
        var executions: [ContractExecution] = []
        for item in items { executions.append(try execution(item)) }
        return (executions, true)
    }

    /// The body of `PUT /smart-contracts/{address}/state`: `{"state": {"key": "0x…" or null, …}}`.
    public static func state(_ body: [UInt8]) throws(Rejection) -> [ContractStateEntry] {
        let fields = try FieldReader(try parse(body), name: nil, keys: ["state"])
        guard let object = try fields.value("state", 0).object, (1...mostValues).contains(object.members.count) else {
            throw Rejection(
                .malformed, code: "batch_size", field: "state",
                detail: "state must be an object of 1 to \(mostValues) keys, each with bytes as 0x text or null.")
        }
        var entries: [ContractStateEntry] = []
        for member in object.members {
            let key = String(decoding: member.key, as: UTF8.self)
            try check(key: key)
            if member.value.isNull {
                entries.append(ContractStateEntry(key: key, value: nil))
                continue
            }
            guard let text = member.value.string, let bytes = Hex.decode(text) else {
                throw Rejection(
                    .malformed, code: Rejection.Code.invalidHex.rawValue, field: String(key.prefix(64)),
                    detail: "A value must be 0x and an even number of hex digits, or null to remove it.")
            }
            entries.append(ContractStateEntry(key: key, value: bytes))
        }
        return entries
    }

    /// Refuses what cannot be the name of a value.
    public static func check(key: String) throws(Rejection) {
        guard keyBytes.contains(key.utf8.count), !key.utf8.contains(0) else {
            throw Rejection(
                .malformed, code: Rejection.Code.invalidLength.rawValue, field: "key",
                detail:
                    "A key must have \(keyBytes.lowerBound) to \(keyBytes.upperBound) bytes of UTF-8, none of them 0.")
        }
    }

    private static func execution(_ json: JSONValue) throws(Rejection) -> ContractExecution {
        let fields = try FieldReader(json, name: "execution", keys: executionNames)
        var message: String?
        if let value = fields.present("errorMessage") {
            message = try FieldReader.text(value, "errorMessage", bytes: 0...4_096)
        }
        return ContractExecution(
            id: try fields.text("executionId", 0, bytes: 1...256),
            functionName: try fields.text("functionName", 1, bytes: 1...256),
            caller: try fields.address("caller", 2),
            atMicros: try moment(try fields.value("timestamp", 3), "timestamp"),
            gasUsed: try fields.uint256("gasUsed", 4),
            success: try fields.bool("success", 5), errorMessage: message)
    }

    private static func moment(_ value: JSONValue, _ name: StaticString) throws(Rejection) -> Int64 {
        guard let text = value.string, let micros = Timestamp.micros(of: String(decoding: text, as: UTF8.self)) else {
            throw Rejection(
                .malformed, code: "invalid_time", field: name.description,
                detail: "\(name) must be a time in UTC as 2026-01-02T03:04:05.678Z.")
        }
        return micros
    }

    private static func parse(_ body: [UInt8]) throws(Rejection) -> JSONValue {
        do throws(JSONError) {
            return try JSONValue.parse(body)
        } catch {
            throw Rejection(error)
        }
    }
}
