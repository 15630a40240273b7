import Ethereum

/// Anything a maker signs here, and how a struct of it hashes.
enum SignableMessage {
    case offer(Offer)
    case cancel(CancelMessage)
    case settlement(SettlementTerms)

    /// One field of an EIP-712 struct: its type as written, its name and its encoded word.
    struct Field {
        var type: String
        var name: String
        var word: Bytes32
    }

    /// The struct's name and its fields in order; an array stands as the hash of its words.
    var fields: (name: String, fields: [Field]) {
        switch self {
        case .offer(let offer): ("OptionOffer", Self.fields(of: offer))
        case .cancel(.offers(let hashes)):
            ("CancelOffers", [Field(type: "bytes32[]", name: "offerHashes", word: Self.arrayHash(hashes))])
        case .cancel(.all(let writer, let issuedBefore)):
            (
                "CancelAllOffers",
                [
                    Field(type: "address", name: "writer", word: ABI.word(writer)),
                    Field(type: "uint64", name: "issuedBefore", word: ABI.word(issuedBefore)),
                ]
            )
        case .settlement(let terms):
            (
                "SettlementTerms",
                [
                    Field(type: "uint256", name: "tokenId", word: ABI.word(terms.tokenId)),
                    Field(type: "bytes32", name: "orderHash", word: terms.orderHash),
                    Field(type: "uint256", name: "minBuyAmount", word: ABI.word(terms.minBuyAmount)),
                    Field(type: "uint64", name: "validTo", word: ABI.word(terms.validTo)),
                ]
            )
        }
    }

    /// `hashStruct` of fields under a struct's name, whatever they are.
    static func structHash(_ name: String, _ fields: [Field]) -> Bytes32 {
        let list = fields.map { "\($0.type) \($0.name)" }.joined(separator: ",")
        var hash = Keccak256()
        hash.update(Ethereum.typeHash("\(name)(\(list))"))
        for field in fields { hash.update(field.word) }
        return hash.finalize()
    }

    static func arrayHash(_ words: [Bytes32]) -> Bytes32 {
        var hash = Keccak256()
        for word in words { hash.update(word) }
        return hash.finalize()
    }

    private static func fields(of offer: Offer) -> [Field] {
        [
            Field(type: "address", name: "writer", word: ABI.word(offer.writer)),
            Field(type: "address", name: "underlying", word: ABI.word(offer.underlying)),
            Field(type: "uint256", name: "collateralAmount", word: ABI.word(offer.collateralAmount)),
            Field(type: "address", name: "stablecoin", word: ABI.word(offer.stablecoin)),
            Field(type: "bool", name: "isCall", word: ABI.word(offer.isCall)),
            Field(type: "uint256", name: "premiumPerDay", word: ABI.word(offer.premiumPerDay)),
            Field(type: "uint16", name: "minDuration", word: ABI.word(offer.minDuration)),
            Field(type: "uint16", name: "maxDuration", word: ABI.word(offer.maxDuration)),
            Field(type: "uint256", name: "minFillAmount", word: ABI.word(offer.minFillAmount)),
            Field(type: "uint64", name: "deadline", word: ABI.word(offer.deadline)),
            Field(type: "bytes32", name: "configHash", word: ABI.word(offer.configHash)),
        ]
    }
}
