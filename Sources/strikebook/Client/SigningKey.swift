import ArgumentParser
import Ethereum

/// Whose key signs. Never on the command line, where other users see it, and never printed.
struct SigningKey: ParsableArguments {
    @Option(help: "File with the key: 0x and 64 hex digits, readable by you alone; or STRIKEBOOK_PRIVATE_KEY.")
    var keyFile: String?

    /// The key, nil when none was given.
    func find() throws -> PrivateKey? {
        if let keyFile { return try Self.read(keyFile) }
        guard let text = ProcessEnvironment.all["STRIKEBOOK_PRIVATE_KEY"] else { return nil }
        return try Self.key(Array(text.utf8), "STRIKEBOOK_PRIVATE_KEY")
    }

    /// The key.
    /// - Throws: a usage failure when none was given.
    func require() throws -> PrivateKey {
        guard let key = try find() else {
            throw CommandFailure(
                .usage, "a key is needed: --key-file FILE, or STRIKEBOOK_PRIVATE_KEY in the environment")
        }
        return key
    }

    private static func read(_ path: String) throws -> PrivateKey {
        let file = try FileInput(path)
        if let permissions = file.permissions, permissions & 0o077 != 0 {
            throw CommandFailure(
                .usage,
                "\(path) can be read by others (mode 0\(String(permissions, radix: 8))), so its key is not used: "
                    + "chmod 600 \(path)")
        }
        return try key(try file.readAll(limit: 4_096), path)
    }

    private static func key(_ text: [UInt8], _ place: String) throws -> PrivateKey {
        let isSpace: (UInt8) -> Bool = { [0x20, 0x09, 0x0a, 0x0d].contains($0) }
        let digits = text.drop(while: isSpace).reversed().drop(while: isSpace).reversed()
        let hex = Array(digits.starts(with: "0x".utf8) ? Array(digits) : Array("0x".utf8) + digits)
        guard let bytes = Hex.decode(hex, maxBytes: 32), bytes.count == 32 else {
            throw CommandFailure(.usage, "\(place) must hold a private key: 0x and 64 hex digits")
        }
        do {
            return try PrivateKey(bytes: bytes)
        } catch {
            throw CommandFailure(.usage, "\(place) holds no private key: the number is 0 or too large")
        }
    }
}
