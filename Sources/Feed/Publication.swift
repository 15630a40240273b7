import Exchange
import NIOCore

/// One message for everybody who reads a channel.
struct Publication: Sendable {
    let channel: ChannelName
    /// Rises from message to message of a channel, so that nobody gets one twice: a seq, a tick's stamp, a revision.
    let position: UInt64
    /// The whole frame; its bytes are shared by all.
    let frame: ByteBuffer
    /// Whether a waiting older message of the channel may be left out.
    var isReplacing = false
    /// Where a book stands then.
    var standing: BookStanding?
}
