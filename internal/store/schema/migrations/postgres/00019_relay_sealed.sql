-- +goose Up

-- Where the relay was that submitted the record, its address and port: sealed under the master key, for the answer to the same
-- submission when it is sent again. NULL in every other record. Without a default nothing is written but the catalog, however
-- large the partitions are.
ALTER TABLE record ADD COLUMN relay_sealed bytea;

-- A day's table that is detached at this moment could not be attached again without the column. One
-- that another role owns is left: its owner adds it before it attaches the table.
-- +goose StatementBegin
DO $$
DECLARE
    detached regclass;
BEGIN
    FOR detached IN
        SELECT c.oid FROM pg_class c
        WHERE c.relkind = 'r' AND c.relname ~ '^record_[0-9]{8}$' AND pg_has_role(c.relowner, 'USAGE')
          AND c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'record'::regclass)
          AND NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = c.oid)
          AND 3 = (SELECT count(*) FROM pg_attribute a WHERE a.attrelid = c.oid AND NOT a.attisdropped
                   AND a.attname IN ('record_id', 'supplement', 'arrival'))
    LOOP
        EXECUTE format('ALTER TABLE %s ADD COLUMN IF NOT EXISTS relay_sealed bytea', detached);
    END LOOP;
END
$$;
-- +goose StatementEnd

-- A role that may insert records by their columns, as roles.sql grants it, may insert this one too: fronts would forward nothing
-- from here until roles.sql is run again. And it may read what the answer to a submission that is sent again needs, no ciphertext
-- of a report among it.
-- +goose StatementBegin
DO $$
DECLARE
    inserts regrole;
BEGIN
    FOR inserts IN
        SELECT DISTINCT x.grantee FROM pg_attribute a, aclexplode(a.attacl) x
        WHERE a.attrelid = 'record'::regclass AND a.attname = 'provisional' AND x.privilege_type = 'INSERT' AND x.grantee <> 0
    LOOP
        EXECUTE format('GRANT INSERT (relay_sealed), SELECT (key_version, flag, login_time, relay_login_time, session_id, relay_sealed) '
            'ON record TO %s', inserts);
    END LOOP;
END
$$;
-- +goose StatementEnd
