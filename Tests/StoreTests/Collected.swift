import Market
import Synchronization

/// Offers gathered from another thread.
final class Collected: Sendable {
    private let gathered = Mutex<[OfferState]>([])

    var offers: [OfferState] { gathered.withLock { $0 } }

    func add(_ offer: OfferState) { gathered.withLock { $0.append(offer) } }
}
