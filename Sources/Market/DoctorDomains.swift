import Ethereum

extension SignatureDoctor {
    /// Chains that makers sign for: main networks, their test networks, local development chains.
    private static let chains: [UInt64] = [
        1, 42161, 8453, 10, 137, 56, 43114, 59144, 534_352, 324, 100, 250, 11_155_111, 84532, 421_614, 11_155_420,
        31337, 1337, 5, 0,
    ]
    private static let versions = ["2", "", "1.0", "1.0.0", "v1", "0", "3"]
    private static let names = [
        "Options Protocol", "OptionProtocol", "optionsprotocol", "OPTIONSPROTOCOL", "Strikebook", "OptionsOrderbook",
        "OptionOffer", "",
    ]
    /// The first contract of a fresh development chain's first account.
    private static let demonstration = try? Address.parse("0x5fbdb2315678afecb367f032d93f642f64180aa3")
    /// What people write where an address is still to come.
    private static let placeholder = try? Address.parse("0x000000000000000000000000000000000000dead")

    /// The right struct in another domain.
    func domainMistakes() -> [Mistake] {
        chainMistakes() + textMistakes() + contractMistakes() + shapeMistakes()
    }

    private func chainMistakes() -> [Mistake] {
        let own = deployment.chainId
        let neighbours = [
            own.addingReportingOverflow(.one), own.subtractingReportingOverflow(.one),
        ].filter { !$0.overflow }.map(\.partialValue)
        let tried = Self.chains.map { UInt256($0) }
        return (tried + neighbours.filter { !tried.contains($0) }).filter { $0 != own }.map { chainId in
            mistake("matches if chainId = \(chainId)", Domain(deployment, chainId: chainId))
        }
    }

    private func textMistakes() -> [Mistake] {
        Self.versions.map {
            mistake("matches with version \($0.isEmpty ? "\"\"" : $0)", Domain(deployment, version: $0))
        }
            + Self.names.map { mistake("matches with name \"\($0)\"", Domain(deployment, name: $0)) }
    }

    private func contractMistakes() -> [Mistake] {
        [Address.zero, Self.demonstration, Self.placeholder, expected].compactMap { $0 }.filter {
            $0 != deployment.verifyingContract
        }.map {
            mistake("matches if verifyingContract = \($0)", Domain(deployment, verifyingContract: $0))
        }
    }

    private func shapeMistakes() -> [Mistake] {
        ["name", "version", "chainId", "verifyingContract"].map { (absent: String) in
            mistake("matches with no \(absent) in the domain", Domain(deployment), without: absent)
        }
    }

    private func mistake(_ text: String, _ domain: Domain, without absent: String? = nil) -> Mistake {
        Mistake(
            text: text,
            digest: EIP712Domain.digest(
                domainSeparator: SignableMessage.structHash(
                    "EIP712Domain", domain.fields.filter { $0.name != absent }),
                structHash: structHash))
    }

    /// The deployment's domain with one value changed.
    private struct Domain {
        let fields: [SignableMessage.Field]

        init(
            _ deployment: Deployment, name: String = Deployment.domainName,
            version: String = Deployment.domainVersion, chainId: UInt256? = nil, verifyingContract: Address? = nil
        ) {
            fields = [
                .init(type: "string", name: "name", word: Keccak256.hash(utf8: name)),
                .init(type: "string", name: "version", word: Keccak256.hash(utf8: version)),
                .init(type: "uint256", name: "chainId", word: ABI.word(chainId ?? deployment.chainId)),
                .init(
                    type: "address", name: "verifyingContract",
                    word: ABI.word(verifyingContract ?? deployment.verifyingContract)),
            ]
        }
    }
}
