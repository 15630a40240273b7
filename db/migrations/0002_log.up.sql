-- The one log everything else is a view of, the deployment it belongs to, and the types all tables share.
SET LOCAL ROLE strikebook_owner;

CREATE DOMAIN uint256 AS numeric
    CONSTRAINT uint256_range CHECK (
        VALUE >= 0
        AND VALUE < 115792089237316195423570985008687907853269984665640564039457584007913129639936
        AND scale(VALUE) = 0);
COMMENT ON DOMAIN uint256 IS
    'An Ethereum uint256: a whole number from 0 to 2^256-1. NaN and infinity fail the range, 1.5 and 1.0 the scale.';

CREATE DOMAIN address AS bytea CONSTRAINT address_length CHECK (octet_length(VALUE) = 20);
COMMENT ON DOMAIN address IS 'An Ethereum address, 20 bytes.';

CREATE DOMAIN hash32 AS bytea CONSTRAINT hash32_length CHECK (octet_length(VALUE) = 32);
COMMENT ON DOMAIN hash32 IS 'A 32-byte word: a Keccak-256 hash, a digest or a bytes32 field.';

CREATE FUNCTION hex(bytes bytea) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN '0x' || encode(bytes, 'hex');
COMMENT ON FUNCTION hex(bytea) IS 'Bytes as 0x-prefixed lower-case text, for the readable views.';

CREATE TABLE deployment (
    only_row           boolean     NOT NULL DEFAULT true,
    chain_id           uint256     NOT NULL,
    verifying_contract address     NOT NULL,
    domain_separator   hash32      NOT NULL,
    cursor_key         bytea       NOT NULL,
    created_at         timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT deployment_pkey PRIMARY KEY (only_row),
    CONSTRAINT deployment_only_one CHECK (only_row),
    CONSTRAINT deployment_chain CHECK (chain_id > 0),
    CONSTRAINT deployment_cursor_key CHECK (octet_length(cursor_key) = 32)
);
COMMENT ON TABLE deployment IS
    'The one chain and contract this database serves; written at first start, every later start must agree.';
COMMENT ON COLUMN deployment.only_row IS 'Always true: the key that admits one row.';
COMMENT ON COLUMN deployment.chain_id IS 'chainId of the EIP-712 domain.';
COMMENT ON COLUMN deployment.verifying_contract IS 'verifyingContract of the EIP-712 domain.';
COMMENT ON COLUMN deployment.domain_separator IS 'hashStruct of the EIP-712 domain; also prev_hash of log row 1.';
COMMENT ON COLUMN deployment.cursor_key IS
    'Secret with which page cursors are authenticated, so that every process of this deployment reads them.';
COMMENT ON COLUMN deployment.created_at IS 'When this database was first started.';

CREATE TABLE transaction_logs (
    seq          bigint      NOT NULL,
    event_type   text        NOT NULL,
    related_id   text,
    tx_hash      hash32,
    block_number bigint,
    data         text,
    data_json    jsonb       GENERATED ALWAYS AS (data::jsonb) STORED,
    created_at   timestamptz NOT NULL,
    prev_hash    hash32      NOT NULL,
    hash         hash32      NOT NULL,
    CONSTRAINT transaction_logs_pkey PRIMARY KEY (seq),
    CONSTRAINT transaction_logs_seq CHECK (seq > 0),
    CONSTRAINT transaction_logs_event_type CHECK (event_type <> ''),
    CONSTRAINT transaction_logs_block_number CHECK (block_number >= 0)
);
COMMENT ON TABLE transaction_logs IS
    'Every change of an offer, cancel, fill, option, settlement or product, in order, hash-chained, insert-only. '
    'hash = keccak256(prev_hash || uint64be seq || for each of event_type, related_id, tx_hash, block_number, '
    'created_at, data: uint32be byte length || UTF-8 text), null having length 0.';
COMMENT ON COLUMN transaction_logs.seq IS 'Position: 1, 2, 3, ... without a gap. Never from a sequence.';
COMMENT ON COLUMN transaction_logs.event_type IS
    'What happened: offer_created, offer_cancelled, cancel_recorded, cancel_all_recorded, offer_expired, ...';
COMMENT ON COLUMN transaction_logs.related_id IS
    'What it happened to: an offer hash or an address as 0x text, a tokenId in decimal, a product id.';
COMMENT ON COLUMN transaction_logs.tx_hash IS
    'The chain transaction that caused it; null when it came from outside the chain.';
