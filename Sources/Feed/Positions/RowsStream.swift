import NIOCore
import StrictJSON

/// A snapshot of rows in frames of bounded size, encoded while the client takes them.
struct RowsStream: MessageStream, Sendable {
    /// Bytes after which a frame ends.
    private static let frameBytes = 64 << 10

    private let count: Int
    private let encode: @Sendable (Int, inout JSONWriter) -> Void
    private var pending: [UInt8]
    private var place = 0
    private var isFirst = true
    private var isDone = false

    /// The snapshot of a channel at `seq`: row number 0 to `count` − 1 as `encode` writes them.
    init(
        _ channel: ChannelName, epoch: String, seq: UInt64, count: Int,
        encode: @escaping @Sendable (Int, inout JSONWriter) -> Void
    ) {
        self.count = count
        self.encode = encode
        pending = ServerMessage.snapshotHead(channel.text, epoch: epoch, seq: seq)
    }

    mutating func next() -> ByteBuffer? {
        guard !isDone else { return nil }
        while place < count, pending.count < Self.frameBytes {
            if place > 0 { pending.append(UInt8(ascii: ",")) }
            var json = JSONWriter(capacity: 1_024)
            encode(place, &json)
            pending += json.bytes
            place += 1
        }
        isDone = place == count
        if isDone { pending += ServerMessage.snapshotTail }
        let frame = Frame.part(pending, isFirst: isFirst, isLast: isDone)
        pending = []
        isFirst = false
        return frame
    }
}
