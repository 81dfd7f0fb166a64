-- +goose Up

-- One accepted login a row. The public address and port are inside supplement, encrypted,
-- and nowhere else (B.1). seq is the order of commits and never goes back while a
-- process lives.
CREATE TABLE record (
    seq         INTEGER PRIMARY KEY,
    record_id   BLOB    NOT NULL CHECK (length(record_id) = 16),
    trading_day INTEGER NOT NULL, -- YYYYMMDD
    login_time  INTEGER NOT NULL, -- seconds since 1970, UTC
    vendor_id   TEXT    NOT NULL,
    key_version TEXT    NOT NULL,
    terminal    BLOB    NOT NULL, -- ciphertext, empty if the terminal sent none
    supplement  BLOB    NOT NULL, -- ciphertext
    flag        INTEGER NOT NULL, -- 异常标识, 0..3
    app_id      TEXT    NOT NULL,
    account     TEXT    NOT NULL,
    user_type   INTEGER NOT NULL, -- 1 customer, 2 operator
    front_id    INTEGER NOT NULL,
    session_id  INTEGER NOT NULL,
    UNIQUE (trading_day, record_id)
);

-- Records that PostgreSQL refused for their data, with what it said. They are in no
-- report until somebody has looked at them.
CREATE TABLE quarantine (
    seq         INTEGER PRIMARY KEY,
    record_id   BLOB    NOT NULL,
    trading_day INTEGER NOT NULL,
    login_time  INTEGER NOT NULL,
    vendor_id   TEXT    NOT NULL,
    key_version TEXT    NOT NULL,
    terminal    BLOB    NOT NULL,
    supplement  BLOB    NOT NULL,
    flag        INTEGER NOT NULL,
    app_id      TEXT    NOT NULL,
    account     TEXT    NOT NULL,
    user_type   INTEGER NOT NULL,
    front_id    INTEGER NOT NULL,
    session_id  INTEGER NOT NULL,
    error       TEXT    NOT NULL
);

-- Bumped by every change of app or account, in the same transaction: who remembers them
-- looks at this alone.
CREATE TABLE directory (
    only_row   INTEGER PRIMARY KEY CHECK (only_row = 1),
    generation INTEGER NOT NULL
);
INSERT INTO directory (only_row, generation) VALUES (1, 0);

-- Terminal software that the firm has admitted. Times are microseconds since 1970, UTC.
CREATE TABLE app (
    app_id   TEXT    PRIMARY KEY,
    app_type INTEGER NOT NULL, -- 1 direct
    sealed   BLOB    NOT NULL, -- authcode, encrypted under the master key
    enabled  INTEGER NOT NULL, -- 0 or 1
    created  INTEGER NOT NULL,
    changed  INTEGER NOT NULL
);

-- Who may log in, for the local core. password_hash is argon2id.
CREATE TABLE account (
    account       TEXT    PRIMARY KEY,
    user_type     INTEGER NOT NULL,
    password_hash TEXT    NOT NULL,
    created       INTEGER NOT NULL,
    changed       INTEGER NOT NULL,
    unlocked      INTEGER NOT NULL -- 0 if never
);
