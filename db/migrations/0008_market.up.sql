-- What the market needs to go on after a restart, prices from outside, and how far candles have come.
SET LOCAL ROLE strikebook_owner;

ALTER TABLE ticks ADD COLUMN state jsonb NOT NULL DEFAULT '{}';
COMMENT ON COLUMN ticks.prices IS 'Token address (0x, lower case) to price in 1e-8 units, as strings.';
COMMENT ON COLUMN ticks.state IS
    'What the next tick goes on from: step (steps of the paths so far) and per token its exact price and its source.';

CREATE TABLE price_feeds (
    token_address  address          NOT NULL,
    price          bigint           NOT NULL,
    observed_at    timestamptz      NOT NULL,
    source         text             NOT NULL,
    return_squares double precision NOT NULL,
    return_seconds double precision NOT NULL,
    return_count   bigint           NOT NULL,
    updated_at     timestamptz      NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT price_feeds_pkey PRIMARY KEY (token_address),
    CONSTRAINT price_feeds_price CHECK (price BETWEEN 1 AND 4611686018427387904),
    CONSTRAINT price_feeds_source CHECK (source IN ('feed', 'operator')),
    CONSTRAINT price_feeds_returns CHECK (return_squares >= 0 AND return_seconds >= 0 AND return_count >= 0)
);
COMMENT ON TABLE price_feeds IS 'The last price that a feed or the operator said of a token, and what all of them showed.';
COMMENT ON COLUMN price_feeds.token_address IS 'The token.';
COMMENT ON COLUMN price_feeds.price IS 'In 1e-8 units.';
COMMENT ON COLUMN price_feeds.observed_at IS 'The feed''s own stamp, or the moment of the post; only ever later.';
COMMENT ON COLUMN price_feeds.source IS 'Who said it.';
COMMENT ON COLUMN price_feeds.return_squares IS
    'Sum of squared log-returns, each weighted by e^(-age / 1 day); over return_seconds it is the variance a second.';
COMMENT ON COLUMN price_feeds.return_seconds IS 'Sum of the seconds between observations, weighted alike.';
COMMENT ON COLUMN price_feeds.return_count IS 'Number of returns seen.';
COMMENT ON COLUMN price_feeds.updated_at IS 'When it was stored.';

CREATE TABLE candle_progress (
    is_only boolean NOT NULL DEFAULT true,
    tick    bigint  NOT NULL,
    CONSTRAINT candle_progress_pkey PRIMARY KEY (is_only),
    CONSTRAINT candle_progress_only CHECK (is_only)
);
COMMENT ON TABLE candle_progress IS 'One row: how far ticks were folded into candles, in the transaction that did it.';
COMMENT ON COLUMN candle_progress.is_only IS 'Always true: there is one row.';
COMMENT ON COLUMN candle_progress.tick IS 'The last tick that is in the candles.';
INSERT INTO candle_progress (tick) VALUES (-1);

GRANT SELECT, INSERT, UPDATE, DELETE ON price_feeds TO strikebook_app;
GRANT SELECT, UPDATE ON candle_progress TO strikebook_app;
GRANT SELECT ON price_feeds, candle_progress TO strikebook_read;
