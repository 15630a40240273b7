import Market

extension Rejection.Kind {
    /// The status under which a refusal of this kind is sent.
    var httpStatus: Int {
        switch self {
        case .malformed: 400
        case .unauthenticated: 401
        case .forbidden: 403
        case .notFound: 404
        case .conflict: 409
        case .tooLarge: 413
        case .unsupportedMedia: 415
        case .signature: 422
        case .tooMany: 429
        case .unavailable: 503
        }
    }
}
