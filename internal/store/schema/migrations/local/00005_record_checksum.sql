-- +goose Up

-- crc: CRC-32C over the record (checksum.go). SQLite has no checksums in its pages: a byte
-- that flips inside a ciphertext would go into the report unnoticed. NULL: the row is older.
ALTER TABLE record ADD COLUMN crc INTEGER;
ALTER TABLE quarantine ADD COLUMN crc INTEGER;
