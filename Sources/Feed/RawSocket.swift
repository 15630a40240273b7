import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A channel's socket, written to without its pipeline: on the channel's event loop, until the channel is inactive (it
/// tells its handlers in the very call that closes the socket), and while the channel holds nothing itself.
struct RawSocket {
    /// Buffers written at a time.
    static let mostParts = 64

    private let handle: CInt

    /// The socket of `channel`; nil where it has none that can be used so.
    init?(of channel: any Channel) {
        #if canImport(Glibc) || canImport(Musl)
            let found = try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(
                of: NIOBSDSocket.Handle.self
            ) { $0 }
            guard let found else { return nil }
            handle = found
        #else
            return nil
        #endif
    }

    /// Writes without waiting.
    /// - Returns: the bytes that were taken; 0 too when something is wrong, which the channel then finds out.
    func write(_ bytes: UnsafeRawBufferPointer) -> Int {
        #if canImport(Glibc) || canImport(Musl)
            max(0, send(handle, bytes.baseAddress, bytes.count, Self.flags))
        #else
            0
        #endif
    }

    /// Writes several, at most `mostParts`, without waiting.
    /// - Returns: the bytes that were taken of all of them.
    func write(_ frames: ArraySlice<ByteBuffer>) -> Int {
        #if canImport(Glibc) || canImport(Musl)
            withUnsafeTemporaryAllocation(of: iovec.self, capacity: Self.mostParts) { parts in
                Self.gather(frames, into: parts, 0) { count in
                    var message = msghdr()
                    message.msg_iov = parts.baseAddress
                    message.msg_iovlen = numericCast(count)
                    return max(0, sendmsg(handle, &message, Self.flags))
                }
            }
        #else
            0
        #endif
    }

    #if canImport(Glibc) || canImport(Musl)
        private static let flags = CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT)

        /// Nests one borrow of bytes in the other, so that all are valid in `body`.
        private static func gather(
            _ frames: ArraySlice<ByteBuffer>, into parts: UnsafeMutableBufferPointer<iovec>, _ count: Int,
            _ body: (Int) -> Int
        ) -> Int {
            guard let first = frames.first, count < parts.count else { return body(count) }
            return first.withUnsafeReadableBytes { bytes in
                parts[count] = iovec(
                    iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
                return gather(frames.dropFirst(), into: parts, count + 1, body)
            }
        }
    #endif
}
