-- The smart-contract store: what the operator records about deployed contracts, in a schema of its own.
SET LOCAL ROLE strikebook_owner;

CREATE SCHEMA smart_contracts;
COMMENT ON SCHEMA smart_contracts IS
    'Facts about deployed contracts that the operator keeps here; not part of the log.';

CREATE TABLE smart_contracts.contracts (
    address         address     NOT NULL,
    name            text        NOT NULL,
    description     text        NOT NULL DEFAULT '',
    contract_type   text        NOT NULL,
    deployment_tx   hash32,
    deployment_time timestamptz,
    owner           address,
    is_active       boolean     NOT NULL DEFAULT true,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    revision        bigint      NOT NULL DEFAULT 1,
    CONSTRAINT contracts_pkey PRIMARY KEY (address),
    CONSTRAINT contracts_texts CHECK (octet_length(name) BETWEEN 1 AND 256 AND octet_length(description) <= 8192
                                      AND octet_length(contract_type) BETWEEN 1 AND 128)
);
COMMENT ON TABLE smart_contracts.contracts IS 'Deployed contracts the operator knows.';
COMMENT ON COLUMN smart_contracts.contracts.address IS 'Where it is deployed.';
COMMENT ON COLUMN smart_contracts.contracts.name IS 'Its name.';
COMMENT ON COLUMN smart_contracts.contracts.description IS 'What it does.';
COMMENT ON COLUMN smart_contracts.contracts.contract_type IS 'Its kind, in the operator''s words.';
COMMENT ON COLUMN smart_contracts.contracts.deployment_tx IS 'The transaction that deployed it.';
COMMENT ON COLUMN smart_contracts.contracts.deployment_time IS 'When that was.';
COMMENT ON COLUMN smart_contracts.contracts.owner IS 'Who controls it.';
COMMENT ON COLUMN smart_contracts.contracts.is_active IS 'Whether it is in use.';
COMMENT ON COLUMN smart_contracts.contracts.created_at IS 'When it was recorded here.';
COMMENT ON COLUMN smart_contracts.contracts.updated_at IS 'Last change of the record.';
COMMENT ON COLUMN smart_contracts.contracts.revision IS
    'Counts the changes of the record and of the contract''s state: a copy elsewhere with a smaller one is older.';

CREATE TABLE smart_contracts.contract_state (
    address    address     NOT NULL,
    key        text        COLLATE "C" NOT NULL,
    value      bytea       NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT contract_state_pkey PRIMARY KEY (address, key),
    CONSTRAINT contract_state_contract_fkey FOREIGN KEY (address) REFERENCES smart_contracts.contracts (address),
    CONSTRAINT contract_state_key CHECK (key <> '' AND octet_length(key) <= 1024),
    CONSTRAINT contract_state_value CHECK (octet_length(value) <= 1048576)
);
COMMENT ON TABLE smart_contracts.contract_state IS 'State of a contract by key; bytes in, the same bytes out.';
COMMENT ON COLUMN smart_contracts.contract_state.address IS 'The contract.';
COMMENT ON COLUMN smart_contracts.contract_state.key IS 'Name of the value.';
COMMENT ON COLUMN smart_contracts.contract_state.value IS 'The value, uninterpreted.';
COMMENT ON COLUMN smart_contracts.contract_state.updated_at IS 'Last change.';

CREATE TABLE smart_contracts.execution_history (
    address       address     NOT NULL,
    execution_id  text        COLLATE "C" NOT NULL,
    function_name text        NOT NULL,
    caller        address,
    executed_at   timestamptz NOT NULL,
    gas_used      uint256,
    success       boolean     NOT NULL,
    error_message text,
    created_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT execution_history_pkey PRIMARY KEY (address, execution_id),
    CONSTRAINT execution_history_contract_fkey FOREIGN KEY (address) REFERENCES smart_contracts.contracts (address),
    CONSTRAINT execution_history_id CHECK (execution_id <> '' AND octet_length(execution_id) <= 256),
    CONSTRAINT execution_history_texts CHECK (octet_length(function_name) <= 256 AND octet_length(error_message) <= 4096)
);
CREATE INDEX execution_history_newest ON smart_contracts.execution_history (address, executed_at DESC, execution_id DESC);
COMMENT ON TABLE smart_contracts.execution_history IS 'Calls of a contract, listed newest first.';
COMMENT ON COLUMN smart_contracts.execution_history.address IS 'The contract.';
COMMENT ON COLUMN smart_contracts.execution_history.execution_id IS
    'The caller''s id for it: the same id and content again is no error, other content is.';
COMMENT ON COLUMN smart_contracts.execution_history.function_name IS 'The function called.';
COMMENT ON COLUMN smart_contracts.execution_history.caller IS 'Who called; null where the chain''s events do not tell.';
COMMENT ON COLUMN smart_contracts.execution_history.executed_at IS 'When.';
COMMENT ON COLUMN smart_contracts.execution_history.gas_used IS 'Gas it took; null likewise.';
COMMENT ON COLUMN smart_contracts.execution_history.success IS 'Whether it succeeded.';
COMMENT ON COLUMN smart_contracts.execution_history.error_message IS 'Why not.';
COMMENT ON COLUMN smart_contracts.execution_history.created_at IS 'When it was recorded here.';

GRANT USAGE ON SCHEMA smart_contracts TO strikebook_app, strikebook_read;
GRANT SELECT, INSERT, UPDATE, DELETE ON smart_contracts.contracts, smart_contracts.contract_state TO strikebook_app;
-- A reorg takes back what it undoes: executions never happened.
GRANT SELECT, INSERT, DELETE ON smart_contracts.execution_history TO strikebook_app;
GRANT SELECT ON smart_contracts.contracts, smart_contracts.contract_state, smart_contracts.execution_history
    TO strikebook_read;
