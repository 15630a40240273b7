-- Puts the foreign keys and the indexes back.
SET LOCAL ROLE strikebook_owner;

DROP INDEX chain_events_time;
CREATE INDEX chain_events_time ON chain_events (block_time) WHERE status <> 'reverted';
CREATE INDEX chain_events_confirmed_time ON chain_events (block_time) WHERE status = 'confirmed';

ALTER TABLE chain_events ADD CONSTRAINT chain_events_seq_fkey FOREIGN KEY (seq) REFERENCES transaction_logs (seq);
ALTER TABLE fills
    ADD CONSTRAINT fills_offer_fkey FOREIGN KEY (offer_hash) REFERENCES offers (offer_hash),
    ADD CONSTRAINT fills_seq_fkey FOREIGN KEY (seq) REFERENCES transaction_logs (seq);
CREATE INDEX active_options_fill ON active_options (block_hash, log_index);
ALTER TABLE active_options
    ADD CONSTRAINT active_options_seq_fkey FOREIGN KEY (seq) REFERENCES transaction_logs (seq),
    ADD CONSTRAINT active_options_fill_fkey FOREIGN KEY (block_hash, log_index) REFERENCES fills (block_hash, log_index);

CREATE INDEX active_options_offer ON active_options (offer_hash);
CREATE INDEX active_options_unlinked ON active_options (named_hash) WHERE offer_hash IS NULL;
CREATE INDEX fills_token ON fills (token_id);
CREATE INDEX fills_unlinked ON fills (named_hash) WHERE offer_hash IS NULL;
CREATE INDEX fills_pending ON fills (block_number) WHERE status = 'pending';

GRANT DELETE ON smart_contracts.contracts TO strikebook_app;
ALTER TABLE smart_contracts.execution_history
    ADD CONSTRAINT execution_history_contract_fkey FOREIGN KEY (address) REFERENCES smart_contracts.contracts (address);
