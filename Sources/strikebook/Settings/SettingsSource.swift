import Configuration
import StrictJSON

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Where settings come from: flags over `STRIKEBOOK_…` over a config file; read once.
struct SettingsSource {
    /// Environment variables under the prefix that are no settings of `serve`.
    private static let otherVariables: Set<String> = [
        "STRIKEBOOK_PRIVATE_KEY", "STRIKEBOOK_MIGRATIONS", "STRIKEBOOK_URL", "STRIKEBOOK_CONFIG",
    ]

    private let reader: ConfigReader

    /// - Parameters:
    ///   - flags: values given on the command line, by key (`data-dir`).
    ///   - environment: the whole environment.
    ///   - configFile: a JSON object of keys as on the command line.
    /// - Throws: a usage failure that names the unknown key.
    init(flags: [String: String], environment: [String: String], configFile: String?) throws {
        for name in environment.keys.sorted()
        where name.hasPrefix("STRIKEBOOK_") && !name.hasPrefix("STRIKEBOOK_TEST_")
            && !Self.otherVariables.contains(name)
            && SettingKey(variable: name) == nil
        {
            throw CommandFailure(.usage, "\(name) is no setting; see strikebook serve --help")
        }
        let file = try (configFile ?? environment["STRIKEBOOK_CONFIG"]).map(Self.read) ?? [:]
        reader = ConfigReader(providers: [
            InMemoryProvider(name: "flags", values: Self.values(flags)),
            EnvironmentVariablesProvider(
                environmentVariables: environment,
                secretsSpecifier: .dynamic { key, _ in SettingKey(variable: key)?.isSecret ?? false }),
            InMemoryProvider(name: "config file", values: Self.values(file)),
        ])
    }

    /// The setting's text, wherever it was given.
    func text(_ key: SettingKey) -> String? {
        reader.string(forKey: ConfigKey(key.components), isSecret: key.isSecret)
    }

    /// A whole number within `range`.
    func integer(_ key: SettingKey, in range: ClosedRange<Int>, default value: Int) throws -> Int {
        guard let text = text(key) else { return value }
        guard let number = Int(text), text.utf8.allSatisfy({ (48...57).contains($0) }), range.contains(number) else {
            throw Self.refusal(key, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// `on` or `off`, also `true` and `false`.
    func flag(_ key: SettingKey, default value: Bool) throws -> Bool {
        switch text(key) {
        case nil: return value
        case "on", "true": return true
        case "off", "false": return false
        default: throw Self.refusal(key, "must be on or off")
        }
    }

    /// The failure that names a bad value's key and where else it may be set.
    static func refusal(_ key: SettingKey, _ what: String) -> CommandFailure {
        CommandFailure(.usage, "--\(key.rawValue) (\(key.variable)) \(what)")
    }

    private static func values(_ texts: [String: String]) -> [AbsoluteConfigKey: ConfigValue] {
        var values: [AbsoluteConfigKey: ConfigValue] = [:]
        for (name, text) in texts {
            guard let key = SettingKey(rawValue: name) else { continue }
            values[AbsoluteConfigKey(key.components)] = ConfigValue(.string(text), isSecret: key.isSecret)
        }
        return values
    }

    private static func read(_ path: String) throws -> [String: String] {
        let bytes = try TextFile.read(path, limit: 1 << 20)
        let json: JSONValue
        do throws(JSONError) {
            json = try JSONValue.parse(bytes)
        } catch {
            throw CommandFailure(.usage, "\(path) is not valid JSON: \(error.detail)")
        }
        guard case .object(let object) = json else {
            throw CommandFailure(.usage, "\(path) must hold one JSON object of settings, as {\"port\": 8080}")
        }
        var values: [String: String] = [:]
        for (name, value) in object.members {
            let name = String(decoding: name, as: UTF8.self)
            guard SettingKey(rawValue: name) != nil else {
                throw CommandFailure(.usage, "\(path): \"\(name)\" is no setting; see strikebook serve --help")
            }
            switch value {
            case .string(let text), .number(let text): values[name] = String(decoding: text, as: UTF8.self)
            case .bool(let isOn): values[name] = isOn ? "on" : "off"
            default: throw CommandFailure(.usage, "\(path): \"\(name)\" must be a string, a number, true or false")
            }
        }
        return values
    }
}

/// Small files of text, read whole.
enum TextFile {
    /// The bytes of a file of at most `limit` bytes.
    static func read(_ path: String, limit: Int) throws -> [UInt8] {
        guard let file = fopen(path, "rb") else {
            throw CommandFailure(.usage, "\(path) cannot be read: \(String(cString: strerror(errno)))")
        }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: limit + 1)
        let count = fread(&bytes, 1, bytes.count, file)
        guard count <= limit else { throw CommandFailure(.usage, "\(path) is larger than \(limit) bytes") }
        bytes.removeLast(bytes.count - count)
        return bytes
    }
}
