-- +goose Up

-- What each front holds that this database does not have, as the front itself last said: a
-- report of a day refuses while somebody holds records of it. One row a local store: a
-- front that begins with another one, on another machine or after damage, does not wipe
-- out what was known of the one before. Times are microseconds since 1970, UTC: seen and
-- retired by this database's clock, the others by the front's.
CREATE TABLE front (
    front_id  integer NOT NULL,
    store_id  uuid    NOT NULL, -- drawn when the front's local store was made
    process   uuid    NOT NULL, -- drawn at each start of the front
    machine   text    NOT NULL, -- its name
    version   text    NOT NULL, -- of the program
    started   bigint  NOT NULL,
    counted   bigint  NOT NULL, -- when the front counted what is said here
    seen      bigint  NOT NULL,
    stopped   boolean NOT NULL, -- it said goodbye: it takes no logins until it starts again
    held      text    NOT NULL, -- JSON by trading day: {"20260105":{"pending":3,"quarantined":1}}
    oldest    bigint  NOT NULL, -- login time of the oldest record that waits, 0 for none
    set_aside integer NOT NULL, -- damaged local stores that were set aside and not recovered
    forwarded bigint  NOT NULL, -- records it brought here since it started
    retired   bigint  NOT NULL DEFAULT 0, -- when an operator said that it is gone for good; 0 if not
    PRIMARY KEY (front_id, store_id)
);
