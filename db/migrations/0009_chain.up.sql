-- Every event of the chain as it was delivered, so that what it means is folded from what still counts; and reorgs.
SET LOCAL ROLE strikebook_owner;

CREATE TABLE chain_events (
    block_hash   hash32      NOT NULL,
    log_index    integer     NOT NULL,
    block_number bigint      NOT NULL,
    block_time   timestamptz NOT NULL,
    tx_hash      hash32      NOT NULL,
    name         text        NOT NULL,
    token_id     uint256,
    named_hash   hash32,
    args         text        NOT NULL,
    status       text        NOT NULL,
    quarantine   text,
    is_garbled   boolean     NOT NULL,
    seq          bigint      NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT chain_events_pkey PRIMARY KEY (block_hash, log_index),
    CONSTRAINT chain_events_seq_fkey FOREIGN KEY (seq) REFERENCES transaction_logs (seq),
    CONSTRAINT chain_events_position CHECK (log_index >= 0 AND block_number >= 0),
    CONSTRAINT chain_events_name CHECK (name <> ''),
    CONSTRAINT chain_events_status CHECK (status IN ('pending', 'confirmed', 'reverted')),
    CONSTRAINT chain_events_garbled CHECK (NOT is_garbled OR quarantine IS NOT NULL)
);
CREATE INDEX chain_events_token ON chain_events (token_id) WHERE status <> 'reverted';
CREATE INDEX chain_events_named ON chain_events (named_hash) WHERE status <> 'reverted';
CREATE INDEX chain_events_pending ON chain_events (block_number) WHERE status = 'pending';
CREATE INDEX chain_events_quarantined ON chain_events (seq) WHERE quarantine IS NOT NULL AND status <> 'reverted';
CREATE INDEX chain_events_time ON chain_events (block_time) WHERE status <> 'reverted';
COMMENT ON TABLE chain_events IS
    'Every event of the protocol contract as delivered by the follower or the operator. Fills, options and cancels on '
    'chain are folded from those that are neither reverted nor quarantined, in the chain''s order.';
COMMENT ON COLUMN chain_events.block_hash IS 'Block of the event: after a reorg the same transaction is another row.';
COMMENT ON COLUMN chain_events.log_index IS 'Position of the event in its block.';
COMMENT ON COLUMN chain_events.block_number IS 'Height of the block.';
COMMENT ON COLUMN chain_events.block_time IS 'The block''s own timestamp.';
COMMENT ON COLUMN chain_events.tx_hash IS 'Transaction of the event.';
COMMENT ON COLUMN chain_events.name IS 'The event''s name in the contract, or what it claims to be.';
COMMENT ON COLUMN chain_events.token_id IS 'The option it is about; null for a cancel and for what cannot be decoded.';
COMMENT ON COLUMN chain_events.named_hash IS 'The offer it names, by any of its three hashes.';
COMMENT ON COLUMN chain_events.args IS 'Its arguments as canonical JSON; for what cannot be decoded, what came.';
COMMENT ON COLUMN chain_events.status IS 'pending until enough confirmations, then confirmed; reverted by a reorg.';
COMMENT ON COLUMN chain_events.quarantine IS 'Why it is kept apart and changes nothing; null when it counts.';
COMMENT ON COLUMN chain_events.is_garbled IS 'Whether it cannot be decoded; an overfill can, and may count later.';
COMMENT ON COLUMN chain_events.seq IS 'The log row of its last change.';
COMMENT ON COLUMN chain_events.created_at IS 'When it was recorded here.';

CREATE TABLE chain_reorgs (
    seq        bigint      NOT NULL,
    depth      integer     NOT NULL,
    events     integer     NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT chain_reorgs_pkey PRIMARY KEY (seq),
    CONSTRAINT chain_reorgs_seq_fkey FOREIGN KEY (seq) REFERENCES transaction_logs (seq),
    CONSTRAINT chain_reorgs_size CHECK (depth > 0 AND events >= 0)
);
COMMENT ON TABLE chain_reorgs IS 'Each time the chain let go of blocks that were followed.';
COMMENT ON COLUMN chain_reorgs.seq IS 'Its chain_reorged row in the log.';
COMMENT ON COLUMN chain_reorgs.depth IS 'How many blocks were withdrawn.';
COMMENT ON COLUMN chain_reorgs.events IS 'How many events went with them.';
COMMENT ON COLUMN chain_reorgs.created_at IS 'When it was applied here.';

ALTER TABLE active_options
    ADD COLUMN status       text    NOT NULL,
    ADD COLUMN stablecoin   address,
    ADD COLUMN premium      uint256,
    ADD COLUMN duration     integer NOT NULL,
    ADD COLUMN block_hash   hash32  NOT NULL,
    ADD COLUMN block_number bigint  NOT NULL,
    ADD COLUMN log_index    integer NOT NULL,
    ADD COLUMN tx_hash      hash32  NOT NULL,
    ADD CONSTRAINT active_options_status CHECK (status IN ('pending', 'confirmed', 'reverted')),
    ADD CONSTRAINT active_options_duration CHECK (duration BETWEEN 1 AND 65535),
    ADD CONSTRAINT active_options_fill_fkey FOREIGN KEY (block_hash, log_index) REFERENCES fills (block_hash, log_index);
CREATE INDEX active_options_underlying ON active_options (underlying, token_id);
CREATE INDEX active_options_fill ON active_options (block_hash, log_index);
COMMENT ON COLUMN active_options.status IS
    'That of its take. A reverted one is no option any more: the row stays for what refers to it.';
COMMENT ON COLUMN active_options.stablecoin IS 'What the premium is paid in; null while the offer is unknown.';
COMMENT ON COLUMN active_options.premium IS
    'Paid for the whole duration, in the stablecoin''s smallest unit; null while the offer is unknown.';
COMMENT ON COLUMN active_options.duration IS 'Days.';
COMMENT ON COLUMN active_options.block_hash IS 'Block of its take.';
COMMENT ON COLUMN active_options.block_number IS 'Height of that block.';
COMMENT ON COLUMN active_options.log_index IS 'Position of the take in its block.';
COMMENT ON COLUMN active_options.tx_hash IS 'Transaction of the take.';

CREATE VIEW readable_chain_events AS
    SELECT hex(block_hash) AS block_hash, log_index, block_number, block_time, hex(tx_hash) AS tx_hash, name, token_id,
           hex(named_hash) AS named_hash, args, status, quarantine, seq
    FROM chain_events;
COMMENT ON VIEW readable_chain_events IS 'chain_events with 0x text.';

GRANT SELECT, INSERT, UPDATE ON chain_events TO strikebook_app;
GRANT SELECT, INSERT ON chain_reorgs TO strikebook_app;
GRANT SELECT ON chain_events, chain_reorgs TO strikebook_read;
GRANT SELECT ON readable_chain_events TO strikebook_app, strikebook_read;
