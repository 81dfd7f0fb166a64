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

-- A front's row is a life of its local store: a number drawn at each start. A life that
-- continues the one that was last heard of takes its row; one that does not, as the store is a
-- copy of an older file, gets a row of its own, and what was known stays. number counts a
-- life's reports. Rows from before are of the life 0, which every store continues.
-- clock_offset is how far the front's clock is before this database's, in microseconds, give
-- or take clock_error.
ALTER TABLE front
    ADD COLUMN life         uuid   NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    ADD COLUMN number       bigint NOT NULL DEFAULT 0,
    ADD COLUMN clock_offset bigint NOT NULL DEFAULT 0,
    ADD COLUMN clock_error  bigint NOT NULL DEFAULT 0,
    DROP CONSTRAINT front_pkey,
    ADD PRIMARY KEY (front_id, store_id, life);
