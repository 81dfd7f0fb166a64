-- +goose Up

-- provisional: the trading day was taken from a calendar that did not know it for certain;
-- calendar reassign looks at these again. The partial index costs nothing while there are
-- none.
ALTER TABLE record ADD COLUMN provisional INTEGER NOT NULL DEFAULT 0; -- 0 or 1
ALTER TABLE quarantine ADD COLUMN provisional INTEGER NOT NULL DEFAULT 0;
CREATE INDEX record_provisional ON record (login_time, record_id) WHERE provisional <> 0;

-- An index of SQLite ends in the seq: this one finds what a day got after a position.
CREATE INDEX record_arrival ON record (trading_day);

-- What was exported, one row a file that was written. position is the highest seq that the
-- export could see. Times are microseconds since 1970, UTC.
CREATE TABLE report_export (
    day         INTEGER NOT NULL, -- YYYYMMDD
    number      INTEGER NOT NULL, -- 1, 2, … within the day
    kind        TEXT    NOT NULL CHECK (kind IN ('full', 'partial', 'supplement')),
    exported_at INTEGER NOT NULL,
    row_count   INTEGER NOT NULL, -- lines of the file
    bytes       INTEGER NOT NULL,
    sha256      BLOB    NOT NULL CHECK (length(sha256) = 32),
    file_name   TEXT    NOT NULL, -- without its folder
    position    INTEGER NOT NULL,
    version     TEXT    NOT NULL, -- of the program
    made_on     TEXT    NOT NULL, -- name of the machine
    unit_id     TEXT    NOT NULL,
    PRIMARY KEY (day, number)
);

-- The days that reassigned records were moved away from, and when last: arrival is that of
-- the moved records. An export that did not see it holds lines that are another day's now.
CREATE TABLE reassigned_from (
    day     INTEGER PRIMARY KEY, -- YYYYMMDD
    arrival INTEGER NOT NULL
);
