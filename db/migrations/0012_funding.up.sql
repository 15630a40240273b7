-- What a writer's balance and allowance let be taken of its offers.
SET LOCAL ROLE strikebook_owner;

ALTER TABLE offers
    ADD COLUMN fundable    uint256,
    ADD COLUMN unfunded    boolean NOT NULL DEFAULT false,
    ADD COLUMN funding_seq bigint,
    ADD CONSTRAINT offers_fundable CHECK (
        (fundable IS NOT NULL OR NOT unfunded) AND (fundable IS NULL OR funding_seq IS NOT NULL)
        AND fundable < collateral_amount AND funding_seq > seq);
COMMENT ON TABLE offers IS
    'Signed offers as posted. Only closed_seq, closed_reason, cancelled_at, fundable, unfunded and funding_seq ever change.';
COMMENT ON COLUMN offers.fundable IS
    'What the writer can deliver beside its better-priced offers, where that is less than what remained; null: all of it.';
COMMENT ON COLUMN offers.unfunded IS 'true: that is less than the least fill, so no book lists it.';
COMMENT ON COLUMN offers.funding_seq IS 'The log row that says so, offer_unfunded or offer_funded; null before the first.';

DROP VIEW readable_books, readable_offers;
CREATE VIEW readable_offers AS
    SELECT hex(o.offer_hash) AS offer_hash, hex(o.struct_hash) AS struct_hash, hex(o.encoded_hash) AS encoded_hash,
           hex(o.writer_address) AS writer, hex(o.underlying_address) AS underlying,
           hex(o.stablecoin_address) AS stablecoin, CASE WHEN o.is_call THEN 'call' ELSE 'put' END AS side,
           o.collateral_amount, o.premium_per_day, o.min_duration, o.max_duration, o.min_fill_amount,
           o.deadline, o.expires_at, hex(o.config_hash) AS config_hash, hex(o.signature) AS signature,
           coalesce(f.filled_amount, 0) AS filled,
           o.collateral_amount - coalesce(f.filled_amount, 0) AS remaining,
           CASE WHEN o.closed_reason IS NOT NULL THEN o.closed_reason
                WHEN o.unfunded THEN 'unfunded'
                WHEN f.filled_amount > 0 THEN 'partially_filled' ELSE 'open' END AS status,
           o.seq, o.created_at, o.closed_seq, o.cancelled_at,
           least(o.fundable, o.collateral_amount - coalesce(f.filled_amount, 0)) AS fundable, o.funding_seq
    FROM offers o LEFT JOIN filled_amounts f ON f.offer_hash = o.offer_hash;
COMMENT ON VIEW readable_offers IS 'offers with 0x text, what is filled, and the status.';

CREATE VIEW readable_books AS
    SELECT hex(o.underlying_address) AS underlying, CASE WHEN o.is_call THEN 'call' ELSE 'put' END AS side,
           row_number() OVER (PARTITION BY o.underlying_address, o.is_call ORDER BY o.price_key, o.seq) AS rank,
           hex(o.offer_hash) AS offer_hash, hex(o.writer_address) AS writer, hex(o.stablecoin_address) AS stablecoin,
           o.premium_per_day, o.collateral_amount,
           o.collateral_amount - coalesce(f.filled_amount, 0) AS remaining,
           o.min_duration, o.max_duration, o.min_fill_amount, o.expires_at, o.seq,
           least(o.fundable, o.collateral_amount - coalesce(f.filled_amount, 0)) AS fundable
    FROM offers o LEFT JOIN filled_amounts f ON f.offer_hash = o.offer_hash
    WHERE o.closed_seq IS NULL AND NOT o.unfunded;
COMMENT ON VIEW readable_books IS
    'What can be taken, per book in its order: cheapest premium per day and unit first, then seq.';

GRANT UPDATE (fundable, unfunded, funding_seq) ON offers TO strikebook_app;
GRANT SELECT ON readable_offers, readable_books TO strikebook_app, strikebook_read;
