import Ethereum
public import Exchange
public import Market
public import StrictJSON

/// Every refusal as RFC 9457 `application/problem+json`: the one place where errors become HTTP.
public enum Problem {
    /// The answer to a broken rule, with whatever else `more` writes.
    public static func reply(
        _ rejection: Rejection, requestID: String, _ more: (inout JSONWriter) -> Void = { _ in }
    ) -> Reply {
        var reply = make(
            status: rejection.kind.httpStatus, code: rejection.code, detail: rejection.detail, requestID: requestID
        ) { json in
            if let field = rejection.field {
                json.key("field")
                json.string(field)
            }
            if let findings = rejection.findings { write(findings, to: &json) }
            more(&json)
        }
        if rejection.kind == .unauthenticated { reply.headers.append(("WWW-Authenticate", "Bearer")) }
        if rejection.kind == .unavailable { reply.headers.append(("Retry-After", "1")) }
        return reply
    }

    /// The answer to a write that the database did not take.
    public static func reply(_ failure: WriteFailure, requestID: String) -> Reply {
        let (code, detail) = text(failure)
        var reply = make(status: 503, code: code, detail: detail, requestID: requestID) { _ in }
        reply.headers.append(("Retry-After", "1"))
        return reply
    }

    /// The stable code and the advice for a failed write.
    public static func text(_ failure: WriteFailure) -> (code: String, detail: String) {
        let refusal = Rejection(failure)
        return (refusal.code, refusal.detail)
    }

    /// The answer when something this service needs is away.
    public static func unavailable(requestID: String) -> Reply {
        var reply = make(
            status: 503, code: "database_unavailable", detail: "The database does not answer. Try again shortly.",
            requestID: requestID
        ) { _ in }
        reply.headers.append(("Retry-After", "1"))
        return reply
    }

    /// An answer about the request as such: 404, 405, 413 …
    public static func reply(status: Int, code: String, detail: String, requestID: String) -> Reply {
        make(status: status, code: code, detail: detail, requestID: requestID) { _ in }
    }

    private static func make(
        status: Int, code: String, detail: String, requestID: String, _ more: (inout JSONWriter) -> Void
    ) -> Reply {
        var json = JSONWriter(capacity: 512)
        json.beginObject()
        json.key("type")
        json.string("urn:strikebook:problem:\(code)")
        json.key("title")
        json.string(title(status))
        json.key("status")
        json.integer(status)
        json.key("code")
        json.string(code)
        json.key("detail")
        json.string(detail)
        json.key("requestId")
        json.string(requestID)
        more(&json)
        json.endObject()
        var reply = Reply(status: status, json: json)
        reply.contentType = "application/problem+json"
        return reply
    }

    private static func write(_ findings: SignatureFindings, to json: inout JSONWriter) {
        json.key("domainSeparator")
        json.hash(findings.domainSeparator)
        json.key("structHash")
        json.hash(findings.structHash)
        json.key("digest")
        json.hash(findings.digest)
        json.key("recovered")
        if let recovered = findings.recovered { json.address(recovered) } else { json.null() }
        json.key("expected")
        json.address(findings.expected)
        json.key("diagnosis")
        json.beginArray()
        for line in findings.diagnosis { json.string(line) }
        json.endArray()
    }

    private static func title(_ status: Int) -> String {
        switch status {
        case 400: "The request is malformed or breaks a rule"
        case 401: "Identity is needed"
        case 403: "Not allowed"
        case 404: "Not found"
        case 405: "The method is not known here"
        case 408: "The request took too long"
        case 409: "The state does not allow it"
        case 413: "The request is too large"
        case 415: "The content type is not known here"
        case 422: "The signature does not hold"
        case 426: "Another protocol is spoken here"
        case 429: "Too many requests"
        case 503: "Not available at the moment"
        default: "Something went wrong"
        }
    }
}
