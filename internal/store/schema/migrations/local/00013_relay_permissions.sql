-- +goose Up

-- What each relay may do: an AppID of type 2 or 3 of table app. Lists are JSON arrays of texts.
CREATE TABLE relay (
    app_id        TEXT    PRIMARY KEY,
    networks      TEXT    NOT NULL, -- it may come from; [] admits none
    operators     TEXT    NOT NULL, -- accounts that may log in through it
    terminal_apps TEXT    NOT NULL, -- listed or audit
    allowed_apps  TEXT    NOT NULL, -- AppIDs of its terminals; [] is every enabled one
    client_spki   TEXT    NOT NULL, -- SHA-256 of its TLS client key, hex; '' for any
    connections   INTEGER NOT NULL,
    rate          INTEGER NOT NULL,
    burst         INTEGER NOT NULL,
    window_size   INTEGER NOT NULL,
    chained       INTEGER NOT NULL,
    scope_version TEXT    NOT NULL, -- drawn anew whenever its rows of relay_scope change
    created       INTEGER NOT NULL,
    changed       INTEGER NOT NULL
);

-- For whose customers a relay's operator may report. No row is deleted: granted is 0 where it was taken back.
CREATE TABLE relay_scope (
    app_id   TEXT    NOT NULL,
    operator TEXT    NOT NULL,
    kind     TEXT    NOT NULL, -- A all, P prefix, S single
    value    TEXT    NOT NULL,
    granted  INTEGER NOT NULL,
    changed  INTEGER NOT NULL,
    PRIMARY KEY (app_id, operator, kind, value)
) WITHOUT ROWID;

-- Moves when a row of relay or relay_scope changed, beside generation, which moves at every change.
ALTER TABLE directory ADD COLUMN relays INTEGER NOT NULL DEFAULT 0;

-- PostgreSQL's, as this front last saw them; of its scope what is granted.
CREATE TABLE mirror_relay (
    app_id        TEXT    PRIMARY KEY,
    networks      TEXT    NOT NULL,
    operators     TEXT    NOT NULL,
    terminal_apps TEXT    NOT NULL,
    allowed_apps  TEXT    NOT NULL,
    client_spki   TEXT    NOT NULL,
    connections   INTEGER NOT NULL,
    rate          INTEGER NOT NULL,
    burst         INTEGER NOT NULL,
    window_size   INTEGER NOT NULL,
    chained       INTEGER NOT NULL,
    scope_version TEXT    NOT NULL,
    created       INTEGER NOT NULL,
    changed       INTEGER NOT NULL
);
CREATE TABLE mirror_relay_scope (
    app_id   TEXT    NOT NULL,
    operator TEXT    NOT NULL,
    kind     TEXT    NOT NULL,
    value    TEXT    NOT NULL,
    PRIMARY KEY (app_id, operator, kind, value)
) WITHOUT ROWID;
ALTER TABLE mirror ADD COLUMN relays       INTEGER NOT NULL DEFAULT 0;  -- of this copy: it grows when a relay changed
ALTER TABLE mirror ADD COLUMN their_relays INTEGER NOT NULL DEFAULT -1; -- PostgreSQL's directory.relays when it was taken
