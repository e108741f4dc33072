-- Before another transaction is passed on to an invoice, those that are under way to it are looked at. What has
-- failed never is again: however often somebody's do, it costs the others nothing.

CREATE INDEX relays_of_invoices ON relays (invoice_id) WHERE invoice_id IS NOT NULL AND status <> 'failed';
