-- +goose Up

-- Through what a relayed login came; all NULL in direct mode, none otherwise. Times are seconds
-- since 1970, UTC. login_time stays the front's instant, which decides the day.
ALTER TABLE record ADD COLUMN relay_app_id     TEXT;    -- RelayAppID, authenticated
ALTER TABLE record ADD COLUMN relay_mode       INTEGER; -- 2 many-to-many, 3 operator
ALTER TABLE record ADD COLUMN visit_time       INTEGER; -- when the terminal logged in at the relay
ALTER TABLE record ADD COLUMN relay_login_time INTEGER; -- when the relay logged in at the front
ALTER TABLE quarantine ADD COLUMN relay_app_id     TEXT;
ALTER TABLE quarantine ADD COLUMN relay_mode       INTEGER;
ALTER TABLE quarantine ADD COLUMN visit_time       INTEGER;
ALTER TABLE quarantine ADD COLUMN relay_login_time INTEGER;

-- Whose visit at a relay brought the ciphertext: 8 bytes; NULL in direct mode.
ALTER TABLE seen_terminal ADD COLUMN visit BLOB;

-- The records with RecordIDs made of their content (UUIDv8) that table forwarded has counted: a relay
-- may submit one again after it left this file, and it is counted once. A RecordID begins with the time of
-- its SubmitID, so that rows stand in the order of time and the oldest go first; a front refuses a SubmitID
-- long before its row goes.
CREATE TABLE forwarded_submission (
    record_id   BLOB    NOT NULL,
    trading_day INTEGER NOT NULL, -- YYYYMMDD; a record may stand in two days
    PRIMARY KEY (record_id, trading_day)
) WITHOUT ROWID;
