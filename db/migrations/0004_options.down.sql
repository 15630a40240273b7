-- Takes fills, options and settlements away again, with everything recorded in them.
SET LOCAL ROLE strikebook_owner;

DROP VIEW readable_settlements, readable_fills, readable_options;
DROP TABLE settlements;
DROP TABLE active_options;
DROP TABLE fills;
DROP TABLE blocks;
