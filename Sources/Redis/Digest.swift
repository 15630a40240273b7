import Synchronization

/// A script's hash once a server has told it. The same on every server.
final class Digest: Sendable {
    private let hex = Mutex<[UInt8]?>(nil)

    var value: [UInt8]? {
        get { hex.withLock { $0 } }
        set { hex.withLock { $0 = newValue } }
    }
}
