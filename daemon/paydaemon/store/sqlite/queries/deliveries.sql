-- Deliveries and their attempts. An index on (target, state) ends in the row's number, the order of recording.

-- name: delivery
SELECT deliveries.*, targets.id AS target_id, events.epoch, events.type, events.invoice_id
FROM deliveries JOIN targets ON targets.number = deliveries.target JOIN events USING (seq)
WHERE deliveries.id = :id

-- name: delivery_number
SELECT number, seq, target FROM deliveries WHERE id = :id

-- name: add_delivery
INSERT INTO deliveries (
    id, target, seq, order_key, state, attempts, failures, created_at_ms, first_at_ms, last_at_ms, next_at_ms,
    done_at_ms, status, reason
)
SELECT
    :id, number, :seq, :order_key, :state, :attempts, :failures, :created_at_ms, :first_at_ms, :last_at_ms,
    :next_at_ms, :done_at_ms, :status, :reason
FROM targets WHERE id = :target_id

-- name: set_delivery
UPDATE deliveries SET
    state = :state, attempts = :attempts, failures = :failures, first_at_ms = :first_at_ms,
    last_at_ms = :last_at_ms, next_at_ms = :next_at_ms, done_at_ms = :done_at_ms, status = :status,
    reason = :reason
WHERE id = :id

-- name: is_another_next
SELECT 1 FROM deliveries
WHERE target = (SELECT number FROM targets WHERE id = :target_id) AND order_key = :order_key
    AND next_at_ms IS NOT NULL AND id <> :id

-- The oldest that waits takes the place of the next one, if nobody has it.
-- name: promote
UPDATE deliveries SET next_at_ms = :at_ms
WHERE number = (
        SELECT number FROM deliveries
        WHERE target = (SELECT number FROM targets WHERE id = :target_id) AND order_key = :order_key
            AND state = 'pending'
        ORDER BY seq LIMIT 1
    )
    AND NOT EXISTS (
        SELECT 1 FROM deliveries
        WHERE target = (SELECT number FROM targets WHERE id = :target_id) AND order_key = :order_key
            AND next_at_ms IS NOT NULL
    )

-- name: demote
UPDATE deliveries SET next_at_ms = NULL
WHERE target = (SELECT number FROM targets WHERE id = :target_id) AND order_key = :order_key
    AND next_at_ms IS NOT NULL

-- name: due_deliveries
SELECT deliveries.*, :target_id AS target_id, events.epoch, events.type, events.invoice_id
FROM deliveries JOIN events USING (seq)
WHERE target = (SELECT number FROM targets WHERE id = :target_id) AND next_at_ms <= :now_ms
ORDER BY next_at_ms, deliveries.number LIMIT :limit

-- name: untried_deliveries
SELECT deliveries.*, :target_id AS target_id, events.epoch, events.type, events.invoice_id
FROM deliveries JOIN events USING (seq)
WHERE target = (SELECT number FROM targets WHERE id = :target_id) AND next_at_ms <= :now_ms AND first_at_ms IS NULL
ORDER BY next_at_ms, deliveries.number LIMIT :limit

-- name: waiting_deliveries
SELECT deliveries.*, :target_id AS target_id, events.epoch, events.type, events.invoice_id
FROM deliveries JOIN events USING (seq)
WHERE target = (SELECT number FROM targets WHERE id = :target_id) AND order_key = :order_key
    AND state = 'pending'
ORDER BY seq LIMIT :limit

-- name: due_beyond
SELECT
    (SELECT min(next_at_ms) FROM deliveries WHERE target = number_of.number AND next_at_ms > :now_ms) AS first_ms,
    (SELECT max(next_at_ms) FROM deliveries WHERE target = number_of.number AND next_at_ms > :now_ms) AS last_ms
FROM (SELECT number FROM targets WHERE id = :target_id) AS number_of

-- name: hasten
UPDATE deliveries SET next_at_ms = :at_ms
WHERE number IN (
    SELECT number FROM deliveries
    WHERE target = (SELECT number FROM targets WHERE id = :target_id) AND next_at_ms > :beyond_ms
    LIMIT :limit
)

