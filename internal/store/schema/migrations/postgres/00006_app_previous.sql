-- +goose Up

-- The authcode that was valid before the current one, and until when: microseconds since
-- 1970, UTC. Empty and 0 if there is none.
ALTER TABLE app
    ADD COLUMN previous_sealed bytea    NOT NULL DEFAULT '',
    ADD COLUMN previous_cipher smallint NOT NULL DEFAULT 0,
    ADD COLUMN previous_until  bigint   NOT NULL DEFAULT 0;
