-- Takes back what the market needs to go on after a restart.
SET LOCAL ROLE strikebook_owner;

DROP TABLE candle_progress;
DROP TABLE price_feeds;
ALTER TABLE ticks DROP COLUMN state;
COMMENT ON COLUMN ticks.prices IS 'Token address to price in 1e-8 units, as strings.';