-- name: deliveries
SELECT deliveries.*, targets.id AS target_id, events.epoch, events.type, events.invoice_id
FROM deliveries JOIN targets ON targets.number = deliveries.target JOIN events USING (seq)
WHERE deliveries.number < :before ORDER BY deliveries.number DESC LIMIT :limit

-- name: deliveries_in_state
SELECT deliveries.*, targets.id AS target_id, events.epoch, events.type, events.invoice_id
FROM deliveries INDEXED BY deliveries_by_state
    JOIN targets ON targets.number = deliveries.target JOIN events USING (seq)
WHERE deliveries.state = :state AND deliveries.number < :before
ORDER BY deliveries.number DESC LIMIT :limit

-- name: deliveries_to_in_state
SELECT deliveries.*, :target_id AS target_id, events.epoch, events.type, events.invoice_id
FROM deliveries INDEXED BY deliveries_by_target JOIN events USING (seq)
WHERE target = (SELECT number FROM targets WHERE id = :target_id) AND deliveries.state = :state
    AND deliveries.number < :before
ORDER BY deliveries.number DESC LIMIT :limit

-- By its events, and so in the journal's order.
-- name: deliveries_of_invoice
SELECT deliveries.*, targets.id AS target_id, events.epoch, events.type, events.invoice_id
FROM events CROSS JOIN deliveries USING (seq) JOIN targets ON targets.number = deliveries.target
WHERE events.invoice_id = :invoice_id AND (events.seq, deliveries.target) < (:before_seq, :before_target)
    AND (:state IS NULL OR deliveries.state = :state) AND (:target_id IS NULL OR targets.id = :target_id)
ORDER BY events.seq DESC, deliveries.target DESC LIMIT :limit

-- name: deliveries_of_event
SELECT deliveries.*, :target_id AS target_id, events.epoch, events.type, events.invoice_id
FROM deliveries JOIN events USING (seq)
WHERE seq = :seq AND target = (SELECT number FROM targets WHERE id = :target_id)

-- name: oldest_in_state
SELECT deliveries.*, :target_id AS target_id, events.epoch, events.type, events.invoice_id
FROM deliveries INDEXED BY deliveries_by_target JOIN events USING (seq)
WHERE target = (SELECT number FROM targets WHERE id = :target_id) AND deliveries.state = :state
    AND deliveries.created_at_ms <= :until_ms
ORDER BY deliveries.number LIMIT :limit

-- name: count_deliveries
SELECT count(*) FROM deliveries INDEXED BY deliveries_by_target WHERE target = :target AND state = :state

-- name: oldest_pending
SELECT events.created_at_ms FROM deliveries INDEXED BY deliveries_by_target JOIN events USING (seq)
WHERE target = :target AND state = 'pending' ORDER BY deliveries.number LIMIT 1

-- name: prune_deliveries
DELETE FROM deliveries WHERE number IN (
    SELECT number FROM deliveries INDEXED BY deliveries_done
    WHERE state = :state AND done_at_ms < :before_ms ORDER BY done_at_ms LIMIT :limit
)

-- name: prune_removed
DELETE FROM deliveries WHERE number IN (
    SELECT deliveries.number FROM targets CROSS JOIN deliveries ON deliveries.target = targets.number
    WHERE targets.removed_at_ms IS NOT NULL LIMIT :limit
)

-- name: attempts
SELECT attempts.* FROM attempts JOIN deliveries ON deliveries.number = attempts.delivery
WHERE deliveries.id = :delivery_id ORDER BY attempts.number

-- name: add_attempt
INSERT INTO attempts (delivery, number, at_ms, took_ms, taken, status, reason)
SELECT number, :number, :at_ms, :took_ms, :taken, :status, :reason FROM deliveries WHERE id = :delivery_id

-- name: forget_attempts
DELETE FROM attempts
WHERE delivery = (SELECT number FROM deliveries WHERE id = :delivery_id) AND number <= :up_to
