-- +goose Up

-- A front that remembers AppIDs and accounts reads what changed since it last looked: rows of a higher version, and
-- the names that went. version is directory.generation of the change that wrote the row.
ALTER TABLE app     ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
CREATE INDEX app_version     ON app (version)     WHERE version > 0;
CREATE INDEX account_version ON account (version) WHERE version > 0;

-- One row a change. A generation without a row was made by hand, and its rows have no version of it: then all is
-- compared. token is drawn anew, so that a database that was restored and changed since is told from the one before.
CREATE TABLE directory_change (
    generation INTEGER PRIMARY KEY,
    token      TEXT    NOT NULL
);
CREATE TABLE directory_removed (
    generation INTEGER NOT NULL,
    kind       TEXT    NOT NULL CHECK (kind IN ('app', 'account')),
    name       TEXT    NOT NULL,
    PRIMARY KEY (generation, kind, name)
) WITHOUT ROWID;

ALTER TABLE mirror ADD COLUMN their_token TEXT NOT NULL DEFAULT ''; -- of PostgreSQL's change theirs
