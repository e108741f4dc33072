-- The accounts of ours that a relayed transaction credits, a JSON array: NULL for those that were handed in before.

ALTER TABLE relays ADD COLUMN payees TEXT;
