-- +goose Up

-- That a day's report was handed in: who said so and when, and the ledger's export that was the
-- last one then. Times are microseconds since 1970, UTC.
CREATE TABLE handed_in (
    day       integer NOT NULL, -- YYYYMMDD
    noted_at  bigint  NOT NULL,
    noted_by  text    NOT NULL, -- user@machine
    number    integer NOT NULL, -- of report_export
    PRIMARY KEY (day, noted_at)
);
