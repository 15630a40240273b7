import Exchange
import NIOCore

/// A book's snapshot in frames of bounded size: what is not sent yet are references to rows, shared with the book.
struct SnapshotStream: MessageStream {
    /// Bytes after which a frame ends.
    private static let frameBytes = 64 << 10

    private var books: ArraySlice<Book>
    private var position: Book.Position?
    private var pending: [UInt8]
    private var isFirstFrame = true
    private var isFirstRow = true
    private var isDone = false

    /// The rows of `books` as the snapshot of a channel.
    init(_ channel: ChannelName, epoch: String, _ books: [Book], _ standing: BookStanding) {
        self.books = books[...]
        pending = ServerMessage.snapshotHead(channel.text, epoch: epoch, seq: standing.seq, bookHash: standing.hash)
    }

    mutating func next() -> ByteBuffer? {
        guard !isDone else { return nil }
        fill()
        isDone = books.isEmpty
        if isDone { pending += ServerMessage.snapshotTail }
        let frame = Frame.part(pending, isFirst: isFirstFrame, isLast: isDone)
        pending.removeAll(keepingCapacity: !isDone)
        isFirstFrame = false
        return frame
    }

    /// Adds rows until the frame is full or none are left.
    private mutating func fill() {
        while let book = books.first {
            var isFull = false
            book.forEach(after: position) { entry in
                if !isFirstRow { pending.append(UInt8(ascii: ",")) }
                isFirstRow = false
                pending += entry.rowJSON
                position = Book.Position(entry)
                isFull = pending.count >= Self.frameBytes
                return !isFull
            }
            if isFull { return }
            books = books.dropFirst()
            position = nil
        }
    }
}
