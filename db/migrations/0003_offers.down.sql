-- Takes offers, fills and cancels away again, with everything recorded in them.
SET LOCAL ROLE strikebook_owner;

DROP VIEW readable_cancel_watermarks, readable_cancellations, readable_books, readable_offers;
DROP TABLE books;
DROP TABLE cancel_watermarks;
DROP TABLE cancellations;
DROP TABLE cancel_messages;
DROP TABLE filled_amounts;
DROP TABLE offers;
