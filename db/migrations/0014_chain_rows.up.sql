-- Past blocks come in by the ten thousand: what an insert paid for once a row is compared by `strikebook log verify` instead.
SET LOCAL ROLE strikebook_owner;

-- A foreign key costs as much as all of a row's indexes. The transaction that writes these rows writes the rows that they
-- refer to, and none of those is ever deleted.
ALTER TABLE chain_events DROP CONSTRAINT chain_events_seq_fkey;
ALTER TABLE fills
    DROP CONSTRAINT fills_seq_fkey,
    DROP CONSTRAINT fills_offer_fkey;
ALTER TABLE active_options
    DROP CONSTRAINT active_options_seq_fkey,
    DROP CONSTRAINT active_options_fill_fkey;
DROP INDEX active_options_fill;
ALTER TABLE smart_contracts.execution_history DROP CONSTRAINT execution_history_contract_fkey;
REVOKE DELETE ON smart_contracts.contracts FROM strikebook_app;

-- Nothing asks by these.
DROP INDEX active_options_offer;
DROP INDEX active_options_unlinked;
DROP INDEX fills_token;
DROP INDEX fills_unlinked;
DROP INDEX fills_pending;

-- One index serves both of the chain's clocks: the latest block's, and the latest confirmed one's.
DROP INDEX chain_events_time;
DROP INDEX chain_events_confirmed_time;
CREATE INDEX chain_events_time ON chain_events (block_time, status);
