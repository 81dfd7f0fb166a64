-- +goose Up

-- Who this file is to PostgreSQL's table front: one row, drawn when it is first asked for.
CREATE TABLE identity (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    store_id BLOB    NOT NULL CHECK (length(store_id) = 16)
);

-- PostgreSQL's AppIDs and accounts as this front last saw them, so that it can start while
-- PostgreSQL is away. The tables app, account and directory are the embedded driver's own
-- and have nothing to do with these. mirror has no row until PostgreSQL was seen: a store
-- that takes the place of a damaged one adopts the rows of tables that are empty.
CREATE TABLE mirror (
    only_row   INTEGER PRIMARY KEY CHECK (only_row = 1),
    generation INTEGER NOT NULL, -- of this copy: it grows at each change
    theirs     INTEGER NOT NULL, -- PostgreSQL's generation when it was taken
    taken      INTEGER NOT NULL  -- when that was, microseconds since 1970
);

CREATE TABLE mirror_app (
    app_id   TEXT    PRIMARY KEY,
    app_type INTEGER NOT NULL,
    cipher   INTEGER NOT NULL,
    sealed   BLOB    NOT NULL, -- authcode, encrypted under the master key as it is there
    previous_sealed BLOB    NOT NULL,
    previous_cipher INTEGER NOT NULL,
    previous_until  INTEGER NOT NULL,
    enabled  INTEGER NOT NULL,
    created  INTEGER NOT NULL,
    changed  INTEGER NOT NULL
);

CREATE TABLE mirror_account (
    account       TEXT    PRIMARY KEY,
    user_type     INTEGER NOT NULL,
    password_hash TEXT    NOT NULL, -- argon2id, as it is there
    created       INTEGER NOT NULL,
    changed       INTEGER NOT NULL,
    unlocked      INTEGER NOT NULL
);
