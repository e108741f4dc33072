-- Where the indexes of a chain begin that has no row yet: above all that a database may have given out which
-- this one was a backup of.

ALTER TABLE journal ADD COLUMN first_index INTEGER NOT NULL DEFAULT 0;
