-- +goose Up

-- One accepted login a row, one partition a trading day. The public address and port are
-- inside supplement, encrypted, and nowhere else (B.1).
CREATE TABLE record (
    record_id   uuid     NOT NULL,
    trading_day integer  NOT NULL, -- YYYYMMDD
    login_time  bigint   NOT NULL, -- seconds since 1970, UTC
    vendor_id   text     NOT NULL,
    key_version text     NOT NULL,
    terminal    bytea    NOT NULL, -- ciphertext, empty if the terminal sent none
    supplement  bytea    NOT NULL, -- ciphertext
    flag        smallint NOT NULL, -- 异常标识, 0..3
    app_id      text     NOT NULL,
    account     text     NOT NULL,
    user_type   smallint NOT NULL, -- 1 customer, 2 operator
    front_id    integer  NOT NULL,
    session_id  integer  NOT NULL,
    PRIMARY KEY (record_id, trading_day)
) PARTITION BY RANGE (trading_day);

-- Makes the partition of a day if it is not there. Fronts call it; it runs as its owner,
-- so that their role needs no right to create tables. The table is made beside its
-- parent and then attached: CREATE TABLE … PARTITION OF would lock the parent against
-- everybody, and wait for every report that is being read. The lock makes several
-- fronts that meet a new day at once wait for one another.
-- +goose StatementBegin
CREATE FUNCTION ensure_record_partition(day integer) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    name text := 'record_' || day;
BEGIN
    IF day NOT BETWEEN 20000101 AND 29991231 THEN
        RAISE EXCEPTION 'trading day % is not YYYYMMDD', day USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM pg_advisory_xact_lock(7305804402570881);
    IF EXISTS (SELECT FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
               WHERE i.inhparent = 'record'::regclass AND c.relname = name) THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE record INCLUDING ALL)', name);
    EXECUTE format('ALTER TABLE record ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', name, day, day + 1);
    RETURN true;
END
$$;
-- +goose StatementEnd

-- Bumped by every change of app or account, in the same transaction: who remembers them
-- looks at this alone.
CREATE TABLE directory (
    only_row   integer PRIMARY KEY CHECK (only_row = 1),
    generation bigint  NOT NULL
);
INSERT INTO directory (only_row, generation) VALUES (1, 0);

-- Terminal software that the firm has admitted. Times are microseconds since 1970, UTC.
CREATE TABLE app (
    app_id   text     PRIMARY KEY,
    app_type smallint NOT NULL, -- 1 direct
    sealed   bytea    NOT NULL, -- authcode, encrypted under the master key
    enabled  smallint NOT NULL, -- 0 or 1
    created  bigint   NOT NULL,
    changed  bigint   NOT NULL
);

-- Who may log in, for the local core. password_hash is argon2id.
CREATE TABLE account (
    account       text     PRIMARY KEY,
    user_type     smallint NOT NULL,
    password_hash text     NOT NULL,
    created       bigint   NOT NULL,
    changed       bigint   NOT NULL,
    unlocked      bigint   NOT NULL -- 0 if never
);
