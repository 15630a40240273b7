import Ethereum
public import Logging
public import Market
public import ServiceLifecycle
public import StrictJSON
import Synchronization

/// Runs the products: takes submissions on every process, folds the published ticks on every process, and on the leader
/// writes what the ticks decided. What a product is follows from the log and the stored ticks alone.
public final class ProductService: ProductDesk, PriceListener, Service {
    /// Submissions and other requests that may wait for the database.
    static let capacity = 10_000
    /// Writes of one transaction.
    static let largestBatch = 500
    /// Ticks that wait to be folded; beyond it they are forgotten and read again from the store.
    static let mostTicks = 1_000
    /// Ticks read at a time.
    static let tickBatch = 1_000
    /// Without any notification the log is looked at this often, so a lost one costs no more.
    static let interval = Duration.seconds(1)
    /// Rows that come together are read together.
    static let breath = Duration.milliseconds(20)

    /// What a submission is worth at this spot price, in 1e-8 units of the payoff; nil where there is no model for it.
    public typealias Pricer = @Sendable (_ terms: ProductTerms, _ spot: PriceTick) -> Int64?

    struct State {
        var products = ActiveProducts()
        var followedSeq: UInt64 = 0
        var ticks: [RecordedTick] = []
        /// False while the market goes on unrecorded.
        var isRecorded = true
        /// True while the board shows its current prices to a new listener: what was current is no tick.
        var isSubscribing = false
        var logMayHaveGrown = true
        var requests: [Request] = []
        var lookUps: [LookUp] = []
        /// Submissions of this process on their way into the log: their authors hear of them first.
        var accepting: Set<String> = []
        /// Products that are stored, and whose authors are just being told.
        var arriving: [String: Product] = [:]
        var listeners: [any ContractListener] = []
        var isStopping = false
    }

    /// A write and whoever waits for it.
    struct Request: Sendable {
        let write: ProductWrite
        /// Called once; the products of this process show the result afterwards.
        let answer: @Sendable (Result<LoggedProduct, Rejection>) -> Void
    }

    /// A question about a product that is not in memory.
    struct LookUp: Sendable {
        let id: String
        let answer: @Sendable (Result<ContractState, Rejection>) -> Void
    }

    let log: any ProductLog
    let board: PriceBoard
    let leadership: any Leadership
    let rules: ProductRules
    let nowMillis: @Sendable () -> Int64
    let logger: Logger
    let wake: any AsyncSequence<UInt64?, Never> & Sendable
    private let tokens: TokenList
    private let pricer: Pricer

    let state = Mutex(State())
    /// Held while the products change and listeners hear of it, so that these hear the states of a product in order.
    private let delivery = Mutex(())
    let following = Signal()
    let writing = Signal()
    let looking = Signal()

    /// Products over `log` on the prices of `board`; `wake` yields when the log may have new rows: its head, or nil when
    /// that is not known.
    public init(
        log: any ProductLog, board: PriceBoard, leadership: any Leadership, tokens: TokenList, rules: ProductRules,
        wake: any AsyncSequence<UInt64?, Never> & Sendable, nowMillis: @escaping @Sendable () -> Int64, logger: Logger,
        pricer: @escaping Pricer
    ) {
        self.log = log
        self.board = board
        self.leadership = leadership
        self.tokens = tokens
        self.rules = rules
        self.wake = wake
        self.nowMillis = nowMillis
        self.logger = logger
        self.pricer = pricer
    }

    /// Active products in this process's view.
    public var activeCount: Int { state.withLock { $0.products.count } }

    // MARK: The desk

    /// Checks a submission at once and queues it.
    public func submit(
        _ submission: JSONObject, by submitter: Submitter,
        answer: @escaping @Sendable (Result<AcceptedContract, Rejection>) -> Void
    ) {
        do throws(Rejection) {
            let (terms, spot) = try read(submission)
            let new = NewProduct(id: Self.drawID(), terms: terms, submitter: submitter)
            let pricer = pricer
            try queue(.accept(new)) { result in
                answer(
                    result.map { logged in
                        AcceptedContract(
                            contractID: new.id,
                            json: ProductJSON.receipt(logged, fairValueE8: pricer(terms, spot)))
                    })
            }
        } catch {
            answer(.failure(error))
        }
    }