COMMENT ON COLUMN transaction_logs.block_number IS 'The block of tx_hash.';
COMMENT ON COLUMN transaction_logs.data IS
    'What the related row does not already commit to: canonical JSON (sorted keys, uint256 as strings); null '
    'when nothing.';
COMMENT ON COLUMN transaction_logs.data_json IS 'data, for queries; not hashed.';
COMMENT ON COLUMN transaction_logs.created_at IS
    'Acceptance, taken after the head lock and never before the previous row''s; hashed as microseconds since 1970.';
COMMENT ON COLUMN transaction_logs.prev_hash IS 'hash of row seq-1; the domain separator for row 1.';
COMMENT ON COLUMN transaction_logs.hash IS 'Chain hash of this row.';

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused, whoever asks', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'object_not_in_prerequisite_state';
END
$$;
COMMENT ON FUNCTION refuse_change() IS 'Trigger function: refuses the statement, also for the owner.';

CREATE TRIGGER transaction_logs_insert_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON transaction_logs
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE transaction_logs ENABLE ALWAYS TRIGGER transaction_logs_insert_only;
COMMENT ON TRIGGER transaction_logs_insert_only ON transaction_logs IS
    'Enabled ALWAYS, so that session_replication_role does not get round it.';

CREATE TABLE log_head (
    only_row     boolean     NOT NULL DEFAULT true,
    seq          bigint      NOT NULL,
    hash         hash32      NOT NULL,
    created_at   timestamptz NOT NULL,
    epoch        bigint      NOT NULL,
    leader_epoch bigint      NOT NULL DEFAULT 0,
    CONSTRAINT log_head_pkey PRIMARY KEY (only_row),
    CONSTRAINT log_head_only_one CHECK (only_row),
    CONSTRAINT log_head_seq CHECK (seq >= 0)
) WITH (fillfactor = 10);
COMMENT ON TABLE log_head IS
    'The end of the log. Every writing transaction locks this row first; commits are therefore in seq order.';
COMMENT ON COLUMN log_head.only_row IS 'Always true: the key that admits one row.';
COMMENT ON COLUMN log_head.seq IS 'seq of the last log row; 0 when there is none.';
COMMENT ON COLUMN log_head.hash IS 'hash of the last log row; the domain separator when there is none.';
COMMENT ON COLUMN log_head.created_at IS
    'created_at of the last log row. The next row takes the later of the clock and this, so that time never '
    'runs back in the log.';
COMMENT ON COLUMN log_head.epoch IS
    'The log''s life: 64 random bits (16 hex digits outside), renewed by a restore or promotion, when seq may '
    'be reused.';
COMMENT ON COLUMN log_head.leader_epoch IS
    'Raised by each new leader; a write that must happen once compares its own with this under the lock.';

CREATE TRIGGER log_head_stays
    BEFORE DELETE OR TRUNCATE ON log_head
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE FUNCTION log_seq_at(moment timestamptz) RETURNS bigint
    LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    low  bigint := 0;
    high bigint := (SELECT seq FROM log_head);
    mid  bigint;
BEGIN
    WHILE low < high LOOP
        mid := (low + high + 1) / 2;
        IF (SELECT created_at FROM transaction_logs WHERE seq = mid) <= moment THEN
            low := mid;
        ELSE
            high := mid - 1;
        END IF;
    END LOOP;
    RETURN low;
END
$$;
COMMENT ON FUNCTION log_seq_at(timestamptz) IS
    'seq of the last log row at or before a moment (0 when none), by bisection: seq has no gaps and time never '
    'runs back. '
    'Serves createdAfter without an index on created_at.';

CREATE VIEW readable_transaction_logs AS
    SELECT seq, event_type, related_id, hex(tx_hash) AS tx_hash, block_number, data, created_at,
           hex(prev_hash) AS prev_hash, hex(hash) AS hash
    FROM transaction_logs;
COMMENT ON VIEW readable_transaction_logs IS 'transaction_logs with 0x text.';

GRANT SELECT, INSERT ON deployment TO strikebook_app;
GRANT SELECT (only_row, chain_id, verifying_contract, domain_separator, created_at) ON deployment TO strikebook_read;
GRANT SELECT, INSERT ON transaction_logs TO strikebook_app;
GRANT SELECT, INSERT, UPDATE ON log_head TO strikebook_app;
GRANT SELECT ON transaction_logs, log_head, readable_transaction_logs TO strikebook_read;
GRANT SELECT ON readable_transaction_logs TO strikebook_app;
