-- +goose Up

-- The terminal ciphertexts of the trading day, each as half of its SHA-256: one that comes a
-- second time is a replay. A row is written in the commit that holds the login's record,
-- and stays when the record is forwarded; it goes when its day is over. Rows stand in the
-- order of commits, so that writing one touches the last page only; the front looks into
-- its memory, never into this table, but at start.
CREATE TABLE seen_terminal (
    id          INTEGER PRIMARY KEY,
    trading_day INTEGER NOT NULL, -- YYYYMMDD
    hash        BLOB    NOT NULL CHECK (length(hash) = 16)
);
