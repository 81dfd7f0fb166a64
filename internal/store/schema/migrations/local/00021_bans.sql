-- +goose Up

-- Addresses and networks whose connections fronts refuse, as an operator decided. A row stays after its end; to lift it is to end it now.
-- Times are microseconds since 1970, UTC. mirror_ban is the front's copy of PostgreSQL's, those alone that were in force when it was made.
CREATE TABLE ban (
    network   TEXT    PRIMARY KEY, -- in canonical form, 192.0.2.7/32
    ends      INTEGER NOT NULL,
    created   INTEGER NOT NULL,
    banned_by TEXT    NOT NULL,
    why       TEXT    NOT NULL
) WITHOUT ROWID;
CREATE TABLE mirror_ban (
    network   TEXT    PRIMARY KEY,
    ends      INTEGER NOT NULL,
    created   INTEGER NOT NULL,
    banned_by TEXT    NOT NULL,
    why       TEXT    NOT NULL
) WITHOUT ROWID;
