import Ethereum

extension SignatureDoctor {
    private typealias Field = SignableMessage.Field

    /// The right hashes, wrapped otherwise than EIP-712 says.
    func wrappingMistakes() -> [Mistake] {
        let separator = deployment.domainSeparator
        var mistakes = [
            Mistake(text: "matches as eth_sign", digest: EIP191.digest(ofDigest: digest)),
            Mistake(
                text: "matches as personal_sign of the digest's hex text",
                digest: EIP191.digest(message: Array(digest.hex.utf8))),
            Mistake(
                text: "matches as personal_sign of the 66 bytes 0x1901, separator, structHash",
                digest: EIP191.digest(message: [0x19, 0x01] + separator.array + structHash.array)),
            Mistake(text: "matches structHash signed without the domain", digest: structHash),
            Mistake(text: "matches as eth_sign of structHash", digest: EIP191.digest(ofDigest: structHash)),
            Mistake(
                text: "matches without the prefix 0x1901", digest: Keccak256.hash(separator.array + structHash.array)),
        ]
        if case .settlement(let terms) = message {
            mistakes += [
                Mistake(
                    text: "matches settlementConditionsHash signed in place of the digest", digest: terms.conditionsHash
                ),
                Mistake(
                    text: "matches as eth_sign of settlementConditionsHash",
                    digest: EIP191.digest(ofDigest: terms.conditionsHash)),
                Mistake(text: "matches orderHash signed in place of the digest", digest: terms.orderHash),
            ]
        }
        if case .offer(let offer) = message {
            let encoded = offer.encodedHash()
            mistakes += [
                Mistake(text: "matches encodedHash signed in place of the digest", digest: encoded),
                Mistake(text: "matches as eth_sign of encodedHash", digest: EIP191.digest(ofDigest: encoded)),
                mistake("matches with encodedHash in place of structHash", encoded),
            ]
        }
        return mistakes
    }

    /// Another struct in the right domain.
    func structMistakes() -> [Mistake] {
        let (name, fields) = message.fields
        var mistakes = typeMistakes(name, fields) + orderMistakes(name, fields)
        switch message {
        case .offer(let offer): mistakes += valueMistakes(offer)
        case .cancel(.offers(let hashes)): mistakes += arrayMistakes(hashes)
        case .cancel(.all(let writer, let issuedBefore)):
            let (milliseconds, overflow) = issuedBefore.multipliedReportingOverflow(by: 1000)
            if !overflow {
                let meant = CancelMessage.all(writer: writer, issuedBefore: milliseconds)
                mistakes.append(mistake("matches if issuedBefore = \(milliseconds) (milliseconds)", meant.structHash))
            }
        case .settlement(let terms):
            mistakes.append(mistake("matches settlementConditionsHash in place of structHash", terms.conditionsHash))
        }
        return mistakes
    }

    /// Fields declared with other widths, the struct with another name.
    private func typeMistakes(_ name: String, _ fields: [Field]) -> [Mistake] {
        func retyped(_ text: String, _ types: [String: String]) -> Mistake {
            let changed = fields.map { Field(type: types[$0.name] ?? $0.type, name: $0.name, word: $0.word) }
            return mistake(text, SignableMessage.structHash(name, changed))
        }
        func durations(_ type: String) -> [String: String] { ["minDuration": type, "maxDuration": type] }
        switch message {
        case .offer:
            let whole = ["minDuration": "uint256", "maxDuration": "uint256", "deadline": "uint256"]
            let amounts = ["collateralAmount": "uint128", "premiumPerDay": "uint128", "minFillAmount": "uint128"]
            return [
                retyped("matches with uint256 durations", durations("uint256")),
                retyped("matches with uint256 durations and deadline", whole),
                retyped("matches with uint256 deadline", ["deadline": "uint256"]),
                retyped("matches with uint32 durations", durations("uint32")),
                retyped("matches with uint64 durations", durations("uint64")),
                retyped("matches with uint32 deadline", ["deadline": "uint32"]),
                retyped("matches with uint128 amounts", amounts),
            ]
                + ["Offer", "Option", "OptionsOffer"].map { other in
                    mistake("matches with the type named \(other)", SignableMessage.structHash(other, fields))
                }
        case .cancel(.all):
            return [retyped("matches with uint256 issuedBefore", ["issuedBefore": "uint256"])]
        case .cancel(.offers):
            return [retyped("matches with uint256[] offerHashes", ["offerHashes": "uint256[]"])]
        case .settlement:
            return [
                retyped("matches with uint256 validTo", ["validTo": "uint256"]),
                retyped("matches with uint32 validTo", ["validTo": "uint32"]),
            ]
        }
    }

    /// Two neighbours in the other order, and the two tokens.
    private func orderMistakes(_ name: String, _ fields: [Field]) -> [Mistake] {
        func swapped(_ first: Int, _ second: Int) -> Mistake {
            var changed = fields
            changed.swapAt(first, second)
            return mistake(
                "matches with \(fields[first].name) and \(fields[second].name) in the other order",
                SignableMessage.structHash(name, changed))
        }
        var mistakes = fields.indices.dropLast().map { swapped($0, $0 + 1) }
        if case .offer = message { mistakes.append(swapped(1, 3)) }
        return mistakes
    }

    /// A list of hashes encoded otherwise than as keccak256 of its words.
    private func arrayMistakes(_ hashes: [Bytes32]) -> [Mistake] {
        var flat = Keccak256()
        var encoded = Keccak256()
        flat.update(CancelMessage.offersTypeHash)
        encoded.update(ABI.word(UInt64(32)))
        encoded.update(ABI.word(UInt64(hashes.count)))
        for hash in hashes {
            flat.update(hash)
            encoded.update(hash)
        }
        var wrapped = Keccak256()
        wrapped.update(CancelMessage.offersTypeHash)
        wrapped.update(encoded.finalize())
        return [
            mistake("matches with the array's words in place of their hash", flat.finalize()),
            mistake("matches with the array hashed as abi.encode", wrapped.finalize()),
        ]
    }

    /// A digest in the right domain.
    func mistake(_ text: String, _ structHash: Bytes32) -> Mistake {
        Mistake(text: text, digest: deployment.digest(structHash: structHash))
    }
}
