import Postgres

/// The three roles, which are the cluster's: made by the first migration where the connecting user may, else by a superuser.
struct MigrationRoles {
    let connection: PostgresConnection

    /// Whether any of the three is absent.
    func areMissing() throws -> Bool {
        try connection.query(
            """
            SELECT count(*) < 3 FROM pg_roles
            WHERE rolname IN ('strikebook_owner', 'strikebook_app', 'strikebook_read')
            """
        ).single().bool(0)
    }

    /// What a superuser must run so that the connecting user can migrate and serve.
    func refusal(reason: String) throws -> MigrationError {
        let row = try connection.query(
            """
            SELECT quote_ident(session_user), quote_ident(current_database()),
                   ARRAY(SELECT wanted FROM unnest(ARRAY['strikebook_owner', 'strikebook_app', 'strikebook_read'])
                         AS w (wanted) WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted))::text
            """
        ).single()
        let (user, database, missing) = (try row.text(0), try row.text(1), try row.text(2))
        let roles = missing.dropFirst().dropLast().split(separator: ",")
        let sql =
            roles.map { "CREATE ROLE \($0) NOLOGIN;" } + [
                "GRANT strikebook_owner, strikebook_app TO \(user);",
                "GRANT CREATE ON DATABASE \(database) TO strikebook_owner;",
                "GRANT USAGE, CREATE ON SCHEMA public TO strikebook_owner;",
                "GRANT USAGE ON SCHEMA public TO strikebook_app, strikebook_read;",
            ]
        return .needsAdministrator(reason: reason, sql: sql.joined(separator: "\n"))
    }
}
