-- +goose Up

-- provisional: the trading day was taken from a calendar that did not know it for certain;
-- calendar reassign looks at these again. The partial index costs nothing while there are
-- none.
-- arrival: the transaction that wrote the row, by the default alone, COPY included; an
-- upsert of a row that is there leaves it. With the snapshot of an export it tells for
-- ever whether that export saw the row. Rows from before this migration get its own
-- transaction. Most rows of the index share their arrival with a whole batch.
-- While the indexes of large partitions are made nothing can be forwarded; the fronts go on
-- answering from their local stores meanwhile.
ALTER TABLE record
    ADD COLUMN provisional boolean NOT NULL DEFAULT false,
    ADD COLUMN arrival     bigint  NOT NULL DEFAULT txid_current();
CREATE INDEX record_provisional ON record (login_time, record_id) WHERE provisional;
CREATE INDEX record_arrival ON record (arrival);

-- What was exported, one row a file that was written. position is the snapshot in which
-- the export read, txid_current_snapshot(). Times are microseconds since 1970, UTC.
CREATE TABLE report_export (
    day         integer NOT NULL, -- YYYYMMDD
    number      integer NOT NULL, -- 1, 2, … within the day
    kind        text    NOT NULL CHECK (kind IN ('full', 'partial', 'supplement')),
    exported_at bigint  NOT NULL,
    row_count   bigint  NOT NULL, -- lines of the file
    bytes       bigint  NOT NULL,
    sha256      bytea   NOT NULL CHECK (length(sha256) = 32),
    file_name   text    NOT NULL, -- without its folder
    position    text    NOT NULL,
    version     text    NOT NULL, -- of the program
    made_on     text    NOT NULL, -- name of the machine
    unit_id     text    NOT NULL,
    PRIMARY KEY (day, number)
);

-- The days that reassigned records were moved away from, and when last: arrival is that of
-- the moved records. An export that did not see it holds lines that are another day's now.
CREATE TABLE reassigned_from (
    day     integer PRIMARY KEY, -- YYYYMMDD
    arrival bigint  NOT NULL
);
