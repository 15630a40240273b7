-- A settlement that is at CoW has the signature that it was sent with; payouts and approvals are found by their indexes.
SET LOCAL ROLE strikebook_owner;

ALTER TABLE settlements
    ADD CONSTRAINT settlements_submitted
        CHECK (status <> 'submitted' OR taker_signature IS NOT NULL AND eip1271_signature IS NOT NULL);
COMMENT ON CONSTRAINT settlements_submitted ON settlements IS
    'The order is out, so its signature is nobody''s own affair any more.';

CREATE INDEX chain_events_confirmed_time ON chain_events (block_time) WHERE status = 'confirmed';
CREATE INDEX chain_events_payouts ON chain_events (seq) WHERE name IN ('SettlementExecuted', 'OptionSettled');

-- Under row level security only comparisons that leak nothing go by an index: bytea's do, numeric's do not, so that
-- looking for a token_id read every approval there is.
ALTER TABLE settlement_signatures ADD COLUMN order_uid bytea;
ALTER TABLE settlement_signatures NO FORCE ROW LEVEL SECURITY;
UPDATE settlement_signatures a
SET order_uid = o.order_uid
FROM settlement_orders o
WHERE o.token_id = a.token_id AND o.attempt = a.attempt;
ALTER TABLE settlement_signatures
    FORCE ROW LEVEL SECURITY,
    ALTER COLUMN order_uid SET NOT NULL,
    ADD CONSTRAINT settlement_signatures_uid_key UNIQUE (order_uid);
COMMENT ON COLUMN settlement_signatures.order_uid IS 'The order''s id at CoW, by which approvals are found.';
