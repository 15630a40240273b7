import API
import Feed

extension WebSocketEntrance {
    /// The way into the hub.
    init(_ hub: Hub) {
        self.init { head, client, channel in
            do throws(Handshake.Refusal) {
                let admission = try hub.admit(head, client: client, channel: channel)
                return .accepted(response: admission.response, serve: admission.serve)
            } catch {
                return .refused(status: error.status, code: error.code, detail: error.detail)
            }
        }
    }
}
