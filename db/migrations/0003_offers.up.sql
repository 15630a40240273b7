-- Signed offers, how much of them is filled, their cancels, and the last change of each book.
SET LOCAL ROLE strikebook_owner;

CREATE TABLE offers (
    offer_hash         hash32      NOT NULL,
    struct_hash        hash32      NOT NULL,
    encoded_hash       hash32      NOT NULL,
    writer_address     address     NOT NULL,
    underlying_address address     NOT NULL,
    collateral_amount  uint256     NOT NULL,
    stablecoin_address address     NOT NULL,
    is_call            boolean     NOT NULL,
    premium_per_day    uint256     NOT NULL,
    min_duration       integer     NOT NULL,
    max_duration       integer     NOT NULL,
    min_fill_amount    uint256     NOT NULL,
    deadline           bigint      NOT NULL,
    config_hash        hash32      NOT NULL,
    signature          bytea       NOT NULL,
    price_key          numeric     GENERATED ALWAYS AS (
        div(premium_per_day * 13407807929942597099574024998205846127479365820592393377723561443721764030073546976801874298166903427690031858186486050853753882811946569946433649006084096,
            collateral_amount)) STORED,
    seq                bigint      NOT NULL,
    created_at         timestamptz NOT NULL,
    closed_seq         bigint,
    closed_reason      text,
    cancelled_at       timestamptz,
    expires_at         timestamptz GENERATED ALWAYS AS (to_timestamp(deadline)) STORED,
    CONSTRAINT offers_pkey PRIMARY KEY (offer_hash),
    CONSTRAINT offers_hash_collateral UNIQUE (offer_hash, collateral_amount),
    CONSTRAINT offers_seq_key UNIQUE (seq),
    CONSTRAINT offers_tokens CHECK (underlying_address <> stablecoin_address),
    CONSTRAINT offers_collateral CHECK (collateral_amount > 0),
    CONSTRAINT offers_premium CHECK (premium_per_day > 0),
    CONSTRAINT offers_durations CHECK (0 < min_duration AND min_duration <= max_duration AND max_duration <= 65535),
    CONSTRAINT offers_min_fill CHECK (0 < min_fill_amount AND min_fill_amount <= collateral_amount),
    CONSTRAINT offers_deadline CHECK (deadline BETWEEN 0 AND 253402300799),
    CONSTRAINT offers_signature CHECK (octet_length(signature) <= 4096),
    CONSTRAINT offers_closed CHECK (
        (closed_seq IS NULL) = (closed_reason IS NULL)
        AND closed_reason IN ('cancelled', 'expired', 'filled', 'overfilled')
        AND closed_seq >= seq
        AND (closed_reason <> 'cancelled' OR cancelled_at IS NOT NULL))
);
-- seq and closed_seq have no foreign key to the log: at 12 us of 57 an offer it was the dearest part of an insert.
-- The transaction that writes the one writes the other, and `strikebook log verify` compares the two.
-- struct_hash and encoded_hash need equality only, and hash indexes cost half of what B-trees do at insert.
-- An offer is in the open indexes or in the closed ones: an insert pays for one kind, closing for the other.
CREATE INDEX offers_struct_hash ON offers USING hash (struct_hash);
CREATE INDEX offers_encoded_hash ON offers USING hash (encoded_hash);
CREATE INDEX offers_open ON offers (seq) WHERE closed_seq IS NULL;
CREATE INDEX offers_open_writer ON offers (writer_address, seq) WHERE closed_seq IS NULL;
CREATE INDEX offers_open_underlying ON offers (underlying_address, seq) WHERE closed_seq IS NULL;
CREATE INDEX offers_filled ON offers (seq) WHERE closed_reason IN ('filled', 'overfilled');
CREATE INDEX offers_cancelled ON offers (seq) WHERE closed_reason = 'cancelled';
CREATE INDEX offers_expired ON offers (seq) WHERE closed_reason = 'expired';
CREATE INDEX offers_closed_writer ON offers (writer_address, seq) WHERE closed_seq IS NOT NULL;
CREATE INDEX offers_closed_underlying ON offers (underlying_address, seq) WHERE closed_seq IS NOT NULL;
COMMENT ON TABLE offers IS
    'Signed offers as posted. Only closed_seq, closed_reason and cancelled_at ever change.';
COMMENT ON COLUMN offers.offer_hash IS 'The id: the EIP-712 digest that was signed.';
COMMENT ON COLUMN offers.struct_hash IS 'EIP-712 hashStruct of the offer; some contracts key fills by it.';
COMMENT ON COLUMN offers.encoded_hash IS
    'keccak256(abi.encode(the 11 fields)); the contract''s OptionTaken event names it.';
COMMENT ON COLUMN offers.writer_address IS 'Who signed, locks the collateral and earns the premium.';
COMMENT ON COLUMN offers.underlying_address IS 'The token the option is on.';
COMMENT ON COLUMN offers.collateral_amount IS
    'What can be sold in all, in the smallest unit of the underlying (call) or the stablecoin (put).';
