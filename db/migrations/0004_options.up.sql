-- What the chain did with offers: followed blocks, fills, the options they made, and their settlement.
SET LOCAL ROLE strikebook_owner;

CREATE TABLE blocks (
    hash        hash32      NOT NULL,
    number      bigint      NOT NULL,
    parent_hash hash32      NOT NULL,
    block_time  timestamptz NOT NULL,
    is_cursor   boolean     NOT NULL DEFAULT false,
    created_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT blocks_pkey PRIMARY KEY (hash),
    CONSTRAINT blocks_number_key UNIQUE (number),
    CONSTRAINT blocks_number CHECK (number >= 0)
);
CREATE UNIQUE INDEX blocks_cursor ON blocks (is_cursor) WHERE is_cursor;
COMMENT ON TABLE blocks IS 'Followed block headers, so that a reorg is seen by its parent hash; and the cursor.';
COMMENT ON COLUMN blocks.hash IS 'Block hash.';
COMMENT ON COLUMN blocks.number IS 'Block height.';
COMMENT ON COLUMN blocks.parent_hash IS 'Hash of the block before.';
COMMENT ON COLUMN blocks.block_time IS 'The block''s own timestamp.';
COMMENT ON COLUMN blocks.is_cursor IS
    'True for the last block whose effects are applied; moves in the transaction that applies them.';
COMMENT ON COLUMN blocks.created_at IS 'When it was recorded here.';

CREATE TABLE fills (
    block_hash   hash32      NOT NULL,
    log_index    integer     NOT NULL,
    tx_hash      hash32      NOT NULL,
    block_number bigint      NOT NULL,
    offer_hash   hash32,
    named_hash   hash32      NOT NULL,
    token_id     uint256     NOT NULL,
    amount       uint256     NOT NULL,
    premium      uint256,
    status       text        NOT NULL,
    seq          bigint      NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT fills_pkey PRIMARY KEY (block_hash, log_index),
    CONSTRAINT fills_offer_fkey FOREIGN KEY (offer_hash) REFERENCES offers (offer_hash),
    CONSTRAINT fills_seq_fkey FOREIGN KEY (seq) REFERENCES transaction_logs (seq),
    CONSTRAINT fills_position CHECK (log_index >= 0 AND block_number >= 0),
    CONSTRAINT fills_amount CHECK (amount > 0),
    CONSTRAINT fills_status CHECK (status IN ('pending', 'confirmed', 'reverted'))
);
CREATE INDEX fills_offer ON fills (offer_hash);
CREATE INDEX fills_unlinked ON fills (named_hash) WHERE offer_hash IS NULL;
CREATE INDEX fills_token ON fills (token_id);
CREATE INDEX fills_pending ON fills (block_number) WHERE status = 'pending';
COMMENT ON TABLE fills IS
    'One row per OptionTaken event. Pending and confirmed fills count as filled, reverted ones do not.';
COMMENT ON COLUMN fills.block_hash IS 'Block of the event: after a reorg the same transaction is another row.';
COMMENT ON COLUMN fills.log_index IS 'Position of the event in its block.';
COMMENT ON COLUMN fills.tx_hash IS 'Transaction of the event.';
COMMENT ON COLUMN fills.block_number IS 'Height of the block.';
COMMENT ON COLUMN fills.offer_hash IS 'The offer taken; null while this service has not seen it.';
COMMENT ON COLUMN fills.named_hash IS 'The hash the event named: any of the offer''s three.';
COMMENT ON COLUMN fills.token_id IS 'The option the fill made.';
COMMENT ON COLUMN fills.amount IS 'Collateral taken, in its smallest unit.';
COMMENT ON COLUMN fills.premium IS
    'Premium paid in all, in the stablecoin''s smallest unit; null while the offer is unknown.';
COMMENT ON COLUMN fills.status IS 'pending until enough confirmations, then confirmed; reverted by a reorg.';
COMMENT ON COLUMN fills.seq IS 'The log row of its last change.';
COMMENT ON COLUMN fills.created_at IS 'When it was recorded here.';

