import Exchange
import Market
import Synchronization

extension Books {
    /// Loads every open offer from the log's store.
    func load(from log: any OfferLog) async throws {
        let offers = Mutex<[OfferState]>([])
        let snapshot = try await log.openBooks { offer in offers.withLock { $0.append(offer) } }
        load(offers.withLock { $0 }, snapshot)
    }
}
