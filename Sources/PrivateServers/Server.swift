/// One of the two servers: how it is brought up and ended. What runs is told by `ServerProcess` alone, so that one
/// taken over from an earlier process is watched and ended just like one started here.
protocol Server: Sendable {
    var name: String { get }

    /// Takes over or replaces what an earlier process left, and returns when the server accepts connections.
    /// `started` hears of the process as soon as there is one, before it is ready.
    func bringUp(started: (ServerProcess) -> Void) async throws(PrivateServerError) -> ServerProcess

    /// Ends the server in order; `false` when it still runs after all that was tried.
    func stop(_ process: ServerProcess) async -> Bool
}
