#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Finds and reads the directory of migration files.
public enum MigrationFiles {
    /// A file larger than this is not a migration.
    private static let maximumBytes = 1 << 20

    /// The migrations in the first of: `explicit` (the flag, or STRIKEBOOK_MIGRATIONS), `../share/strikebook/migrations`
    /// beside the executable, `db/migrations` in a parent of the executable or of the current directory.
    ///
    /// - Throws: `filesNotFound` naming what was tried, or `badFiles`.
    public static func load(explicit: String? = nil) throws(MigrationError) -> [Migration] {
        let candidates = candidates(
            explicit: explicit, executable: executablePath, currentDirectory: realPath("."))
        guard let directory = candidates.first(where: { (try? names(in: $0))?.isEmpty == false }) else {
            throw .filesNotFound(tried: candidates)
        }
        return try load(directory: directory)
    }

    /// The migrations of one directory, by version.
    ///
    /// - Throws: `badFiles` unless they are numbered 1, 2, 3, … and each has its up and its down file.
    public static func load(directory: String) throws(MigrationError) -> [Migration] {
        var ups: [Int: (name: String, sql: String)] = [:]
        var downs: [Int: (name: String, sql: String)] = [:]
        for file in try names(in: directory) {
            guard let (version, name, isUp) = parse(file) else {
                throw .badFiles("\(file) is not named NNNN_name.up.sql or NNNN_name.down.sql")
            }
            let entry = (name: name, sql: try read(directory + "/" + file))
            let previous = isUp ? ups.updateValue(entry, forKey: version) : downs.updateValue(entry, forKey: version)
            if previous != nil { throw .badFiles("two files have the number \(version)") }
        }
        var migrations: [Migration] = []
        for version in ups.keys.sorted() {
            guard version == migrations.count + 1 else { throw .badFiles("number \(migrations.count + 1) is missing") }
            guard let up = ups[version], let down = downs.removeValue(forKey: version), down.name == up.name else {
                throw .badFiles("number \(version) has no .down.sql of its name")
            }
            migrations.append(Migration(version: version, name: up.name, up: up.sql, down: down.sql))
        }
        guard downs.isEmpty else { throw .badFiles("a .down.sql has no .up.sql") }
        return migrations
    }

    /// Where the files are looked for, in order.
    static func candidates(explicit: String?, executable: String?, currentDirectory: String?) -> [String] {
        if let explicit { return [explicit] }
        var found: [String] = []
        if let executable {
            let directory = parent(of: executable)
            found.append(parent(of: directory) + "/share/strikebook/migrations")
            found += parents(from: directory).map { $0 + "/db/migrations" }
        }
        if let currentDirectory {
            found += parents(from: currentDirectory).map { $0 + "/db/migrations" }.filter { !found.contains($0) }
        }
        return found
    }

    /// `0003_offers.up.sql` taken apart.
    private static func parse(_ file: String) -> (version: Int, name: String, isUp: Bool)? {
        let isUp = file.hasSuffix(".up.sql")
        guard isUp || file.hasSuffix(".down.sql") else { return nil }
        let stem = file.dropLast(isUp ? 7 : 9)
        guard let underscore = stem.firstIndex(of: "_") else { return nil }
        let digits = stem[..<underscore]
        let name = stem[stem.index(after: underscore)...]
        guard digits.count == 4, digits.utf8.allSatisfy({ (48...57).contains($0) }), let version = Int(digits),
            version > 0, !name.isEmpty
        else { return nil }
        return (version, String(name), isUp)
    }
}

// The file system.
extension MigrationFiles {
    /// The .sql files of a directory, sorted.
    private static func names(in directory: String) throws(MigrationError) -> [String] {
        guard let stream = opendir(directory) else { throw .filesNotFound(tried: [directory]) }
        defer { closedir(stream) }
        var found: [String] = []
        while let entry = readdir(stream) {
            let capacity = MemoryLayout.size(ofValue: entry.pointee.d_name)
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: capacity) { String(cString: $0) }
            }
            if name.hasSuffix(".sql") { found.append(name) }
        }
        return found.sorted()
    }

    private static func read(_ path: String) throws(MigrationError) -> String {
        guard let file = fopen(path, "r") else { throw .badFiles("\(path) cannot be read") }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: maximumBytes + 1)
        let count = fread(&bytes, 1, bytes.count, file)
        guard count <= maximumBytes else { throw .badFiles("\(path) is larger than \(maximumBytes) bytes") }
        guard let text = String(validating: bytes[..<count], as: UTF8.self) else {
            throw .badFiles("\(path) is not UTF-8")
        }
        return text
    }

    private static var executablePath: String? {
        #if os(Linux)
            realPath("/proc/self/exe")
        #else
            CommandLine.arguments.first.flatMap(realPath)
        #endif
    }

    /// Absolute and free of links; nil when there is nothing.
    private static func realPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "" }
        return String(path[..<slash])
    }

    /// The directory itself and all above it, without trailing slashes.
    private static func parents(from directory: String) -> [String] {
        var all = [directory == "/" ? "" : directory]
        while let last = all.last, !last.isEmpty { all.append(parent(of: last)) }
        return all
    }
}