    /// From memory; what ended a while ago from the database.
    public func query(_ contractID: String, answer: @escaping @Sendable (Result<ContractState, Rejection>) -> Void) {
        let found: Result<ContractState, Rejection>? = state.withLock { state in
            if let change = state.products.find(contractID) { return .success(ContractState(change)) }
            if state.isStopping { return .failure(Rejection(WriteFailure.stopping)) }
            if state.lookUps.count >= Self.capacity { return .failure(Rejection(WriteFailure.overloaded)) }
            state.lookUps.append(LookUp(id: contractID, answer: answer))
            return nil
        }
        if let found { answer(found) } else { looking.send() }
    }

    /// From now on `listener` hears of every change.
    public func subscribe(_ listener: any ContractListener) {
        state.withLock { $0.listeners.append(listener) }
    }

    /// Gives one product a price of its own, 1e-8 units; the operator's.
    public func observe(
        _ contractID: String, priceE8: Int64, answer: @escaping @Sendable (Result<ContractState, Rejection>) -> Void
    ) {
        do throws(Rejection) {
            try ProductRules.check(priceE8: priceE8, field: "priceE8")
            let base = state.withLock { $0.products.logged(contractID) }
            try queue(.observe(id: contractID, priceE8: priceE8, base: base)) { answer($0.map(ContractState.init)) }
        } catch {
            answer(.failure(error))
        }
    }

    /// Ends a product before its time.
    public func cancel(
        _ contractID: String, by canceller: ProductCanceller,
        answer: @escaping @Sendable (Result<ContractState, Rejection>) -> Void
    ) {
        let base = state.withLock { $0.products.logged(contractID) }
        do throws(Rejection) {
            try queue(.cancel(id: contractID, by: canceller, base: base)) { answer($0.map(ContractState.init)) }
        } catch {
            answer(.failure(error))
        }
    }

    /// Every active product, the newest last.
    public var active: [Product] {
        state.withLock { state in
            state.products.all + state.arriving.values.filter { state.products.find($0.id) == nil }
        }.sorted { ($0.startMillis, $0.id) < ($1.startMillis, $1.id) }
    }

    private func read(_ submission: JSONObject) throws(Rejection) -> (ProductTerms, spot: PriceTick) {
        let draft = try ProductDraft.read(submission)
        try rules.check(draft)
        let token = try address(draft.token)
        guard let spot = board.latest(token) else { throw .noPrice }
        guard state.withLock({ $0.isRecorded }) else { throw .productsPaused }
        let terms = ProductTerms(
            token: token, bet: draft.bet, durationMillis: draft.durationMillis, payoffE8: draft.payoffE8)
        return (terms, spot)
    }

    private func address(_ name: String) throws(Rejection) -> Address {
        if let token = tokens[symbol: name] { return token.address }
        do {
            return try Address.parse(Array(name.utf8)[...])
        } catch {
            throw Rejection(
                .malformed, code: error == .checksum ? "invalid_checksum" : "unknown_token", field: "token",
                detail: error == .checksum
                    ? "token has mixed case that does not satisfy EIP-55; check it for a mistyped digit."
                    : "token must be a token's address or one of "
                        + tokens.tokens.map { $0.symbol.lowercased() }.joined(separator: ", ") + ".")
        }
    }

    private func queue(
        _ write: ProductWrite, answer: @escaping @Sendable (Result<LoggedProduct, Rejection>) -> Void
    ) throws(Rejection) {
        let failure: WriteFailure? = state.withLock { state in
            if state.isStopping { return .stopping }
            if state.requests.count >= Self.capacity { return .overloaded }
            if case .accept(let new) = write { state.accepting.insert(new.id) }
            state.requests.append(Request(write: write, answer: answer))
            return nil
        }
        if let failure { throw Rejection(failure) }
        writing.send()
    }

    /// 128 random bits: whoever knows the id of a contract may watch it.
    private static func drawID() -> String {
        var random = SystemRandomNumberGenerator()
        let words = [random.next(), random.next()]
        return words.map { word in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    // MARK: Changes

    /// Changes the products and tells the listeners what that changed.
    func change(_ body: (inout State, (ActiveProducts.Change) -> Void) -> Void) {
        delivery.withLock { _ in
            var changes: [ActiveProducts.Change] = []
            let listeners = state.withLock { state in
                let isHeard = !state.listeners.isEmpty
                body(&state) { if isHeard { changes.append($0) } }
                return state.listeners
            }
            guard !changes.isEmpty else { return }
            let states = changes.map { ContractState($0) }
            for listener in listeners { listener.contractsChanged(states) }
        }
    }
}

/// Wakes one loop: calls that come while it works are one call.
struct Signal: Sendable {
    let calls: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() {
        (calls, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func send() { continuation.yield() }
    func finish() { continuation.finish() }
}
