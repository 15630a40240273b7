-- Takes the smart-contract store away again.
SET LOCAL ROLE strikebook_owner;

DROP TABLE smart_contracts.execution_history;
DROP TABLE smart_contracts.contract_state;
DROP TABLE smart_contracts.contracts;
DROP SCHEMA smart_contracts;
