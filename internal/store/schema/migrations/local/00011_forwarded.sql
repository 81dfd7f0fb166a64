-- +goose Up

-- How many records of a trading day left this file because PostgreSQL has them: counted in the
-- transaction that removes them, so each once. -1: not known, because records were recovered from
-- a damaged file, of which some may have been counted before.
CREATE TABLE forwarded (
    day      INTEGER PRIMARY KEY, -- YYYYMMDD
    records  INTEGER NOT NULL
);
