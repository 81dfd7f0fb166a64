-- +goose Up

-- Of passwords that were right once: what tells in a millisecond whether one is right. It is bound to the account and to its
-- password hash, under a key that is derived from the master key and is not here.
CREATE TABLE verifier (
    account TEXT    PRIMARY KEY,
    key     TEXT    NOT NULL, -- fingerprint of the master key
    kib     INTEGER NOT NULL, -- memory of its argon2id
    tag     BLOB    NOT NULL
);
CREATE INDEX verifier_key ON verifier (key);
