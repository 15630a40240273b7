import Ethereum
public import Exchange
import Market
import StrictJSON

/// `/auth/…`: Sign-In with Ethereum (EIP-4361).
public struct SignInRoutes: Sendable {
    private static let cookie = "strikebook_session"

    private let desk: SignInDesk
    private let limits: RateLimits

    /// Routes over one desk.
    public init(desk: SignInDesk, limits: RateLimits) {
        self.desk = desk
        self.limits = limits
    }

    /// `GET /auth/nonce`
    func nonce(_ request: APIRequest) throws -> Reply {
        _ = try QueryParameters(request.query, allowed: [])
        let (text, end) = desk.nonce()
        return Self.unstored(
            .json { json in
                json.beginObject()
                json.key("nonce")
                json.string(text)
                json.key("expiresAt")
                json.timestamp(seconds: end)
                json.key("chainId")
                json.uint256(desk.chainId)
                json.endObject()
            })
    }

    /// `POST /auth/login`
    func logIn(_ request: APIRequest) async throws -> Reply {
        if let decision = await limits.takeLogIn(request.client), decision.allowed == 0 {
            let refusal = Rejection(
                .tooMany, code: "rate_limited", detail: "Too many log-ins. Try again in \(decision.resetSeconds) s.")
            return OfferRoutes.limited(Problem.reply(refusal, requestID: request.requestID), decision)
        }
        let (text, signature) = try SignInBody.parse(request.body)
        let (token, session, message) = try await desk.logIn(text, signature: signature)
        var reply = Reply.json { json in
            json.beginObject()
            json.key("token")
            json.string(token)
            Self.write(session, to: &json)
            json.endObject()
        }
        let secure = message.uri.hasPrefix("https:") ? "; Secure" : ""
        reply.headers.append(("Set-Cookie", Self.cookie(token) + secure))
        return Self.unstored(reply)
    }

    /// `GET /auth/session`
    func session(_ request: APIRequest) async throws -> Reply {
        _ = try QueryParameters(request.query, allowed: [])
        guard let session = try await desk.session(Self.token(of: request)) else {
            throw Rejection(
                .unauthenticated, code: "not_logged_in", field: "Authorization",
                detail:
                    "Nobody is logged in with this token. Sign in with GET /auth/nonce and POST /auth/login, then send "
                    + "\"Authorization: Bearer\" and the token, or the cookie.")
        }
        return Self.unstored(
            .json { json in
                json.beginObject()
                Self.write(session, to: &json)
                json.endObject()
            })
    }

    /// `POST /auth/logout`
    func logOut(_ request: APIRequest) async throws -> Reply {
        let wasLoggedIn = try await desk.logOut(Self.token(of: request))
        var reply = Reply.json { json in
            json.beginObject()
            json.key("loggedOut")
            json.bool(wasLoggedIn)
            json.endObject()
        }
        reply.headers.append(("Set-Cookie", Self.cookie("") + "; Max-Age=0"))
        return Self.unstored(reply)
    }

    private static func write(_ session: Session, to json: inout JSONWriter) {
        json.key("address")
        json.address(session.address)
        json.key("expiresAt")
        json.timestamp(micros: session.expiresAtMicros)
    }

    private static func unstored(_ reply: Reply) -> Reply {
        var reply = reply
        reply.headers.append(("Cache-Control", "no-store"))
        return reply
    }

    private static func cookie(_ token: String) -> String {
        "\(cookie)=\(token); Path=/; HttpOnly; SameSite=Strict"
    }

    /// What follows `Bearer`, else the cookie.
    private static func token(of request: APIRequest) -> String? {
        if let header = request.authorization {
            let parts = header.split(separator: " ", omittingEmptySubsequences: true)
            return parts.count == 2 && parts[0].lowercased() == "bearer" ? String(parts[1]) : nil
        }
        for part in request.cookie?.split(separator: ";") ?? [] {
            let pair = part.split(separator: "=", maxSplits: 1)
            let name = pair.first?.drop { $0 == " " }
            if pair.count == 2, name.map(String.init) == cookie { return String(pair[1]) }
        }
        return nil
    }
}
