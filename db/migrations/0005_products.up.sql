-- Products that bet on published prices, the ticks they observe, and the candles that are kept.
SET LOCAL ROLE strikebook_owner;

CREATE TABLE contracts (
    id         text        NOT NULL,
    type       text        NOT NULL,
    parameters jsonb       NOT NULL,
    created_at timestamptz NOT NULL,
    is_active  boolean     NOT NULL,
    duration   bigint      NOT NULL,
    state      jsonb,
    owner      address,
    CONSTRAINT contracts_pkey PRIMARY KEY (id),
    CONSTRAINT contracts_id CHECK (id <> '' AND octet_length(id) <= 128),
    CONSTRAINT contracts_duration CHECK (duration > 0)
);
CREATE INDEX contracts_active ON contracts (created_at) WHERE is_active;
CREATE INDEX contracts_owner ON contracts (owner) WHERE is_active;
COMMENT ON TABLE contracts IS
    'Products (Lucky Ladder, Momentum Catcher). State is a fold of the ticks since acceptance.';
COMMENT ON COLUMN contracts.id IS 'The product''s id.';
COMMENT ON COLUMN contracts.type IS 'LuckyLadder or MomentumCatcher.';
COMMENT ON COLUMN contracts.parameters IS
    'As submitted: token, rungs or target, payoff; integers in 1e-8 units as strings.';
COMMENT ON COLUMN contracts.created_at IS 'Acceptance; ticks after it count.';
COMMENT ON COLUMN contracts.is_active IS 'Whether it still observes.';
COMMENT ON COLUMN contracts.duration IS 'Milliseconds it observes.';
COMMENT ON COLUMN contracts.state IS 'What it has achieved; null before the first tick.';
COMMENT ON COLUMN contracts.owner IS 'Who submitted it; null when nobody was logged in.';

CREATE TABLE ticks (
    tick   bigint      NOT NULL,
    as_of  timestamptz NOT NULL,
    prices jsonb       NOT NULL,
    CONSTRAINT ticks_pkey PRIMARY KEY (tick),
    CONSTRAINT ticks_as_of_key UNIQUE (as_of)
);
COMMENT ON TABLE ticks IS 'Every published tick, all tokens in one row; kept for the longest product plus an hour.';
COMMENT ON COLUMN ticks.tick IS 'Counter of the simulation''s steps.';
COMMENT ON COLUMN ticks.as_of IS 'The tick''s stamp, strictly rising.';
COMMENT ON COLUMN ticks.prices IS 'Token address to price in 1e-8 units, as strings.';

CREATE TABLE prices (
    token_address address     NOT NULL,
    interval      text        NOT NULL,
    opened_at     timestamptz NOT NULL,
    open          bigint      NOT NULL,
    high          bigint      NOT NULL,
    low           bigint      NOT NULL,
    close         bigint      NOT NULL,
    ticks         integer     NOT NULL,
    CONSTRAINT prices_pkey PRIMARY KEY (token_address, interval, opened_at),
    CONSTRAINT prices_interval CHECK (interval IN ('1s', '1m', '1h')),
    CONSTRAINT prices_range CHECK (0 < low AND low <= least(open, close) AND greatest(open, close) <= high),
    CONSTRAINT prices_ticks CHECK (ticks > 0)
);
COMMENT ON TABLE prices IS 'Candles per token and interval, in 1e-8 units.';
COMMENT ON COLUMN prices.token_address IS 'The token.';
COMMENT ON COLUMN prices.interval IS '1s, 1m or 1h.';
COMMENT ON COLUMN prices.opened_at IS 'Start of the candle.';
COMMENT ON COLUMN prices.open IS 'First price.';
COMMENT ON COLUMN prices.high IS 'Highest price.';
COMMENT ON COLUMN prices.low IS 'Lowest price.';
COMMENT ON COLUMN prices.close IS 'Last price.';
COMMENT ON COLUMN prices.ticks IS 'Number of ticks in it.';

GRANT SELECT, INSERT, UPDATE, DELETE ON contracts, ticks, prices TO strikebook_app;
GRANT SELECT ON contracts, ticks, prices TO strikebook_read;
