-- +goose Up

-- Where commands reach a front: host:port of its admin listener as the front bound it; '' where it has none, or an older program reported.
ALTER TABLE front ADD COLUMN admin_address text NOT NULL DEFAULT '';
