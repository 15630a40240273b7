import AsyncHTTPClient
import Chain
import Logging
import Market

/// Asks contract wallets through the configured nodes.
///
/// It has a client of its own: a wallet that takes its time turns nobody else to another node. Besides 128 bytes of the
/// probe a reply holds a block's header with the hashes of its transactions.
struct WalletAsking {
    private static let timeout = Duration.seconds(3)
    private static let largestReply = 1 << 20

    let wallets: ContractWallets
    private let http: HTTPClient

    /// Nil where no node is configured. `end` is to be called, unless `http` is somebody else's.
    init?(_ settings: ChainSettings, deployment: Deployment, http: HTTPClient? = nil, logger: Logger) {
        guard !settings.urls.isEmpty else { return nil }
        self.http = http ?? SharedHTTPClient().client
        let rpc = RPCClient(
            urls: settings.urls, chainId: deployment.chainId, http: self.http, timeout: Self.timeout,
            largestReply: Self.largestReply, logger: logger)
        wallets = ContractWallets(node: RPCWalletNode(rpc: rpc), walletGas: settings.walletGas, logger: logger)
    }

    /// Closes its connections.
    func end() async { try? await http.shutdown() }
}
