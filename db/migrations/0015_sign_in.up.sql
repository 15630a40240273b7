-- Log-in: a session begins with a nonce that no session began with before.
SET LOCAL ROLE strikebook_owner;

ALTER TABLE sessions
    ADD COLUMN nonce_hash hash32 NOT NULL,
    ADD CONSTRAINT sessions_nonce_key UNIQUE (nonce_hash);
COMMENT ON COLUMN sessions.nonce_hash IS
    'Keccak-256 of the nonce in the signed message. An ended session stays until its nonce would be refused anyway.';
COMMENT ON COLUMN sessions.token_hash IS 'Keccak-256 of the session token; the token itself is never stored.';
