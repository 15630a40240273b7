public import Ethereum

/// Input that breaks a rule: what the sender is told, and nothing about outages.
///
/// `code` is stable and machine-readable, `detail` a sentence that says what to do. Neither repeats more than a
/// shortened key of what was sent.
public struct Rejection: Error, Sendable, Hashable {
    /// What sort of refusal it is; one file of the API maps it to a status.
    public enum Kind: Sendable, Hashable, CaseIterable {
        /// The request cannot be read or breaks a rule.
        case malformed
        /// No identity was given.
        case unauthenticated
        /// The identity may not do this.
        case forbidden
        /// There is no such thing.
        case notFound
        /// The thing is in a state that does not allow it.
        case conflict
        /// More than the limit on sizes.
        case tooLarge
        /// The body is of a type that is not read here.
        case unsupportedMedia
        /// The signature is not the writer's over this message.
        case signature
        /// More than the limit on counts or rates.
        case tooMany
        /// A part that is needed is away; trying again later is safe.
        case unavailable
    }

    /// What sort of refusal it is.
    public let kind: Kind
    /// Stable snake_case name of the broken rule.
    public let code: String
    /// The field at fault by its bare name, as `collateralAmount`.
    public let field: String?
    /// A sentence that says what to do.
    public let detail: String
    /// What was computed, when a signature was refused.
    public let findings: SignatureFindings?

    /// A refusal with a code of the caller's own.
    public init(_ kind: Kind, code: String, field: String? = nil, detail: String, findings: SignatureFindings? = nil) {
        self.kind = kind
        self.code = code
        self.field = field
        self.detail = detail
        self.findings = findings
    }

    /// A refusal by one of the rules of this module.
    init(_ kind: Kind, _ code: Code, field: String? = nil, _ detail: String, findings: SignatureFindings? = nil) {
        self.init(kind, code: code.rawValue, field: field, detail: detail, findings: findings)
    }
}

/// What the service computed for a signature that it refused, so that the signer can find where the two differ.
public struct SignatureFindings: Sendable, Hashable {
    /// `hashStruct` of the deployment's domain.
    public let domainSeparator: Bytes32
    /// `hashStruct` of the message.
    public let structHash: Bytes32
    /// What should have been signed.
    public let digest: Bytes32
    /// The signer of the digest according to the signature, nil when it names none.
    public let recovered: Address?
    /// Who should have signed.
    public let expected: Address
    /// What the signature does match, as `matches if chainId = 1`; empty when nothing that was tried does.
    public let diagnosis: [String]

    /// Findings as computed.
    public init(
        domainSeparator: Bytes32, structHash: Bytes32, digest: Bytes32, recovered: Address?, expected: Address,
        diagnosis: [String]
    ) {
        self.domainSeparator = domainSeparator
        self.structHash = structHash
        self.digest = digest
        self.recovered = recovered
        self.expected = expected
        self.diagnosis = diagnosis
    }
}
