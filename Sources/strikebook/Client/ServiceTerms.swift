import ArgumentParser
import Ethereum
import Exchange
import Market
import StrictJSON

/// What `GET /protocol` says of a service: all that a signer needs.
struct ServiceTerms: Sendable {
    let deployment: Deployment
    let tokens: TokenList
    let rules: OfferRules
    /// Offers that one client may post in a window; 0 is no limit.
    let offerRateLimit: Int
    /// The window of that limit, in seconds.
    let offerRateSeconds: Int

    /// The demonstration's, for work without a service.
    static func offline(_ deployment: Deployment) -> ServiceTerms {
        ServiceTerms(
            deployment: deployment, tokens: TokenFile.demonstration, rules: OfferRules(), offerRateLimit: 0,
            offerRateSeconds: 0)
    }

    /// Asks a service.
    static func of(_ client: ServiceClient) async throws -> ServiceTerms {
        let json = try await client.get("/protocol").json()
        guard let terms = ServiceTerms(json) else {
            throw CommandFailure(.failure, "\(client.url)/protocol does not say what a signer needs")
        }
        return terms
    }

    private init(
        deployment: Deployment, tokens: TokenList, rules: OfferRules, offerRateLimit: Int, offerRateSeconds: Int
    ) {
        self.deployment = deployment
        self.tokens = tokens
        self.rules = rules
        self.offerRateLimit = offerRateLimit
        self.offerRateSeconds = offerRateSeconds
    }

    /// Nil when a part is missing, or when the domain is not this protocol's.
    private init?(_ json: JSONValue) {
        guard let domain = json["domain"], let limits = json["limits"], domain["name"]?.text == Deployment.domainName,
            domain["version"]?.text == Deployment.domainVersion, let chainID = domain["chainId"]?.uint256,
            let contract = domain["verifyingContract"]?.address,
            let days = limits["maxDurationDays"]?.uint64.flatMap({ UInt16(exactly: $0) }),
            let horizon = limits["deadlineHorizonSeconds"]?.uint64
        else { return nil }
        deployment = Deployment(chainId: chainID, verifyingContract: contract)
        tokens = TokenList((json["tokens"]?.array ?? []).compactMap(Self.token))
        rules = OfferRules(
            maxDurationDays: days, horizonSeconds: horizon,
            tokens: limits["anyToken"]?.bool == false ? .listed(Set(tokens.tokens.map(\.address))) : .any)
        offerRateLimit = Int(clamping: limits["offerRateLimit"]?.uint64 ?? 0)
        offerRateSeconds = Int(clamping: limits["offerRateWindowSeconds"]?.uint64 ?? 0)
    }

    private static func token(_ json: JSONValue) -> Token? {
        guard let symbol = json["symbol"]?.text, let address = json["address"]?.address,
            let decimals = json["decimals"]?.uint64.flatMap({ UInt8(exactly: $0) }), decimals <= 36
        else { return nil }
        return Token(
            symbol: Refusal.shown(symbol), address: address, decimals: decimals,
            isStablecoin: json["stablecoin"]?.bool ?? false)
    }
}

/// Which service a command talks to.
struct ServiceURL: ParsableArguments {
    @Option(help: "The service (http://127.0.0.1:8080); also STRIKEBOOK_URL.")
    var url: String?

    /// The one given, by flag or environment, or the usual one.
    var resolved: String { url ?? ProcessEnvironment.all["STRIKEBOOK_URL"] ?? ServiceClient.usualURL }
}

/// Which service a command asks that can do without.
struct OptionalServiceURL: ParsableArguments {
    @Option(help: "A service whose domain, tokens and limits count (none is asked); also STRIKEBOOK_URL.")
    var url: String?

    /// The one given, by flag or environment.
    var given: String? { url ?? ProcessEnvironment.all["STRIKEBOOK_URL"] }
}

/// Which domain is signed in.
struct SigningDomain: ParsableArguments {
    @Option(help: "Chain id of the signing domain (the service's, else 31337, the demonstration).")
    var chainId: String?
    @Option(help: "Contract of the signing domain (the service's, else the demonstration's).")
    var verifyingContract: String?

    /// The terms to sign by: the service's when a URL is given, else the flags' or the demonstration's.
    ///
    /// Both flags and no question to a service make a fully offline command.
    /// - Throws: a usage failure when the service signs in another domain than the flags say.
    func terms(url: String?) async throws -> ServiceTerms {
        let (chain, contract) = (try chain(), try contract())
        if let url, chain == nil || contract == nil {
            return try await ServiceClient.with(url) { try await terms(of: $0) }
        }
        return .offline(
            Deployment(chainId: chain ?? UInt256(31_337), verifyingContract: try contract ?? Self.demonstration()))
    }

    /// The terms of the service that is going to be told.
    func terms(of client: ServiceClient) async throws -> ServiceTerms {
        let terms = try await ServiceTerms.of(client)
        let (chain, contract) = (
            try chain() ?? terms.deployment.chainId, try contract() ?? terms.deployment.verifyingContract
        )
        guard Deployment(chainId: chain, verifyingContract: contract) == terms.deployment else {
            throw CommandFailure(
                .usage,
                "\(client.url) signs for chain \(terms.deployment.chainId) and contract "
                    + "\(terms.deployment.verifyingContract.checksummed), not for chain \(chain) and contract "
                    + contract.checksummed)
        }
        return terms
    }

    /// The flags given, by key.
    var flags: [String: String] {
        ["chain-id": chainId, "verifying-contract": verifyingContract].compactMapValues { $0 }
    }

    /// The deployment that settings with these flags name; nil when they name nothing.
    static func named(in settings: SettingsSource) throws -> Deployment? {
        let (chain, contract) = (settings.text(.chainID), settings.text(.verifyingContract))
        guard chain != nil || contract != nil else { return nil }
        return Deployment(
            chainId: try chain.map(Self.chain) ?? UInt256(31_337),
            verifyingContract: try contract.map(Self.contract) ?? demonstration())
    }

    private func chain() throws -> UInt256? {
        try (chainId ?? ProcessEnvironment.all[SettingKey.chainID.variable]).map(Self.chain)
    }

    private func contract() throws -> Address? {
        let text = verifyingContract ?? ProcessEnvironment.all[SettingKey.verifyingContract.variable]
        return try text.map(Self.contract)
    }

    /// The demonstration's contract.
    static func demonstration() throws -> Address { try contract(ServiceSettings.demonstrationContract) }

    private static func chain(_ text: String) throws -> UInt256 {
        guard let chain = UInt256(decimal: text), !chain.isZero else {
            throw SettingsSource.refusal(.chainID, "must be a chain id, as 1 or 42161")
        }
        return chain
    }

    private static func contract(_ text: String) throws -> Address {
        guard let contract = try? Address.parse(text), !contract.isZero else {
            throw SettingsSource.refusal(.verifyingContract, "must be a contract's address: 0x and 40 hex digits")
        }
        return contract
    }
}
