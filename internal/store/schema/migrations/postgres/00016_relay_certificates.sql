-- +goose Up

-- The certificates that a relay may come with: their SHA-256 in hex, a JSON array. client_spki, which no command has set, stays empty
-- for fronts of the version before: they read it until they are restarted.
ALTER TABLE relay ADD COLUMN client_certs text NOT NULL DEFAULT '[]';
ALTER TABLE relay ALTER COLUMN client_spki SET DEFAULT '';
