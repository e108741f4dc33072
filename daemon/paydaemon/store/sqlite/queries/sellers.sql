-- Sellers and their keys.

-- name: seller
SELECT * FROM sellers WHERE id = :id

-- name: sellers
SELECT * FROM sellers ORDER BY id

-- name: add_seller
INSERT INTO sellers (id, name, created_at_ms, disabled, frame_ancestors)
VALUES (:id, :name, :created_at_ms, :disabled, :frame_ancestors)

-- name: set_seller_disabled
UPDATE sellers SET disabled = :disabled WHERE id = :id

-- name: set_seller_frames
UPDATE sellers SET frame_ancestors = :frame_ancestors WHERE id = :id

-- name: keys
SELECT * FROM keys ORDER BY created_at_ms, id

-- name: key_by_digest
SELECT * FROM keys WHERE digest = :digest

-- name: add_key
INSERT INTO keys (id, digest, seller_id, created_at_ms, revoked_at_ms)
VALUES (:id, :digest, :seller_id, :created_at_ms, :revoked_at_ms)

-- name: revoke_key
UPDATE keys SET revoked_at_ms = :at_ms WHERE id = :id AND revoked_at_ms IS NULL RETURNING *

-- name: revoke_keys
UPDATE keys SET revoked_at_ms = :at_ms WHERE seller_id IS :seller_id AND revoked_at_ms IS NULL
