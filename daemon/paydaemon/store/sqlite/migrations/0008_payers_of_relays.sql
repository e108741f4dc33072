-- Who pays by a relayed transaction, and the memo that it bears: NULL for those that were handed in before.

ALTER TABLE relays ADD COLUMN payer TEXT;
ALTER TABLE relays ADD COLUMN memo TEXT;
