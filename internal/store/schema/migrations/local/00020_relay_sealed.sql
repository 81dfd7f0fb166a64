-- +goose Up

-- Where the relay was that submitted the record, its address and port: sealed under the master key, for the answer to the same
-- submission when it is sent again. NULL in every other record.
ALTER TABLE record     ADD COLUMN relay_sealed BLOB;
ALTER TABLE quarantine ADD COLUMN relay_sealed BLOB;
