/// The text of PostgreSQL's configuration files and its command line.
struct PostgresSettings: Sendable {
    let home: ServerHome
    let sockets: String

    /// The superuser and the database of a private cluster.
    static let role = "strikebook"
    static let database = "strikebook"

    /// Leads to the titles of the cluster's processes, by which what a killed server left behind is found.
    var clusterName: String { "strikebook-" + home.identity }

    /// What durability rests on is on the command line, where neither a file nor ALTER SYSTEM can overrule it.
    static let durable = ["fsync=on", "synchronous_commit=on", "full_page_writes=on", "listen_addresses="]

    var arguments: [String] {
        ["-D", home.cluster, "-c", "config_file=\(home.config)/postgresql.conf"] + Self.durable.flatMap { ["-c", $0] }
    }

    /// File name and text of each file.
    var files: [(name: String, text: String)] {
        [("postgresql.conf", main), ("pg_hba.conf", authentication), ("pg_ident.conf", identities)]
    }

    private var main: String {
        """
        # Written by strikebook at every start; put changes into local.conf beside this file.
        # Also on the command line: \(Self.durable.joined(separator: " "))
        hba_file = '\(quoted(home.config))/pg_hba.conf'
        ident_file = '\(quoted(home.config))/pg_ident.conf'
        cluster_name = '\(clusterName)'

        # Reached through its socket alone, in a directory that only its own user (and root) may enter.
        listen_addresses = ''
        port = 5432
        unix_socket_directories = '\(sockets)'
        unix_socket_permissions = 0700
        max_connections = 100

        # Memory and processes: one service on a small machine.
        shared_buffers = 256MB
        effective_cache_size = 1GB
        work_mem = 16MB
        maintenance_work_mem = 128MB
        max_parallel_workers_per_gather = 0
        jit = off

        # The write-ahead log: checkpoints are rare and spread out, so that commits do not wait for them.
        wal_level = replica
        max_wal_size = 2GB
        min_wal_size = 256MB
        checkpoint_timeout = 10min
        checkpoint_completion_target = 0.9

        # A query whose client is gone ends within a second, and what it locked is free.
        client_connection_check_interval = 1s

        autovacuum_naptime = 20s
        timezone = 'UTC'
        log_timezone = 'UTC'
        default_text_search_config = 'pg_catalog.simple'

        # A file for each day of the week, begun anew each week.
        logging_collector = on
        log_directory = 'log'
        log_filename = 'postgresql-%a.log'
        log_rotation_age = 1d
        log_rotation_size = 0
        log_truncate_on_rotation = on
        log_line_prefix = '%m [%p] %u@%d '
        log_checkpoints = on
        log_lock_waits = on
        log_min_duration_statement = 1s
        log_parameter_max_length = 0
        log_parameter_max_length_on_error = 0

        \(local)
        """
    }

    /// The operator's own changes, when there are any.
    private var local: String {
        let path = home.config + "/local.conf"
        return FileSystem.status(path) == nil ? "" : "include = '\(quoted(path))'\n"
    }

    /// `peer`: the kernel tells PostgreSQL who connects, and only the users in the map are let in. There is no password.
    private var authentication: String {
        """
        # Written by strikebook at every start. No line for a host: there is no way in over a network.
        local all \(Self.role) peer map=strikebook

        """
    }

    private var identities: String {
        let names = [home.user.name, "root"].reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
        return "# Written by strikebook at every start: which users of the machine may be role \(Self.role).\n"
            + names.map { "strikebook \"\($0)\" \(Self.role)\n" }.joined()
    }

    /// Inside single quotes in postgresql.conf.
    private func quoted(_ path: String) -> String {
        path.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''")
            .split(separator: "\\", omittingEmptySubsequences: false).joined(separator: "\\\\")
    }

    /// libpq's URI of the database; a socket directory's path needs no escaping (see `SocketDirectory`).
    static func url(sockets: String) -> String {
        "postgresql:///\(database)?user=\(role)&host=\(sockets)"
    }
}
