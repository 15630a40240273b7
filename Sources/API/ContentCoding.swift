import NIOHTTP1
import NIOHTTPCompression

/// Which content coding an answer gets; one rule for the bytes and for the ETag.
enum ContentCoding {
    /// Bodies below this are sent as they are.
    static let smallestBody = 1_024

    /// `gzip` when the client takes it, else nil.
    static func chosen(by headers: HTTPHeaders) -> String? {
        chosen(by: headers[canonicalForm: "accept-encoding"])
    }

    /// The same over the members of an `Accept-Encoding` header.
    static func chosen(by members: some Sequence<Substring>) -> String? {
        for member in members {
            let parts = member.split(separator: ";", omittingEmptySubsequences: false)
            guard let name = parts.first?.lowercased(), name == "gzip" || name == "x-gzip" else { continue }
            let isRefused = parts.dropFirst().contains { part in
                let quality = part.filter { $0 != " " }
                return quality.hasPrefix("q=0") && !quality.dropFirst(3).contains { ("1"..."9").contains($0) }
            }
            return isRefused ? nil : "gzip"
        }
        return nil
    }

    /// Compresses JSON and text of some size; the request's preference is reduced to gzip or nothing before.
    static func compressor() -> HTTPResponseCompressor {
        HTTPResponseCompressor { head, _ in
            let length = head.headers.first(name: "content-length").flatMap { Int($0) } ?? .max
            let type = head.headers.first(name: "content-type") ?? ""
            let isText =
                type.hasPrefix("application/json") || type.hasPrefix("text/")
                || type.hasPrefix("application/problem+json")
            return isText && length >= smallestBody ? .compressIfPossible : .doNotCompress
        }
    }
}

/// Media types of request bodies.
enum MediaType {
    /// JSON, or nothing said.
    static func isJSON(_ contentType: String?) -> Bool {
        guard let contentType else { return true }
        let type = contentType.prefix { $0 != ";" }.lowercased()
        return type == "application/json" || type.hasSuffix("+json") || type == "application/json "
    }

    /// Bytes, or nothing said.
    static func isBytes(_ contentType: String?) -> Bool {
        guard let contentType else { return true }
        let type = contentType.prefix { $0 != ";" && $0 != " " }.lowercased()
        return type == "application/octet-stream"
    }
}
