import CPostgres

// What the pool, the listener and the lock ask of a connection between uses.
extension PostgresConnection {
    /// The socket, to sleep on.
    var socket: Int32 { PQsocket(handle.raw) }

    /// Reads what arrived while nobody asked anything; false when the connection has ended.
    func absorb(_ notify: (_ channel: String, _ payload: String) -> Void = { _, _ in }) -> Bool {
        _ = PQconsumeInput(handle.raw)
        _ = PQisBusy(handle.raw)  // parses, which is where libpq notices the end
        while let notification = PQnotifies(handle.raw) {
            notify(String(cString: notification.pointee.relname), String(cString: notification.pointee.extra))
            PQfreemem(notification)
        }
        return ending == nil && handle.isOpen
    }

    /// Makes the connection fit for another caller; false when it has to be replaced.
    func tidy() -> Bool {
        if isInTransaction, ending == nil { _ = try? query("ROLLBACK") }
        if ending == nil, PQtransactionStatus(handle.raw) != PQTRANS_IDLE {
            _ = end(PostgresError(.connectionLost, "a connection was left in the middle of something"))
        }
        resetTimeout()
        return ending == nil && !mustReplace && handle.isOpen
    }

    /// Why the connection ended, for the log.
    var reason: PostgresError {
        ending ?? PostgresError(.connectionLost, mustReplace ? "replaced after an error" : handle.errorMessage())
    }
}
