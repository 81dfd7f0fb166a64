-- +goose Up

-- The terminal ciphertexts of the trading day, as in 00007, but one row for all that a commit holds of a day: a row for
-- each cost a login a statement. hashes are 16 bytes each; visits are 8 bytes each in the same order, zero for a login in
-- direct mode, and NULL where all are.
CREATE TABLE seen_terminals (
    id          INTEGER PRIMARY KEY,
    trading_day INTEGER NOT NULL, -- YYYYMMDD
    hashes      BLOB    NOT NULL CHECK (length(hashes) > 0 AND length(hashes) % 16 = 0),
    visits      BLOB    CHECK (visits IS NULL OR length(visits) * 2 = length(hashes))
);
INSERT INTO seen_terminals (trading_day, hashes, visits) SELECT trading_day, hash, visit FROM seen_terminal ORDER BY id;
DROP TABLE seen_terminal;
