public import Exchange
import Synchronization

/// How following goes, as this process sees it.
public struct FollowerStatus: Sendable {
    /// What it does.
    public enum Phase: String, Sendable {
        /// It has not asked yet.
        case starting
        /// Another process follows.
        case standby
        /// It reads old blocks in ranges.
        case catchingUp = "catching_up"
        /// It is at the head.
        case following
        /// The node does not answer, or not usably.
        case failing
        /// A reorg is deeper than what is undone; `strikebook chain resync` goes on from there.
        case reorgTooDeep = "reorg_too_deep"
        /// Every node is on another chain than this service.
        case wrongChain = "wrong_chain"
    }

    /// What it does.
    public internal(set) var phase = Phase.starting
    /// The node's newest block.
    public internal(set) var head: ChainHeader?
    /// The last block whose effects are applied.
    public internal(set) var cursor: ChainHeader?
    /// What went wrong last; nil when nothing is wrong.
    public internal(set) var problem: String?
    /// When it was last at the node's head, µs since 1970.
    public internal(set) var atHeadMicros: Int64?
    /// When it asked for the head that it was at last, µs since 1970: what the chain did before then is applied.
    public internal(set) var appliedThroughMicros: Int64?
    /// Events applied since it began.
    public internal(set) var events = 0
    /// Reorgs undone since it began.
    public internal(set) var reorgs = 0
}
