import ArgumentParser
import Ethereum
import Exchange
import Market
import StrictJSON

/// `strikebook settle`
struct SettleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "settle",
        abstract: "Have an expired call's collateral sold through CoW Protocol.",
        discussion: """
            Example: strikebook settle initiate 7
                     strikebook settle approve 7 --key-file holder.key
                     strikebook settle submit 7
                     strikebook settle status 7
            """,
        subcommands: [SettleInitiate.self, SettleApprove.self, SettleSubmit.self, SettleStatus.self])
}

/// Which option a command is about, and of which service.
struct SettledOption: ParsableArguments {
    @Argument(help: "The option's number.") var tokenId: String
    @OptionGroup var service: ServiceURL
    @Flag(help: "The service's answer as it is.") var json = false

    /// The number.
    func number() throws -> UInt256 {
        guard let number = UInt256(decimal: tokenId) else {
            throw CommandFailure(.usage, "TOKEN-ID must be an option's number, as 7")
        }
        return number
    }

    /// Prints an answer: as it is, or in words.
    func show(_ answer: ServiceAnswer) throws {
        let settlement = try answer.json()
        if json { return try StandardOutput.line(answer.bytes) }
        for line in SettlementText.lines(settlement) { try StandardOutput.line(line) }
    }
}

/// `strikebook settle initiate`
struct SettleInitiate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "initiate",
        abstract: "Propose the terms of the sale; they bind nobody until the holder approves.",
        discussion: "Example: strikebook settle initiate 7 --min-buy-amount 2450usdc")

    @OptionGroup var option: SettledOption
    @Option(help: "The least the sale must bring: smallest units, or as 2450usdc (the service's floor).")
    var minBuyAmount: String?
    @Option(help: "Until when it can fill: unix seconds, a time, or a span as +2h (an hour).") var validTo: String?

    func run() async throws {
        let tokenId = try option.number()
        try await ServiceClient.with(option.service.resolved) { client in
            var json = JSONWriter()
            json.beginObject()
            json.key("tokenId")
            json.uint256(tokenId)
            if let minBuyAmount {
                let stablecoin = try await ServiceTerms.of(client).tokens.onlyStablecoin
                json.key("minBuyAmount")
                json.uint256(try Amount.parse(minBuyAmount, of: stablecoin, flag: "min-buy-amount"))
            }
            if let validTo {
                json.key("validTo")
                json.integer(try Moment.parse(validTo, now: SystemClock.seconds(), flag: "valid-to"))
            }
            json.endObject()
            try option.show(try await client.post("/settlement/initiate", json.bytes))
        }
    }
}

/// `strikebook settle approve`
struct SettleApprove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve",
        abstract: "Sign the proposed terms as the holder.",
        discussion: """
            Example: strikebook settle approve 7 --key-file holder.key --at-least 2450usdc
            The order is hashed here, from what the service says of it: what is signed is what is shown.
            """)

    @OptionGroup var option: SettledOption
    @Option(help: "Sign nothing that might bring less: smallest units, or as 2450usdc.") var atLeast: String?
    @OptionGroup var key: SigningKey
    @OptionGroup var domain: SigningDomain

    func run() async throws {
        let (tokenId, key) = (try option.number(), try key.require())
        try await ServiceClient.with(option.service.resolved) { client in
            let terms = try await domain.terms(of: client)
            let settlement = try await client.get("/settlement/\(tokenId)").json()
            let signed = try SettlementText.terms(settlement, tokenId, terms.deployment)
            if let atLeast {
                let least = try Amount.parse(atLeast, of: terms.tokens.onlyStablecoin, flag: "at-least")
                guard signed.minBuyAmount >= least else {
                    throw CommandFailure(
                        .failure, "the proposed terms may bring as little as \(signed.minBuyAmount); nothing was signed"
                    )
                }
            }
            var json = JSONWriter()
            json.beginObject()
            json.key("tokenId")
            json.uint256(tokenId)
            json.key("settlementConditionsHash")
            json.hash(signed.conditionsHash)
            json.key("signature")
            json.bytes(key.sign(digest: signed.digest(terms.deployment)).bytes65)
            // Terms of its own, so that nobody's other proposal can come in between.
            json.key("minBuyAmount")
            json.uint256(signed.minBuyAmount)
            json.key("validTo")
            json.integer(signed.validTo)
            json.endObject()
            try option.show(try await client.post("/settlement/approve", json.bytes))
        }
    }
}

/// `strikebook settle submit`
struct SettleSubmit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit",
        abstract: "Send the approved order to CoW.",
        discussion: "Example: strikebook settle submit 7")

    @OptionGroup var option: SettledOption

    func run() async throws {
        let tokenId = try option.number()
        try await ServiceClient.with(option.service.resolved) { client in
            try option.show(
                try await client.post("/settlement/submit", Array("{\"tokenId\":\"\(tokenId)\"}".utf8)))
        }
    }
}

/// `strikebook settle status`
struct SettleStatus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show where a settlement stands.",
        discussion: "Example: strikebook settle status 7")

    @OptionGroup var option: SettledOption

    func run() async throws {
        let tokenId = try option.number()
        try await ServiceClient.with(option.service.resolved) { client in
            try option.show(try await client.get("/settlement/\(tokenId)"))
        }
    }
}
