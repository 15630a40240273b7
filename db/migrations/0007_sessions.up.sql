-- Log-in sessions: one party's alone, so that the database itself shows a row only to its holder.
SET LOCAL ROLE strikebook_owner;

CREATE TABLE sessions (
    token_hash   hash32      NOT NULL,
    address      address     NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL,
    CONSTRAINT sessions_pkey PRIMARY KEY (token_hash),
    CONSTRAINT sessions_expiry CHECK (expires_at > created_at)
);
CREATE INDEX sessions_expires_at ON sessions (expires_at);
COMMENT ON TABLE sessions IS
    'Log-in sessions of record. Row security shows one only to the transaction that holds its token.';
COMMENT ON COLUMN sessions.token_hash IS 'SHA-256 of the session token; the token itself is never stored.';
COMMENT ON COLUMN sessions.address IS 'Who logged in.';
COMMENT ON COLUMN sessions.created_at IS 'Log-in.';
COMMENT ON COLUMN sessions.last_seen_at IS 'Last use: sessions slide.';
COMMENT ON COLUMN sessions.expires_at IS 'When it ends unless used before.';

-- FORCE: without it the owner would pass by. set_config(name, value, true) holds until the transaction ends.
ALTER TABLE sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE sessions FORCE ROW LEVEL SECURITY;

CREATE POLICY sessions_holder ON sessions TO strikebook_app
    USING (token_hash = decode(current_setting('strikebook.session_token_hash', true), 'hex'))
    WITH CHECK (token_hash = decode(current_setting('strikebook.session_token_hash', true), 'hex'));
COMMENT ON POLICY sessions_holder ON sessions IS
    'The session whose token hash (hex) the transaction set as strikebook.session_token_hash.';

CREATE POLICY sessions_sweep_read ON sessions FOR SELECT TO strikebook_app
    USING (current_setting('strikebook.worker', true) = 'session_sweep' AND expires_at < now());
COMMENT ON POLICY sessions_sweep_read ON sessions IS 'The sweeper sees sessions that have ended.';

CREATE POLICY sessions_sweep ON sessions FOR DELETE TO strikebook_app
    USING (current_setting('strikebook.worker', true) = 'session_sweep' AND expires_at < now());
COMMENT ON POLICY sessions_sweep ON sessions IS 'The sweeper deletes sessions that have ended.';

GRANT SELECT, INSERT, UPDATE, DELETE ON sessions TO strikebook_app;
