-- +goose Up

-- The certificates that a relay may come with: their SHA-256 in hex, a JSON array. No command has set the column until now.
ALTER TABLE relay RENAME COLUMN client_spki TO client_certs;
UPDATE relay SET client_certs = '[]';
