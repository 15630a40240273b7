public import Market

/// The products' records as the operator keeps them: every product of this service, and what else was put there.
/// `Store` is its one implementation; tests run it on a real PostgreSQL.
public protocol RecordStore: Sendable {
    /// Stores a record, in place of one with its id.
    /// - Returns: the record as it is now, and whether it is new.
    /// - Throws: a `Rejection` of kind `conflict` for the id of a product that this service runs or ran.
    func put(_ record: ContractRecord) async throws -> (record: ContractRecord, isNew: Bool)

    /// The record with this id.
    func record(_ id: String) async throws -> ContractRecord?

    /// The records in the order of their ids after `id`, at most `limit`.
    func records(after id: String?, limit: Int) async throws -> [ContractRecord]

    /// Deletes a record, and ends the product whose record it is without a payout.
    /// - Returns: whether it was there.
    func delete(_ id: String) async throws -> Bool

    /// Deletes every record, as `delete` does; their number.
    func clean() async throws -> Int64
}

extension Rejection {
    /// The record of a product says what the log says.
    public static let productRecord = Rejection(
        .conflict, code: "product_record", field: "id",
        detail: "This id is a product's, whose record this service keeps. Use another id, or delete it first.")
}
