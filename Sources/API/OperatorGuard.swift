import Market

/// Routes that are the operator's alone: `Authorization: Bearer` with the operator's key.
public struct OperatorGuard: Sendable {
    private let key: [UInt8]?

    /// Admits whoever has `key`; without one the operator's routes do not exist.
    public init(key: String?) {
        self.key = key.map { Array($0.utf8) }
    }

    /// Admits the operator.
    /// - Throws: 404 where no key is set, 401 without credentials, 403 with wrong ones.
    func admit(_ request: APIRequest) throws(Rejection) {
        guard let key else {
            throw Rejection(.notFound, code: "not_found", detail: "This service has no operator, so nothing is here.")
        }
        guard let given = request.authorization.flatMap(Self.token) else {
            throw Rejection(
                .unauthenticated, code: "operator_key_required", field: "Authorization",
                detail: "This is the operator's. Send \"Authorization: Bearer\" and the operator's key.")
        }
        guard Self.isEqual(given, key) else {
            throw Rejection(
                .forbidden, code: "operator_key_wrong", field: "Authorization",
                detail: "This is not the operator's key.")
        }
    }

    /// What follows `Bearer`, the scheme in any case.
    private static func token(_ header: String) -> [UInt8]? {
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return Array(parts[1].drop { $0 == " " }.utf8)
    }

    /// Takes as long for any guess of one length: how many bytes of it are right shows nowhere.
    private static func isEqual(_ given: [UInt8], _ key: [UInt8]) -> Bool {
        var difference = UInt8(given.count == key.count ? 0 : 1)
        for index in given.indices { difference |= given[index] ^ key[index % key.count] }
        return difference == 0
    }
}
