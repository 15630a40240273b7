-- Every order that was made to settle an option, so that a late fill of any is recognised; approvals, hidden from all but
-- their signer until they go out.
SET LOCAL ROLE strikebook_owner;

ALTER TABLE settlements
    ADD COLUMN price_as_of  timestamptz NOT NULL,
    ADD COLUMN approved_by  address,
    ADD COLUMN failure      text,
    ADD COLUMN proceeds     uint256,
    ADD COLUMN payoff       uint256,
    ADD COLUMN fee          uint256,
    ADD COLUMN fill_attempt integer,
    ADD COLUMN fill_onchain boolean,
    DROP CONSTRAINT settlements_approved,
    ADD CONSTRAINT settlements_approved CHECK (status NOT IN ('approved', 'submitted') OR approved_by IS NOT NULL),
    ADD CONSTRAINT settlements_failed CHECK ((status = 'failed') = (failure IS NOT NULL)),
    ADD CONSTRAINT settlements_completed CHECK (
        (status = 'completed') = (proceeds IS NOT NULL) AND num_nulls(proceeds, payoff, fee, fill_attempt, fill_onchain) IN (0, 5)),
    ADD CONSTRAINT settlements_shares CHECK (fee <= payoff AND payoff <= proceeds);
CREATE INDEX settlements_proposed ON settlements (valid_to) WHERE status = 'initiated';
COMMENT ON COLUMN settlements.price_as_of IS 'The price''s own time.';
COMMENT ON COLUMN settlements.approved_by IS 'Who held the option and approved; checked again before every send.';
COMMENT ON COLUMN settlements.failure IS
    'Why it failed: proposal_expired, holder_changed, order_expired, order_cancelled, refused, uid_mismatch, attempts_exhausted.';
COMMENT ON COLUMN settlements.proceeds IS 'What the sale brought, in the stablecoin''s smallest unit.';
COMMENT ON COLUMN settlements.payoff IS 'What the option was worth of it; proceeds less payoff is the writer''s.';
COMMENT ON COLUMN settlements.fee IS 'The protocol''s part of the payoff; payoff less fee is the holder''s.';
COMMENT ON COLUMN settlements.fill_attempt IS 'Which order filled.';
COMMENT ON COLUMN settlements.fill_onchain IS 'Whether an event of the chain said so; else CoW did.';
COMMENT ON COLUMN settlements.taker_signature IS
    'The holder''s approval, once the order is out; before, only in settlement_signatures. Not for strikebook_read.';
COMMENT ON COLUMN settlements.eip1271_signature IS 'The order''s signature made of it; likewise.';

CREATE TABLE settlement_orders (
    token_id       uint256     NOT NULL,
    attempt        integer     NOT NULL,
    order_uid      bytea       NOT NULL,
    sell_token     address     NOT NULL,
    buy_token      address     NOT NULL,
    receiver       address     NOT NULL,
    sell_amount    uint256     NOT NULL,
    min_buy_amount uint256     NOT NULL,
    app_data_hash  hash32      NOT NULL,
    price_used     uint256     NOT NULL,
    price_source   text        NOT NULL,
    price_as_of    timestamptz NOT NULL,
    is_requested   boolean     NOT NULL DEFAULT false,
    sends          integer     NOT NULL DEFAULT 0,
    refusals       integer     NOT NULL DEFAULT 0,
    checks         integer     NOT NULL DEFAULT 0,
    fate           text        NOT NULL DEFAULT 'waiting',
    due_at         timestamptz,
    last_error     text,
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT settlement_orders_pkey PRIMARY KEY (token_id, attempt),
    CONSTRAINT settlement_orders_uid_key UNIQUE (order_uid),
    CONSTRAINT settlement_orders_settlement_fkey FOREIGN KEY (token_id) REFERENCES settlements (token_id),
    CONSTRAINT settlement_orders_attempt CHECK (attempt > 0),
    CONSTRAINT settlement_orders_uid CHECK (octet_length(order_uid) = 56),
    CONSTRAINT settlement_orders_counts CHECK (sends >= 0 AND refusals BETWEEN 0 AND sends AND checks >= 0),
    CONSTRAINT settlement_orders_fate CHECK (fate IN ('waiting', 'open', 'fulfilled', 'cancelled', 'expired'))
);
CREATE INDEX settlement_orders_due ON settlement_orders (due_at) WHERE due_at IS NOT NULL;
COMMENT ON TABLE settlement_orders IS
    'Every order that was made to settle an option, one row an attempt. Its settlement holds the present one.';
