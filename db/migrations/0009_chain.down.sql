-- Takes back 0009_chain.
SET LOCAL ROLE strikebook_owner;

DROP VIEW readable_chain_events;
DROP INDEX active_options_fill;
DROP INDEX active_options_underlying;
ALTER TABLE active_options
    DROP CONSTRAINT active_options_fill_fkey,
    DROP CONSTRAINT active_options_duration,
    DROP CONSTRAINT active_options_status,
    DROP COLUMN tx_hash,
    DROP COLUMN log_index,
    DROP COLUMN block_number,
    DROP COLUMN block_hash,
    DROP COLUMN duration,
    DROP COLUMN premium,
    DROP COLUMN stablecoin,
    DROP COLUMN status;
DROP TABLE chain_reorgs;
DROP TABLE chain_events;
