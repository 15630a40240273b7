-- Takes the rule back that a settlement at CoW has its signature, and the indexes.
SET LOCAL ROLE strikebook_owner;

ALTER TABLE settlement_signatures DROP COLUMN order_uid;
DROP INDEX chain_events_payouts;
DROP INDEX chain_events_confirmed_time;
ALTER TABLE settlements DROP CONSTRAINT settlements_submitted;
