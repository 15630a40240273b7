-- Takes the nonces of sessions away again.
SET LOCAL ROLE strikebook_owner;

ALTER TABLE sessions DROP COLUMN nonce_hash;
COMMENT ON COLUMN sessions.token_hash IS 'SHA-256 of the session token; the token itself is never stored.';