CREATE TABLE active_options (
    token_id          uint256     NOT NULL,
    offer_hash        hash32,
    named_hash        hash32      NOT NULL,
    writer            address,
    taker             address     NOT NULL,
    holder            address     NOT NULL,
    underlying        address,
    collateral_locked uint256     NOT NULL,
    is_call           boolean,
    strike_price      uint256     NOT NULL,
    start_time        timestamptz NOT NULL,
    expiry_time       timestamptz NOT NULL,
    settled           boolean     NOT NULL DEFAULT false,
    config_hash       hash32,
    created_at        timestamptz NOT NULL DEFAULT now(),
    settled_at        timestamptz,
    seq               bigint      NOT NULL,
    CONSTRAINT active_options_pkey PRIMARY KEY (token_id),
    CONSTRAINT active_options_offer_fkey FOREIGN KEY (offer_hash) REFERENCES offers (offer_hash),
    CONSTRAINT active_options_seq_fkey FOREIGN KEY (seq) REFERENCES transaction_logs (seq),
    CONSTRAINT active_options_collateral CHECK (collateral_locked > 0),
    CONSTRAINT active_options_times CHECK (expiry_time > start_time),
    CONSTRAINT active_options_settled CHECK (settled = (settled_at IS NOT NULL))
);
CREATE INDEX active_options_offer ON active_options (offer_hash);
CREATE INDEX active_options_unlinked ON active_options (named_hash) WHERE offer_hash IS NULL;
CREATE INDEX active_options_holder ON active_options (holder, token_id);
CREATE INDEX active_options_writer ON active_options (writer, token_id);
CREATE INDEX active_options_expiry ON active_options (expiry_time) WHERE NOT settled;
COMMENT ON TABLE active_options IS 'Options that were taken: one row per tokenId.';
COMMENT ON COLUMN active_options.token_id IS 'The option''s id in the protocol contract, counted from 1.';
COMMENT ON COLUMN active_options.offer_hash IS 'The offer it was taken from; null while that is unknown here.';
COMMENT ON COLUMN active_options.named_hash IS 'The hash the event named.';
COMMENT ON COLUMN active_options.writer IS 'Who wrote the offer; null while it is unknown.';
COMMENT ON COLUMN active_options.taker IS 'Who took it.';
COMMENT ON COLUMN active_options.holder IS 'Who owns the position: the last Transfer''s recipient, else the taker.';
COMMENT ON COLUMN active_options.underlying IS 'The token the option is on; null while the offer is unknown.';
COMMENT ON COLUMN active_options.collateral_locked IS 'Collateral behind it, in its smallest unit.';
COMMENT ON COLUMN active_options.is_call IS 'true: call, false: put; null while the offer is unknown.';
COMMENT ON COLUMN active_options.strike_price IS 'Price agreed at take, 8 decimals.';
COMMENT ON COLUMN active_options.start_time IS 'Time of the take''s block.';
COMMENT ON COLUMN active_options.expiry_time IS 'start_time plus the duration in days.';
COMMENT ON COLUMN active_options.settled IS 'Whether it was paid out.';
COMMENT ON COLUMN active_options.config_hash IS 'The offer''s config_hash; null while the offer is unknown.';
COMMENT ON COLUMN active_options.created_at IS 'When it was recorded here.';
COMMENT ON COLUMN active_options.settled_at IS 'When it was paid out.';
COMMENT ON COLUMN active_options.seq IS 'The log row of its last change.';

CREATE TABLE settlements (
    token_id                   uint256     NOT NULL,
    attempt                    integer     NOT NULL DEFAULT 1,
    order_hash                 hash32      NOT NULL,
    price_used                 uint256     NOT NULL,
    price_source               text        NOT NULL,
    cow_order                  jsonb       NOT NULL,
    settlement_conditions_hash hash32      NOT NULL,
    taker_signature            bytea,
    eip1271_signature          bytea,
    order_uid                  bytea,
    status                     text        NOT NULL,
    min_buy_amount             uint256     NOT NULL,
    valid_to                   bigint      NOT NULL,
    app_data                   text        NOT NULL,
    attempts                   integer     NOT NULL DEFAULT 0,
    last_error                 text,
    created_at                 timestamptz NOT NULL DEFAULT now(),
    updated_at                 timestamptz NOT NULL DEFAULT now(),
    seq                        bigint      NOT NULL,
    CONSTRAINT settlements_pkey PRIMARY KEY (token_id),
    CONSTRAINT settlements_option_fkey FOREIGN KEY (token_id) REFERENCES active_options (token_id),
    CONSTRAINT settlements_seq_fkey FOREIGN KEY (seq) REFERENCES transaction_logs (seq),
    CONSTRAINT settlements_status CHECK (status IN ('initiated', 'approved', 'submitted', 'completed', 'failed')),
    CONSTRAINT settlements_attempts CHECK (attempt > 0 AND attempts >= 0),
    CONSTRAINT settlements_valid_to CHECK (valid_to BETWEEN 0 AND 4294967295),
    CONSTRAINT settlements_order_uid CHECK (octet_length(order_uid) = 56),
    CONSTRAINT settlements_approved CHECK (status NOT IN ('approved', 'submitted') OR taker_signature IS NOT NULL)
);
CREATE UNIQUE INDEX settlements_order_uid_key ON settlements (order_uid);
CREATE INDEX settlements_status ON settlements (status, token_id);
COMMENT ON TABLE settlements IS 'The payout of an expired option through CoW Protocol; each change is one log row.';
COMMENT ON COLUMN settlements.token_id IS 'The option.';
COMMENT ON COLUMN settlements.attempt IS
    'Which order for it this is, from 1; raised when a failed one is initiated again.';
