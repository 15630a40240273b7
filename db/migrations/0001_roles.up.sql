-- Who may do what comes first: three roles without log-in, and the right to build in this database.
-- Runs as the connecting user. Roles are the cluster's: another database may have made them already.
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['strikebook_owner', 'strikebook_app', 'strikebook_read'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS', wanted);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL;  -- another database's migration made it in this very moment
            END;
        END IF;
    END LOOP;
    -- The connecting user must be able to become the owner (migrate) and the application (serve).
    FOREACH wanted IN ARRAY ARRAY['strikebook_owner', 'strikebook_app'] LOOP
        IF NOT pg_has_role(current_user, wanted, 'MEMBER') THEN
            EXECUTE format('GRANT %I TO %I', wanted, current_user);
        END IF;
    END LOOP;
    IF NOT has_database_privilege('strikebook_owner', current_database(), 'CREATE') THEN
        EXECUTE format('GRANT CREATE ON DATABASE %I TO strikebook_owner', current_database());
    END IF;
    IF NOT has_schema_privilege('strikebook_owner', 'public', 'CREATE') THEN
        GRANT USAGE, CREATE ON SCHEMA public TO strikebook_owner;
    END IF;
    FOREACH wanted IN ARRAY ARRAY['strikebook_app', 'strikebook_read'] LOOP
        IF NOT has_schema_privilege(wanted, 'public', 'USAGE') THEN
            EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', wanted);
        END IF;
    END LOOP;
    -- A GRANT by someone who may not give it only warns.
    IF NOT has_database_privilege('strikebook_owner', current_database(), 'CREATE')
        OR NOT has_schema_privilege('strikebook_owner', 'public', 'CREATE') THEN
        RAISE EXCEPTION 'strikebook_owner may not create in database %', current_database()
            USING ERRCODE = 'insufficient_privilege';
    END IF;
END
$$;
