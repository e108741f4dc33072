-- The accounts of ours that a relayed transaction credits, a JSON array: NULL for those that were handed in before.

ALTER TABLE relays ADD COLUMN payees TEXT;

-- Pages that may show the checkout page of a seller's invoices inside of them, a JSON array: NULL where that is left to
-- the configuration.

ALTER TABLE sellers ADD COLUMN frame_ancestors TEXT;