COMMENT ON COLUMN settlements.order_hash IS 'EIP-712 digest of the order.';
COMMENT ON COLUMN settlements.price_used IS 'Price at initiation, 8 decimals.';
COMMENT ON COLUMN settlements.price_source IS 'Where that price came from.';
COMMENT ON COLUMN settlements.cow_order IS 'The order as sent.';
COMMENT ON COLUMN settlements.settlement_conditions_hash IS 'Hash of the terms the holder approves.';
COMMENT ON COLUMN settlements.taker_signature IS
    'The holder''s approval; its own affair until it is submitted, so not for strikebook_read.';
COMMENT ON COLUMN settlements.eip1271_signature IS 'The order''s signature made of it; likewise.';
COMMENT ON COLUMN settlements.order_uid IS 'The order''s id at CoW: order hash, owner, valid_to.';
COMMENT ON COLUMN settlements.status IS 'initiated, approved, submitted, completed or failed.';
COMMENT ON COLUMN settlements.min_buy_amount IS 'The least the sale must bring, in the stablecoin''s smallest unit.';
COMMENT ON COLUMN settlements.valid_to IS 'Unix seconds until which the order can fill.';
COMMENT ON COLUMN settlements.app_data IS 'The order''s full appData document.';
COMMENT ON COLUMN settlements.attempts IS 'How often sending was tried.';
COMMENT ON COLUMN settlements.last_error IS 'CoW''s own words, or ours, on the last failure.';
COMMENT ON COLUMN settlements.created_at IS 'When it was initiated.';
COMMENT ON COLUMN settlements.updated_at IS 'Last change.';
COMMENT ON COLUMN settlements.seq IS 'The log row of its last change.';

CREATE VIEW readable_options AS
    SELECT token_id, hex(offer_hash) AS offer_hash, hex(named_hash) AS named_hash, hex(writer) AS writer,
           hex(taker) AS taker, hex(holder) AS holder, hex(underlying) AS underlying,
           CASE WHEN is_call THEN 'call' WHEN NOT is_call THEN 'put' END AS side,
           collateral_locked, strike_price / 100000000 AS strike, start_time, expiry_time, settled, settled_at, seq
    FROM active_options;
COMMENT ON VIEW readable_options IS 'active_options with 0x text and the strike in whole units.';

CREATE VIEW readable_fills AS
    SELECT hex(block_hash) AS block_hash, log_index, block_number, hex(tx_hash) AS tx_hash,
           hex(offer_hash) AS offer_hash, hex(named_hash) AS named_hash, token_id, amount, premium, status, seq
    FROM fills;
COMMENT ON VIEW readable_fills IS 'fills with 0x text.';

CREATE VIEW readable_settlements AS
    SELECT token_id, attempt, status, hex(order_hash) AS order_hash, hex(order_uid) AS order_uid,
           price_used / 100000000 AS price, price_source, min_buy_amount, to_timestamp(valid_to) AS valid_to,
           hex(settlement_conditions_hash) AS settlement_conditions_hash, attempts, last_error,
           created_at, updated_at, seq
    FROM settlements;
COMMENT ON VIEW readable_settlements IS 'settlements with 0x text, without the signatures.';

GRANT SELECT, INSERT, UPDATE, DELETE ON blocks TO strikebook_app;
GRANT SELECT, INSERT, UPDATE ON fills, active_options, settlements TO strikebook_app;
GRANT SELECT ON readable_options, readable_fills, readable_settlements TO strikebook_app, strikebook_read;
GRANT SELECT ON blocks, fills, active_options TO strikebook_read;
GRANT SELECT (token_id, attempt, order_hash, price_used, price_source, cow_order, settlement_conditions_hash, order_uid,
              status, min_buy_amount, valid_to, app_data, attempts, last_error, created_at, updated_at, seq)
    ON settlements TO strikebook_read;
