-- Takes back what is known of writers' funds: every open offer is listed again.
SET LOCAL ROLE strikebook_owner;

DROP VIEW readable_books, readable_offers;
ALTER TABLE offers
    DROP CONSTRAINT offers_fundable,
    DROP COLUMN funding_seq,
    DROP COLUMN unfunded,
    DROP COLUMN fundable;
COMMENT ON TABLE offers IS
    'Signed offers as posted. Only closed_seq, closed_reason and cancelled_at ever change.';
CREATE VIEW readable_offers AS
    SELECT hex(o.offer_hash) AS offer_hash, hex(o.struct_hash) AS struct_hash, hex(o.encoded_hash) AS encoded_hash,
           hex(o.writer_address) AS writer, hex(o.underlying_address) AS underlying,
           hex(o.stablecoin_address) AS stablecoin, CASE WHEN o.is_call THEN 'call' ELSE 'put' END AS side,
           o.collateral_amount, o.premium_per_day, o.min_duration, o.max_duration, o.min_fill_amount,
           o.deadline, o.expires_at, hex(o.config_hash) AS config_hash, hex(o.signature) AS signature,
           coalesce(f.filled_amount, 0) AS filled,
           o.collateral_amount - coalesce(f.filled_amount, 0) AS remaining,
           CASE WHEN o.closed_reason IS NOT NULL THEN o.closed_reason
                WHEN f.filled_amount > 0 THEN 'partially_filled' ELSE 'open' END AS status,
           o.seq, o.created_at, o.closed_seq, o.cancelled_at
    FROM offers o LEFT JOIN filled_amounts f ON f.offer_hash = o.offer_hash;
COMMENT ON VIEW readable_offers IS 'offers with 0x text, what is filled, and the status.';

CREATE VIEW readable_books AS
    SELECT hex(o.underlying_address) AS underlying, CASE WHEN o.is_call THEN 'call' ELSE 'put' END AS side,
           row_number() OVER (PARTITION BY o.underlying_address, o.is_call ORDER BY o.price_key, o.seq) AS rank,
           hex(o.offer_hash) AS offer_hash, hex(o.writer_address) AS writer, hex(o.stablecoin_address) AS stablecoin,
           o.premium_per_day, o.collateral_amount,
           o.collateral_amount - coalesce(f.filled_amount, 0) AS remaining,
           o.min_duration, o.max_duration, o.min_fill_amount, o.expires_at, o.seq
    FROM offers o LEFT JOIN filled_amounts f ON f.offer_hash = o.offer_hash
    WHERE o.closed_seq IS NULL;
COMMENT ON VIEW readable_books IS
    'What can be taken, per book in its order: cheapest premium per day and unit first, then seq.';
GRANT SELECT ON readable_offers, readable_books TO strikebook_app, strikebook_read;
