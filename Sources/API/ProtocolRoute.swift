import Ethereum
public import Exchange
public import Market
import StrictJSON

/// `GET /protocol`: all that a signer needs.
public struct ProtocolRoute: Sendable {
    private static let offerFields: [(name: StaticString, type: StaticString)] = [
        ("writer", "address"), ("underlying", "address"), ("collateralAmount", "uint256"), ("stablecoin", "address"),
        ("isCall", "bool"), ("premiumPerDay", "uint256"), ("minDuration", "uint16"), ("maxDuration", "uint16"),
        ("minFillAmount", "uint256"), ("deadline", "uint64"), ("configHash", "bytes32"),
    ]

    private let deployment: Deployment
    private let rules: OfferRules
    private let tokens: TokenList
    private let limits: HTTPLimits
    private let rates: RateLimits
    private let tailFill: Bool

    /// What this deployment takes.
    public init(
        deployment: Deployment, rules: OfferRules, tokens: TokenList, limits: HTTPLimits, rates: RateLimits,
        tailFill: Bool
    ) {
        self.deployment = deployment
        self.rules = rules
        self.tokens = tokens
        self.limits = limits
        self.rates = rates
        self.tailFill = tailFill
    }

    func get(_ request: APIRequest) async throws -> Reply {
        .json { json in
            json.beginObject()
            json.key("domain")
            writeDomain(to: &json)
            json.key("domainSeparator")
            json.hash(deployment.domainSeparator)
            json.key("types")
            json.beginObject()
            Self.writeType("OptionOffer", Self.offerFields, to: &json)
            Self.writeType("CancelOffers", [("offerHashes", "bytes32[]")], to: &json)
            Self.writeType("CancelAllOffers", [("writer", "address"), ("issuedBefore", "uint64")], to: &json)
            json.endObject()
            json.key("typeHashes")
            json.beginObject()
            json.key("OptionOffer")
            json.hash(Offer.typeHash)
            json.key("CancelOffers")
            json.hash(CancelMessage.offersTypeHash)
            json.key("CancelAllOffers")
            json.hash(CancelMessage.allTypeHash)
            json.endObject()
            json.key("limits")
            writeLimits(to: &json)
            json.key("tokens")
            writeTokens(to: &json)
            json.endObject()
        }
    }

    private func writeDomain(to json: inout JSONWriter) {
        json.beginObject()
        json.key("name")
        json.string(Deployment.domainName)
        json.key("version")
        json.string(Deployment.domainVersion)
        json.key("chainId")
        if let small = deployment.chainId.asUInt64, small < 1 << 53 {
            json.integer(small)
        } else {
            json.uint256(deployment.chainId)
        }
        json.key("verifyingContract")
        json.address(deployment.verifyingContract)
        json.endObject()
    }

    private static func writeType(
        _ name: StaticString, _ fields: [(name: StaticString, type: StaticString)], to json: inout JSONWriter
    ) {
        json.key(name)
        json.beginArray()
        for field in fields {
            json.beginObject()
            json.key("name")
            json.string(field.name)
            json.key("type")
            json.string(field.type)
            json.endObject()
        }
        json.endArray()
    }

    private func writeLimits(to json: inout JSONWriter) {
        let limits: [(StaticString, Int)] = [
            ("maxDurationDays", Int(rules.maxDurationDays)),
            ("deadlineHorizonSeconds", Int(clamping: rules.horizonSeconds)),
            ("maxOpenOffers", rules.maxOpenOffers), ("batch", OfferRoutes.largestBatch),
            ("cancelHashes", CancelMessage.maxOffers), ("offerBodyBytes", self.limits.offerBody),
            ("batchBodyBytes", self.limits.largestBody), ("cancelBodyBytes", self.limits.cancelBody),
            ("offerRateLimit", rates.offerRule.limit),
            ("offerRateWindowSeconds", Int(rates.offerRule.window.components.seconds)),
        ]
        json.beginObject()
        for (name, value) in limits {
            json.key(name)
            json.integer(value)
        }
        json.key("tailFill")
        json.bool(tailFill)
        json.key("anyToken")
        json.bool(rules.tokens == .any)
        json.endObject()
    }

    private func writeTokens(to json: inout JSONWriter) {
        json.beginArray()
        for token in tokens.tokens {
            json.beginObject()
            json.key("symbol")
            json.string(token.symbol)
            json.key("address")
            json.address(token.address)
            json.key("decimals")
            json.integer(token.decimals)
            json.key("stablecoin")
            json.bool(token.isStablecoin)
            json.endObject()
        }
        json.endArray()
    }
}
