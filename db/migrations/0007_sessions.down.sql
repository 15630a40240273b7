-- Takes sessions away again; everyone is logged out.
SET LOCAL ROLE strikebook_owner;

DROP TABLE sessions;
