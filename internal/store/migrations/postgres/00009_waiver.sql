-- +goose Up

-- What an operator waived of what kept a report back: who, when and why, and what it was.
-- Times are microseconds since 1970, UTC.
CREATE TABLE waiver (
    day       integer NOT NULL, -- YYYYMMDD
    waived_at bigint  NOT NULL,
    waived_by text    NOT NULL, -- user@machine
    reason    text    NOT NULL CHECK (reason <> ''),
    obstacles text    NOT NULL, -- JSON, as they were then
    PRIMARY KEY (day, waived_at)
);