COMMENT ON COLUMN offers.stablecoin_address IS 'The token of the premium, and of a put''s collateral.';
COMMENT ON COLUMN offers.is_call IS 'true: call, false: put.';
COMMENT ON COLUMN offers.premium_per_day IS
    'For the whole collateral_amount, a day, in the stablecoin''s smallest unit.';
COMMENT ON COLUMN offers.min_duration IS 'Shortest duration, whole days.';
COMMENT ON COLUMN offers.max_duration IS 'Longest duration, whole days.';
COMMENT ON COLUMN offers.min_fill_amount IS 'Smallest fill, in the collateral''s smallest unit.';
COMMENT ON COLUMN offers.deadline IS 'Unix seconds: the last second at which the offer can be taken.';
COMMENT ON COLUMN offers.config_hash IS 'bytes32 the contract interprets; signed, not read here.';
COMMENT ON COLUMN offers.signature IS
    'As verified: 65 bytes r, s, v with v 27 or 28, or a contract wallet''s 0 to 4096 bytes unchanged.';
COMMENT ON COLUMN offers.price_key IS
    'floor(premium_per_day * 2^512 / collateral_amount): orders the exact fractions, for two uint256 fractions '
    'differ by more than 2^-512.';
COMMENT ON COLUMN offers.seq IS 'Its offer_created row in transaction_logs; the order of acceptance.';
COMMENT ON COLUMN offers.created_at IS 'When it was accepted, as in the log row.';
COMMENT ON COLUMN offers.closed_seq IS 'The log row that closed it; null while it can be taken.';
COMMENT ON COLUMN offers.closed_reason IS
    'cancelled, expired, filled or overfilled (an event named more than remained); null while open.';
COMMENT ON COLUMN offers.cancelled_at IS 'When a valid cancel was recorded.';
COMMENT ON COLUMN offers.expires_at IS 'deadline as a timestamp.';

CREATE TABLE filled_amounts (
    offer_hash        hash32      NOT NULL,
    collateral_amount uint256     NOT NULL,
    filled_amount     uint256     NOT NULL,
    updated_at        timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT filled_amounts_pkey PRIMARY KEY (offer_hash),
    CONSTRAINT filled_amounts_offer_fkey FOREIGN KEY (offer_hash, collateral_amount)
        REFERENCES offers (offer_hash, collateral_amount),
    CONSTRAINT filled_amounts_within CHECK (0 <= filled_amount AND filled_amount <= collateral_amount)
);
COMMENT ON TABLE filled_amounts IS
    'How much of an offer is filled; no row means none. What is pending counts.';
COMMENT ON COLUMN filled_amounts.offer_hash IS 'The offer.';
COMMENT ON COLUMN filled_amounts.collateral_amount IS
    'The offer''s, repeated so that the CHECK can hold the bound; the foreign key keeps it equal.';
COMMENT ON COLUMN filled_amounts.filled_amount IS
    'Sum of its pending and confirmed fills, never above collateral_amount.';
COMMENT ON COLUMN filled_amounts.updated_at IS 'Last change.';

CREATE TABLE cancel_messages (
    digest     hash32      NOT NULL,
    signer     address     NOT NULL,
    kind       text        NOT NULL,
    message    text        NOT NULL,
    signature  bytea       NOT NULL,
    by_wallet  boolean     NOT NULL,
    seq        bigint      NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT cancel_messages_pkey PRIMARY KEY (digest),
    CONSTRAINT cancel_messages_seq_fkey FOREIGN KEY (seq) REFERENCES transaction_logs (seq),
    CONSTRAINT cancel_messages_kind CHECK (kind IN ('offers', 'all')),
    CONSTRAINT cancel_messages_signature CHECK (octet_length(signature) <= 4096)
);
CREATE INDEX cancel_messages_seq ON cancel_messages (seq);
COMMENT ON TABLE cancel_messages IS
    'Every accepted cancel message with its signature: the evidence, and what export carries.';
COMMENT ON COLUMN cancel_messages.digest IS 'EIP-712 digest that was signed.';
COMMENT ON COLUMN cancel_messages.signer IS 'Who signed.';
COMMENT ON COLUMN cancel_messages.kind IS 'offers: CancelOffers; all: CancelAllOffers.';
COMMENT ON COLUMN cancel_messages.message IS 'The signed message as canonical JSON.';
COMMENT ON COLUMN cancel_messages.signature IS 'As verified, in the form offers.signature has.';
COMMENT ON COLUMN cancel_messages.by_wallet IS
    'A contract wallet affirmed it (EIP-1271): the signature alone does not tell the signer.';
COMMENT ON COLUMN cancel_messages.seq IS 'First log row of the transaction that recorded it.';
COMMENT ON COLUMN cancel_messages.created_at IS 'When it was recorded.';

