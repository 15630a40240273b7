-- Takes the rule back that a settlement at CoW has its signature, and the index of payouts.
SET LOCAL ROLE strikebook_owner;

DROP INDEX chain_events_payouts;
ALTER TABLE settlements DROP CONSTRAINT settlements_submitted;
