-- Takes back what it takes to run products.
SET LOCAL ROLE strikebook_owner;

DROP INDEX transaction_logs_contracts;
DROP INDEX contracts_running_owner;
DROP INDEX contracts_running_client;
DROP INDEX contracts_running;
ALTER TABLE contracts
    DROP CONSTRAINT contracts_client,
    DROP CONSTRAINT contracts_type,
    DROP COLUMN seq,
    DROP COLUMN client;
CREATE INDEX contracts_active ON contracts (created_at) WHERE is_active;
CREATE INDEX contracts_owner ON contracts (owner) WHERE is_active;
COMMENT ON TABLE contracts IS
    'Products (Lucky Ladder, Momentum Catcher). State is a fold of the ticks since acceptance.';
COMMENT ON COLUMN contracts.type IS 'LuckyLadder or MomentumCatcher.';
COMMENT ON COLUMN contracts.created_at IS 'Acceptance; ticks after it count.';
COMMENT ON COLUMN contracts.state IS 'What it has achieved; null before the first tick.';
