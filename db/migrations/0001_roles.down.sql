-- Takes back what this database granted. The roles stay: other databases of the cluster may use them.
DO $$
BEGIN
    EXECUTE format(
        'REVOKE ALL ON DATABASE %I FROM strikebook_owner, strikebook_app, strikebook_read', current_database());
END
$$;
REVOKE ALL ON SCHEMA public FROM strikebook_owner, strikebook_app, strikebook_read;
