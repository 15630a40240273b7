public import Ethereum
public import Market

/// Who is logged in.
public struct Session: Sendable, Hashable {
    /// The account.
    public let address: Address
    /// When it ends unless it is used before, µs since 1970.
    public let expiresAtMicros: Int64

    /// A session as stored.
    public init(address: Address, expiresAtMicros: Int64) {
        self.address = address
        self.expiresAtMicros = expiresAtMicros
    }
}

/// Keeps sessions by the hash of their token; `Store` is its one implementation.
public protocol SessionStore: Sendable {
    /// Begins a session for so many seconds; nil when the nonce was used before.
    func begin(_ token: Bytes32, nonce: Bytes32, of address: Address, seconds: Int64) async throws -> Session?
    /// The session, which goes on for so many seconds from now; nil when there is none, or none any more.
    func use(_ token: Bytes32, seconds: Int64) async throws -> Session?
    /// Ends a session; false when there was none.
    func end(_ token: Bytes32) async throws -> Bool
}

/// Sign-In with Ethereum: a message that a key or a contract wallet signed becomes a session.
public struct SignInDesk: Sendable {
    /// How long a session lasts after its last use, seconds.
    public static let lifetime: Int64 = 86_400
    /// How far a message's clock may be ahead of this one, µs.
    private static let ahead: Int64 = 60_000_000

    private let deployment: Deployment
    private let domains: SignInDomains
    private let nonces: SignInNonce
    private let judge: SignatureJudge
    private let store: any SessionStore
    private let now: @Sendable () -> UInt64

    /// A desk for `domains` whose nonces are made under `secret`; `judge` decides what is no plain key's.
    public init(
        deployment: Deployment, domains: SignInDomains, secret: [UInt8], judge: SignatureJudge,
        store: any SessionStore, now: @escaping @Sendable () -> UInt64
    ) {
        self.deployment = deployment
        self.domains = domains
        nonces = SignInNonce(key: secret)
        self.judge = judge
        self.store = store
        self.now = now
    }

    /// The chain that messages must name.
    public var chainId: UInt256 { deployment.chainId }

    /// A nonce, and when it ends in unix seconds.
    public func nonce() -> (text: String, end: UInt64) {
        let now = now()
        return (nonces.make(now: now), now + SignInNonce.lifetime)
    }

    /// Begins a session; the token is known to nobody but the caller.
    /// - Throws: `Rejection`, or why the database did not answer.
    public func logIn(_ text: String, signature: [UInt8]) async throws -> (token: String, Session, SignInMessage) {
        let message = try SignInMessage(text)
        try check(message)
        try await verify(message, signature)
        let token = (0..<32).map { _ in UInt8.random(in: .min ... .max) }
        let session = try await store.begin(
            Keccak256.hash(token), nonce: Keccak256.hash(Array(message.nonce.utf8)), of: message.address,
            seconds: Self.lifetime)
        guard let session else { throw Self.refusal("nonce_used", "This nonce was used before; ask for another.") }
        return (String(Hex.encode(token).dropFirst(2)), session, message)
    }

    /// Who holds a token; nil when nobody does any more. Its session goes on from now.
    public func session(_ token: String?) async throws -> Session? {
        guard let hash = token.flatMap(Self.hash) else { return nil }
        return try await store.use(hash, seconds: Self.lifetime)
    }

    /// Ends a token's session; false when there was none.
    public func logOut(_ token: String?) async throws -> Bool {
        guard let hash = token.flatMap(Self.hash) else { return false }
        return try await store.end(hash)
    }

    private static func hash(_ token: String) -> Bytes32? {
        Hex.decode(Array("0x\(token)".utf8)).flatMap { $0.count == 32 ? Keccak256.hash($0) : nil }
    }

    private func check(_ message: SignInMessage) throws(Rejection) {
        guard domains.admits(message.domain) else {
            throw Self.refusal(
                "wrong_domain",
                "The message is for \(message.domain), but this service is logged in to from "
                    + "\(domains.description). A site is admitted by --allowed-origins.")
        }
        guard message.chainId == deployment.chainId else {
            throw Self.refusal(
                "wrong_chain", "The message names chain \(message.chainId); this is \(deployment.chainId).")
        }
        let now = now()
        guard let end = nonces.end(of: message.nonce) else {
            throw Self.refusal("unknown_nonce", "The nonce is not this service's; ask for one at GET /auth/nonce.")
        }
        guard now <= end else { throw Self.refusal("nonce_expired", "The nonce has expired; ask for another.") }
        let micros = Int64(clamping: now) * 1_000_000
        guard message.issuedAtMicros <= micros + Self.ahead, message.notBeforeMicros ?? .min <= micros else {
            throw Self.refusal("not_yet_valid", "The message is not valid yet: compare its times with the clock.")
        }
        guard message.expirationMicros ?? .max > micros else {
            throw Self.refusal("message_expired", "The message has expired; sign another.")
        }
    }

    private static func refusal(_ code: String, _ detail: String) -> Rejection {
        Rejection(.malformed, code: code, field: "message", detail: detail)
    }

    private func verify(_ message: SignInMessage, _ signature: [UInt8]) async throws(Rejection) {
        do throws(Rejection) {
            try DigestSignature.verify(signature, digest: message.digest, signer: message.address)
        } catch {
            let claim = WalletClaim(wallet: message.address, digest: message.digest, signature: signature)
            _ = try await judge.approval(of: claim, refusal: error)
        }
    }
}
