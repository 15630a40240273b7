-- What it takes to run products: whom they count for, the last row of the log about them, and how they are looked up.
SET LOCAL ROLE strikebook_owner;

ALTER TABLE contracts
    ADD COLUMN client text,
    ADD COLUMN seq bigint NOT NULL,
    ADD CONSTRAINT contracts_seq_fkey FOREIGN KEY (seq) REFERENCES transaction_logs (seq),
    ADD CONSTRAINT contracts_type CHECK (type <> '' AND octet_length(type) <= 128),
    ADD CONSTRAINT contracts_client CHECK (client IS NULL OR (is_active AND state IS NOT NULL));
COMMENT ON TABLE contracts IS
    'Products (Lucky Ladder, Momentum Catcher) and, without a state, the records that the operator put here.';
COMMENT ON COLUMN contracts.type IS 'LuckyLadder or MomentumCatcher; of a record any word.';
COMMENT ON COLUMN contracts.created_at IS
    'The start of a product, to the millisecond: its acceptance, or the newest tick that was stored by then. Ticks with a '
    'later stamp count.';
COMMENT ON COLUMN contracts.state IS
    'What it had achieved at the last row of the log about it, and the last tick that this takes account of; null: a '
    'record that is not run.';
COMMENT ON COLUMN contracts.client IS
    'The network address that submitted it, for the limit on active products; null once it has ended.';
COMMENT ON COLUMN contracts.seq IS 'The last row of transaction_logs about it.';

DROP INDEX contracts_active;
DROP INDEX contracts_owner;
CREATE INDEX contracts_running ON contracts (created_at) WHERE is_active AND state IS NOT NULL;
CREATE INDEX contracts_running_client ON contracts (client) WHERE is_active AND state IS NOT NULL;
CREATE INDEX contracts_running_owner ON contracts (owner) WHERE is_active AND state IS NOT NULL;
CREATE INDEX transaction_logs_contracts ON transaction_logs (seq) WHERE event_type LIKE 'contract%';