COMMENT ON COLUMN settlement_orders.token_id IS 'The option.';
COMMENT ON COLUMN settlement_orders.attempt IS 'Which order for it, from 1.';
COMMENT ON COLUMN settlement_orders.order_uid IS 'The order''s id at CoW: order hash, owner, valid_to; written before it is sent.';
COMMENT ON COLUMN settlement_orders.sell_token IS 'The collateral.';
COMMENT ON COLUMN settlement_orders.buy_token IS 'The stablecoin.';
COMMENT ON COLUMN settlement_orders.receiver IS 'Who gets what the sale brings.';
COMMENT ON COLUMN settlement_orders.sell_amount IS 'Collateral sold, in its smallest unit.';
COMMENT ON COLUMN settlement_orders.min_buy_amount IS 'The least the sale must bring, in the stablecoin''s smallest unit.';
COMMENT ON COLUMN settlement_orders.app_data_hash IS 'Hash of the order''s appData document.';
COMMENT ON COLUMN settlement_orders.price_used IS 'Price at initiation, 8 decimals.';
COMMENT ON COLUMN settlement_orders.price_source IS 'Where that price came from.';
COMMENT ON COLUMN settlement_orders.price_as_of IS 'The price''s own time.';
COMMENT ON COLUMN settlement_orders.is_requested IS 'Whether somebody asked to submit it.';
COMMENT ON COLUMN settlement_orders.sends IS 'How often sending was begun; raised before each call.';
COMMENT ON COLUMN settlement_orders.refusals IS 'How many sends CoW answered with a refusal; the others may have reached it.';
COMMENT ON COLUMN settlement_orders.checks IS 'Look-ups in a row that changed nothing.';
COMMENT ON COLUMN settlement_orders.fate IS 'What is known of it at CoW: waiting, open, fulfilled, cancelled, expired.';
COMMENT ON COLUMN settlement_orders.due_at IS 'When the worker takes it up next; null when there is nothing to do.';
COMMENT ON COLUMN settlement_orders.last_error IS 'CoW''s own words, or ours, on what went wrong last.';
COMMENT ON COLUMN settlement_orders.created_at IS 'When it was proposed.';
COMMENT ON COLUMN settlement_orders.updated_at IS 'Last change.';

CREATE TABLE settlement_signatures (
    token_id          uint256     NOT NULL,
    attempt           integer     NOT NULL,
    holder            address     NOT NULL,
    taker_signature   bytea       NOT NULL,
    eip1271_signature bytea       NOT NULL,
    created_at        timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT settlement_signatures_pkey PRIMARY KEY (token_id, attempt),
    CONSTRAINT settlement_signatures_order_fkey
        FOREIGN KEY (token_id, attempt) REFERENCES settlement_orders (token_id, attempt),
    CONSTRAINT settlement_signatures_size CHECK (octet_length(taker_signature) <= 4096)
);
COMMENT ON TABLE settlement_signatures IS
    'The holder''s approval of each order: its own affair until it is submitted (row level security).';
COMMENT ON COLUMN settlement_signatures.token_id IS 'The option.';
COMMENT ON COLUMN settlement_signatures.attempt IS 'Which order for it.';
COMMENT ON COLUMN settlement_signatures.holder IS 'Who held the option and signed.';
COMMENT ON COLUMN settlement_signatures.taker_signature IS 'The signature over SettlementTerms.';
COMMENT ON COLUMN settlement_signatures.eip1271_signature IS 'The order''s signature made of it, as CoW''s API takes it.';
COMMENT ON COLUMN settlement_signatures.created_at IS 'When it was approved.';

-- FORCE: without it the owner would pass by. set_config(name, value, true) holds until the transaction ends.
ALTER TABLE settlement_signatures ENABLE ROW LEVEL SECURITY;
ALTER TABLE settlement_signatures FORCE ROW LEVEL SECURITY;

CREATE POLICY settlement_signatures_holder ON settlement_signatures TO strikebook_app
    USING (holder = decode(current_setting('strikebook.holder', true), 'hex'))
    WITH CHECK (holder = decode(current_setting('strikebook.holder', true), 'hex'));
COMMENT ON POLICY settlement_signatures_holder ON settlement_signatures IS
    'The approvals of the account (hex) that the transaction set as strikebook.holder.';

CREATE POLICY settlement_signatures_worker ON settlement_signatures FOR SELECT TO strikebook_app
    USING (current_setting('strikebook.worker', true) = 'settlement');
COMMENT ON POLICY settlement_signatures_worker ON settlement_signatures IS 'The worker that sends orders reads them.';

GRANT SELECT, INSERT, UPDATE ON settlement_orders TO strikebook_app;
GRANT SELECT, INSERT ON settlement_signatures TO strikebook_app;
GRANT SELECT ON settlement_orders TO strikebook_read;
GRANT SELECT (price_as_of, approved_by, failure, proceeds, payoff, fee, fill_attempt, fill_onchain)
    ON settlements TO strikebook_read;
