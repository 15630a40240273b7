-- Takes the orders and approvals of settlements away again. Settlements themselves do not fit the older schema: they go too.
SET LOCAL ROLE strikebook_owner;

DROP TABLE settlement_signatures;
DROP TABLE settlement_orders;
DELETE FROM settlements;
DROP INDEX settlements_proposed;
ALTER TABLE settlements
    DROP CONSTRAINT settlements_shares,
    DROP CONSTRAINT settlements_completed,
    DROP CONSTRAINT settlements_failed,
    DROP CONSTRAINT settlements_approved,
    DROP COLUMN fill_onchain,
    DROP COLUMN fill_attempt,
    DROP COLUMN fee,
    DROP COLUMN payoff,
    DROP COLUMN proceeds,
    DROP COLUMN failure,
    DROP COLUMN approved_by,
    DROP COLUMN price_as_of,
    ADD CONSTRAINT settlements_approved CHECK (status NOT IN ('approved', 'submitted') OR taker_signature IS NOT NULL);
COMMENT ON COLUMN settlements.taker_signature IS
    'The holder''s approval; its own affair until it is submitted, so not for strikebook_read.';
COMMENT ON COLUMN settlements.eip1271_signature IS 'The order''s signature made of it; likewise.';
