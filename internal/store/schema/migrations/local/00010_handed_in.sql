-- +goose Up

-- That a day's report was handed in: who said so and when, and the ledger's export that was the
-- last one then. Times are microseconds since 1970, UTC.
CREATE TABLE handed_in (
    day       INTEGER NOT NULL, -- YYYYMMDD
    noted_at  INTEGER NOT NULL,
    noted_by  TEXT    NOT NULL, -- user@machine
    number    INTEGER NOT NULL, -- of report_export
    PRIMARY KEY (day, noted_at)
);
