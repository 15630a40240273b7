-- A settlement that is at CoW has the signature that it was sent with; what the chain says of payouts is found by its row.
SET LOCAL ROLE strikebook_owner;

ALTER TABLE settlements
    ADD CONSTRAINT settlements_submitted
        CHECK (status <> 'submitted' OR taker_signature IS NOT NULL AND eip1271_signature IS NOT NULL);
COMMENT ON CONSTRAINT settlements_submitted ON settlements IS
    'The order is out, so its signature is nobody''s own affair any more.';
CREATE INDEX chain_events_payouts ON chain_events (seq) WHERE name IN ('SettlementExecuted', 'OptionSettled');
