import Ethereum
import Exchange
import Logging
import Market
import Postgres
import Store

let deployment = Deployment(
    chainId: UInt256(31337), verifyingContract: Address(bytes: [UInt8](repeating: 0x11, count: 20)) ?? .zero)

/// Distinct addresses by number.
func address(_ number: UInt64) -> Address {
    Address(bytes: Keccak256.hash(Array("address \(number)".utf8)).array.prefix(20)) ?? .zero
}

/// Distinct keys by number.
func key(_ number: UInt64) throws -> PrivateKey {
    try PrivateKey(bytes: Keccak256.hash(Array("key \(number)".utf8)).array)
}

let weth = address(1_000)
let wbtc = address(1_001)
let usdc = address(2_000)

/// What a test varies of an offer.
struct Terms {
    var underlying = weth
    var stablecoin = usdc
    var isCall = true
    var collateral = UInt256(1_000_000_000_000_000_000)
    var premium = UInt256(10_000_000)
    var days: ClosedRange<UInt16> = 7...30
    var deadline: UInt64 = 4_000_000_000

    /// The offer signed by `key`.
    func signed(by key: PrivateKey) throws -> SignedOffer {
        let offer = Offer(
            writer: key.address, underlying: underlying, collateralAmount: collateral, stablecoin: stablecoin,
            isCall: isCall, premiumPerDay: premium, minDuration: days.lowerBound, maxDuration: days.upperBound,
            minFillAmount: .one, deadline: deadline, configHash: .zero)
        let signature = key.sign(digest: deployment.digest(offer))
        return try SignedOffer.verify(Draft(offer: offer, signature: signature.bytes65), deployment: deployment)
    }
}

/// A cancel signed by `key`.
func signedCancel(_ message: CancelMessage, by key: PrivateKey) throws -> VerifiedCancel {
    let signature = key.sign(digest: message.digest(deployment))
    return try VerifiedCancel.verify(
        CancelDraft(message: message, signature: signature.bytes65), deployment: deployment, now: 4_000_000_000)
}

/// A fresh database with the whole schema, claimed for `deployment`, and the log on it.
struct StoredLog {
    let url: String
    let log: PostgresLog
    private let client: PostgresClient

    init() async throws {
        url = try await makeMigratedDatabase()
        client = try makeClient(url) {
            $0.poolSize = 2
            $0.role = "strikebook_app"
        }
        _ = try await DeploymentTable.claim(deployment, in: client)
        log = PostgresLog(writes: client, reads: client, deployment: deployment, logger: quiet)
    }

    /// Transactions of everything but offers, over the same connections.
    var transactions: LogTransactions { LogTransactions(database: client) }

    /// Runs `body` with the application's rights.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (PostgresConnection) throws -> Value
    ) async throws -> Value {
        try await client.withConnection(body)
    }

    /// Commits `requests`, and gives what became of each.
    @discardableResult
    func commit(_ requests: WriteRequest...) async throws -> [WriteResult] {
        try await log.commit(requests).results
    }

    /// Ends the connections.
    func close() async { await client.shutdown() }
}
