-- Takes products, ticks and candles away again.
SET LOCAL ROLE strikebook_owner;

DROP TABLE prices;
DROP TABLE ticks;
DROP TABLE contracts;