CREATE TABLE cancellations (
    offer_hash hash32      NOT NULL,
    signer     address     NOT NULL,
    digest     hash32      NOT NULL,
    seq        bigint      NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT cancellations_pkey PRIMARY KEY (offer_hash, signer),
    CONSTRAINT cancellations_digest_fkey FOREIGN KEY (digest) REFERENCES cancel_messages (digest),
    CONSTRAINT cancellations_seq_fkey FOREIGN KEY (seq) REFERENCES transaction_logs (seq)
);
CREATE INDEX cancellations_digest ON cancellations (digest);
COMMENT ON TABLE cancellations IS
    'Tombstones: this signer cancelled this hash, whether or not such an offer was ever seen. Pruned after the '
    'deadline horizon.';
COMMENT ON COLUMN cancellations.offer_hash IS
    'The cancelled offer''s hash; no foreign key, for the offer may come later or never.';
COMMENT ON COLUMN cancellations.signer IS 'Who cancelled; it bites only where this is the offer''s writer.';
COMMENT ON COLUMN cancellations.digest IS 'The signed message.';
COMMENT ON COLUMN cancellations.seq IS 'The log row that recorded it.';
COMMENT ON COLUMN cancellations.created_at IS 'When it was recorded.';

CREATE TABLE cancel_watermarks (
    writer        address     NOT NULL,
    issued_before bigint      NOT NULL,
    digest        hash32      NOT NULL,
    seq           bigint      NOT NULL,
    updated_at    timestamptz NOT NULL,
    CONSTRAINT cancel_watermarks_pkey PRIMARY KEY (writer),
    CONSTRAINT cancel_watermarks_digest_fkey FOREIGN KEY (digest) REFERENCES cancel_messages (digest),
    CONSTRAINT cancel_watermarks_seq_fkey FOREIGN KEY (seq) REFERENCES transaction_logs (seq),
    CONSTRAINT cancel_watermarks_issued_before CHECK (issued_before >= 0)
);
CREATE INDEX cancel_watermarks_digest ON cancel_watermarks (digest);
COMMENT ON TABLE cancel_watermarks IS
    'CancelAllOffers: offers of the writer accepted before the watermark are cancelled.';
COMMENT ON COLUMN cancel_watermarks.writer IS 'Whose offers.';
COMMENT ON COLUMN cancel_watermarks.issued_before IS
    'Unix seconds; compared with an offer''s acceptance; never lowered.';
COMMENT ON COLUMN cancel_watermarks.digest IS 'The signed message that set it.';
COMMENT ON COLUMN cancel_watermarks.seq IS 'The log row that recorded it.';
COMMENT ON COLUMN cancel_watermarks.updated_at IS 'When it was last raised.';

CREATE TABLE books (
    underlying_address address     NOT NULL,
    is_call            boolean     NOT NULL,
    last_seq           bigint      NOT NULL,
    last_change_at     timestamptz NOT NULL,
    CONSTRAINT books_pkey PRIMARY KEY (underlying_address, is_call),
    CONSTRAINT books_last_seq_fkey FOREIGN KEY (last_seq) REFERENCES transaction_logs (seq)
) WITH (fillfactor = 50);
COMMENT ON TABLE books IS
    'The last change of each book side, which names its version (ETag) and time (asOf).';
COMMENT ON COLUMN books.underlying_address IS 'The book''s token.';
COMMENT ON COLUMN books.is_call IS 'The side.';
COMMENT ON COLUMN books.last_seq IS 'The log row of its last change.';
COMMENT ON COLUMN books.last_change_at IS 'created_at of that row.';

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

CREATE VIEW readable_cancellations AS
    SELECT hex(c.offer_hash) AS offer_hash, hex(c.signer) AS signer, hex(c.digest) AS digest, m.kind,
           hex(m.signature) AS signature, c.seq, c.created_at
    FROM cancellations c JOIN cancel_messages m ON m.digest = c.digest;
COMMENT ON VIEW readable_cancellations IS 'cancellations with 0x text and the signed message they rest on.';

CREATE VIEW readable_cancel_watermarks AS
    SELECT hex(writer) AS writer, to_timestamp(issued_before) AS issued_before, hex(digest) AS digest, seq, updated_at
    FROM cancel_watermarks;
COMMENT ON VIEW readable_cancel_watermarks IS 'cancel_watermarks with 0x text.';

GRANT SELECT, INSERT ON offers TO strikebook_app;
GRANT UPDATE (closed_seq, closed_reason, cancelled_at) ON offers TO strikebook_app;
GRANT SELECT, INSERT, UPDATE ON filled_amounts, cancel_watermarks, books TO strikebook_app;
GRANT SELECT, INSERT, DELETE ON cancel_messages, cancellations TO strikebook_app;
GRANT SELECT ON offers, filled_amounts, cancel_messages, cancellations, cancel_watermarks, books TO strikebook_read;
GRANT SELECT ON readable_offers, readable_books, readable_cancellations, readable_cancel_watermarks
    TO strikebook_app, strikebook_read;
