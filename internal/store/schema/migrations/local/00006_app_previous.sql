-- +goose Up

-- The authcode that was valid before the current one, and until when: microseconds since
-- 1970, UTC. Empty and 0 if there is none.
ALTER TABLE app ADD COLUMN previous_sealed BLOB    NOT NULL DEFAULT x'';
ALTER TABLE app ADD COLUMN previous_cipher INTEGER NOT NULL DEFAULT 0;
ALTER TABLE app ADD COLUMN previous_until  INTEGER NOT NULL DEFAULT 0;
