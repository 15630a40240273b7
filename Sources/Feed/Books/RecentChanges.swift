import Exchange
import NIOCore
import Synchronization

/// A piece of the log as messages: each is encoded at most once, whoever needs it.
final class ChangePiece: Sendable {
    let changes: BookChanges
    private let frames = Mutex<[ChannelName: ByteBuffer]>([:])

    init(_ changes: BookChanges) {
        self.changes = changes
    }

    /// The channels that it has something for.
    var channels: [ChannelName] { changes.books.keys.map(ChannelName.orderbook) + [.offers] }

    /// How a channel moved; nil when the piece does not touch it.
    func move(of channel: ChannelName) -> BookChanges.Move? {
        switch channel {
        case .offers: changes.all
        case .orderbook(let book): changes.books[book]
        default: nil
        }
    }

    /// The delta of a channel that the piece touches.
    func frame(for channel: ChannelName, _ move: BookChanges.Move) -> ByteBuffer {
        frames.withLock { frames in
            if let frame = frames[channel] { return frame }
            let frame = encode(channel, prevSeq: move.before.seq, seq: move.after.seq)
            frames[channel] = frame
            return frame
        }
    }

    /// The delta for a client that has everything up to `seq`, which is not where a delta ends.
    func frame(for channel: ChannelName, after seq: UInt64, _ move: BookChanges.Move) -> ByteBuffer {
        encode(channel, prevSeq: seq, seq: move.after.seq)
    }

    private func encode(_ channel: ChannelName, prevSeq: UInt64, seq: UInt64) -> ByteBuffer {
        var rows = changes.changes.filter { $0.seq > prevSeq }
        if case .orderbook(let book) = channel { rows = rows.filter { $0.book == book } }
        return Frame.text(ServerMessage.delta(channel.text, rows, prevSeq: prevSeq, seq: seq))
    }
}

/// The last pieces of the log, for clients that come back.
struct RecentChanges {
    private let rows: Int
    private var pieces: [ChangePiece] = []
    private var count = 0
    /// Everything after this position of the log is here.
    private(set) var start: UInt64

    /// Keeps the pieces that come after `start`, at least the last `rows` rows of them.
    init(start: UInt64, rows: Int) {
        self.start = start
        self.rows = rows
    }

    mutating func append(_ piece: ChangePiece) {
        pieces.append(piece)
        count += piece.changes.changes.count
        // Half of it at once: moving the array's end for each piece would cost its length.
        guard count > 2 * rows else { return }
        var dropped = 0
        while count > rows {
            count -= pieces[dropped].changes.changes.count
            start = pieces[dropped].changes.all.after.seq
            dropped += 1
        }
        pieces.removeFirst(dropped)
    }

    /// The pieces that touch anything after `seq`; nil when not all of them are here.
    func after(_ seq: UInt64) -> ArraySlice<ChangePiece>? {
        guard seq >= start else { return nil }
        var (low, high) = (0, pieces.count)
        while low < high {
            let middle = (low + high) / 2
            if pieces[middle].changes.all.after.seq <= seq { low = middle + 1 } else { high = middle }
        }
        return pieces[low...]
    }
}

/// What a client missed, delta by delta.
struct ReplayStream: MessageStream {
    private let channel: ChannelName
    private var pieces: ArraySlice<ChangePiece>
    private var seq: UInt64
    private let last: UInt64

    /// The deltas of `channel` that bring a client from `seq` to `last`.
    init(_ channel: ChannelName, _ pieces: ArraySlice<ChangePiece>, after seq: UInt64, through last: UInt64) {
        self.channel = channel
        self.pieces = pieces
        self.seq = seq
        self.last = last
    }

    mutating func next() -> ByteBuffer? {
        while let piece = pieces.popFirst() {
            guard let move = piece.move(of: channel), move.after.seq > seq, move.after.seq <= last else { continue }
            defer { seq = move.after.seq }
            // A client may name any position: the first delta follows on what it named.
            return move.before.seq == seq
                ? piece.frame(for: channel, move) : piece.frame(for: channel, after: seq, move)
        }
        return nil
    }
}
