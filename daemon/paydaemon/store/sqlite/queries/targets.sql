-- Targets. They are few, and listed in the order that they were made.

-- name: target
SELECT * FROM targets WHERE id = :id

-- name: target_number
SELECT number FROM targets WHERE id = :id

-- name: targets
SELECT * FROM targets WHERE number > :after AND removed_at_ms IS NULL ORDER BY number LIMIT :limit

-- name: endpoints_of
SELECT * FROM targets WHERE seller_id IS :seller_id AND name IS NULL AND removed_at_ms IS NULL ORDER BY number

-- name: add_target
INSERT INTO targets (
    id, notifier, name, seller_id, types, settings, secrets, description, disabled, cursor, created_at_ms,
    removed_at_ms, down_since_ms, failures, next_at_ms, parked_since_ms
) VALUES (
    :id, :notifier, :name, :seller_id, :types, :settings, :secrets, :description, :disabled, :cursor,
    :created_at_ms, :removed_at_ms, :down_since_ms, :failures, :next_at_ms, :parked_since_ms
)

-- name: set_target
UPDATE targets SET
    seller_id = :seller_id, types = :types, settings = :settings, secrets = :secrets,
    description = :description, disabled = :disabled, cursor = :cursor, removed_at_ms = :removed_at_ms,
    down_since_ms = :down_since_ms, failures = :failures, next_at_ms = :next_at_ms,
    parked_since_ms = :parked_since_ms
WHERE id = :id

-- name: move_cursor
UPDATE targets SET cursor = :cursor WHERE id = :id AND cursor < :cursor

-- name: set_condition
UPDATE targets SET
    down_since_ms = :down_since_ms, failures = :failures, next_at_ms = :next_at_ms,
    parked_since_ms = :parked_since_ms
WHERE id = :id

-- name: prune_targets
DELETE FROM targets
WHERE removed_at_ms IS NOT NULL AND NOT EXISTS (SELECT 1 FROM deliveries WHERE target = targets.number)

-- name: told
SELECT
    id, notifier, down_since_ms,
    (SELECT count(*) FROM deliveries WHERE target = targets.number AND state = 'pending') AS pending,
    (SELECT count(*) FROM deliveries WHERE target = targets.number AND state = 'parked') AS parked,
    (
        SELECT events.created_at_ms FROM deliveries INDEXED BY deliveries_by_target JOIN events USING (seq)
        WHERE target = targets.number AND state = 'pending' ORDER BY deliveries.number LIMIT 1
    ) AS oldest_ms
FROM targets WHERE removed_at_ms IS NULL ORDER BY number

-- name: targets_with_work
SELECT targets.id FROM targets
WHERE EXISTS (SELECT 1 FROM deliveries WHERE target = targets.number AND next_at_ms IS NOT NULL)
