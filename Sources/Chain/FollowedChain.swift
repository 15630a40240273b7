import Ethereum
import Exchange

/// The headers that were followed, by which a reorg is seen. Pure: what a node says goes in, what to do comes out.
struct FollowedChain: Sendable {
    /// The deepest reorg that is undone.
    static let deepestReorg = 64

    /// Ascending, the cursor last; where whole ranges were caught up, only the blocks that hold events and the ends.
    private(set) var headers: [ChainHeader]

    /// From the newest headers, highest first, as they are stored.
    init(newestFirst headers: [ChainHeader]) {
        self.headers = headers.reversed()
    }

    /// The last block whose effects are applied.
    var cursor: ChainHeader? { headers.last }

    /// What the node's chain looks like from here.
    enum Fork: Equatable, Sendable {
        /// The cursor is in the node's chain.
        case none
        /// These followed blocks are not, the deepest last; `back` is the newest followed block that is.
        case depth([Bytes32], back: ChainHeader)
        /// No followed block within reach is in the node's chain.
        case tooDeep
    }

    /// The followed headers to compare with a node's, the newest first: those that a reorg may reach, and the next below.
    var candidates: [ChainHeader] {
        guard let cursor else { return [] }
        let reach = cursor.number >= UInt64(Self.deepestReorg) ? cursor.number - UInt64(Self.deepestReorg) : 0
        let within = headers.reversed().prefix { $0.number > reach }
        return Array(headers.reversed().prefix(within.count + 1))
    }

    /// Compares `candidates` with what the node has at their heights, nil where it has nothing.
    func fork(against node: [ChainHeader?]) -> Fork {
        var gone: [Bytes32] = []
        for (followed, theirs) in zip(candidates, node) {
            if theirs?.hash == followed.hash { return gone.isEmpty ? .none : .depth(gone, back: followed) }
            gone.append(followed.hash)
        }
        return .tooDeep
    }

    /// The part of `new` (ascending, following the cursor) that hangs together by parent hash; empty when its first block
    /// does not follow the cursor.
    func linked(_ new: [NodeHeader?]) -> [NodeHeader] {
        var parent = cursor?.hash
        var linked: [NodeHeader] = []
        for header in new {
            guard let header, header.header.parentHash == parent else { break }
            linked.append(header)
            parent = header.header.hash
        }
        return linked
    }

    /// After an update that withdrew `gone` and moved the cursor over `added`.
    mutating func advance(removing gone: [Bytes32], adding added: [ChainHeader], keeping: Int) {
        let removed = Set(gone)
        headers.removeAll { removed.contains($0.hash) }
        headers += added
        if headers.count > keeping { headers.removeFirst(headers.count - keeping) }
    }
}

/// How many blocks to ask logs of at a time: halved when a node finds it too much, grown while it does not, and for a while
/// not to what was too much before.
struct LogRange: Sendable {
    private static let most: UInt64 = 10_000
    /// Answers after which a refusal is forgotten.
    private static let memory = 32
    private(set) var size: UInt64
    private var refused: UInt64?
    private var answers = 0

    init(size: UInt64 = 2_000) {
        self.size = size
    }

    mutating func shrink() {
        (refused, answers) = (size, 0)
        size = max(1, size / 2)
    }

    mutating func grow() {
        answers += 1
        if answers > Self.memory { refused = nil }
        let next = min(Self.most, size + max(1, size / 2))
        if let refused, next >= refused { return }
        size = next
    }
}
