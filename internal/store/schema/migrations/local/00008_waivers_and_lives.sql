-- +goose Up

-- What an operator waived of what kept a report back: who, when and why, and what it was.
-- Times are microseconds since 1970, UTC.
CREATE TABLE waiver (
    day       INTEGER NOT NULL, -- YYYYMMDD
    waived_at INTEGER NOT NULL,
    waived_by TEXT    NOT NULL, -- user@machine
    reason    TEXT    NOT NULL CHECK (reason <> ''),
    obstacles TEXT    NOT NULL, -- JSON, as they were then
    PRIMARY KEY (day, waived_at)
);

-- The lives of this store, oldest first: one is drawn at each start of the front, and written
-- here before PostgreSQL hears of it. number counts its reports, also before they are sent.
CREATE TABLE life (
    seq    INTEGER PRIMARY KEY,
    life   BLOB    NOT NULL UNIQUE CHECK (length(life) = 16),
    number INTEGER NOT NULL
);
