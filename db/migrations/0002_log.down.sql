-- Takes the log and the shared types away again, with everything recorded in it.
SET LOCAL ROLE strikebook_owner;

DROP VIEW readable_transaction_logs;
DROP FUNCTION log_seq_at(timestamptz);
DROP TABLE log_head;
DROP TABLE transaction_logs;
DROP FUNCTION refuse_change();
DROP TABLE deployment;
DROP FUNCTION hex(bytea);
DROP DOMAIN hash32;
DROP DOMAIN address;
DROP DOMAIN uint256;
