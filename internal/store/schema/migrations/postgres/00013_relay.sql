-- +goose Up

-- Through what a relayed login came; all NULL in direct mode, none otherwise. Times are seconds
-- since 1970, UTC. login_time stays the front's instant, which decides the day. Without a default nothing
-- is written but the catalog, however large the partitions are.
ALTER TABLE record
    ADD COLUMN relay_app_id     text,     -- RelayAppID, authenticated
    ADD COLUMN relay_mode       smallint, -- 2 many-to-many, 3 operator
    ADD COLUMN visit_time       bigint,   -- when the terminal logged in at the relay
    ADD COLUMN relay_login_time bigint;   -- when the relay logged in at the front

-- A day's table that is detached at this moment could not be attached again without the columns. One
-- that another role owns is left: its owner adds them before it attaches the table.
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
        EXECUTE format('ALTER TABLE %s ADD COLUMN IF NOT EXISTS relay_app_id text, ADD COLUMN IF NOT EXISTS relay_mode smallint, '
            'ADD COLUMN IF NOT EXISTS visit_time bigint, ADD COLUMN IF NOT EXISTS relay_login_time bigint', detached);
    END LOOP;
END
$$;
-- +goose StatementEnd

-- A role that may insert records by their columns, as roles.sql grants it, may insert these too: fronts
-- would forward nothing from here until roles.sql is run again.
-- +goose StatementBegin
DO $$
DECLARE
    inserts regrole;
BEGIN
    FOR inserts IN
        SELECT DISTINCT x.grantee FROM pg_attribute a, aclexplode(a.attacl) x
        WHERE a.attrelid = 'record'::regclass AND a.attname = 'provisional' AND x.privilege_type = 'INSERT' AND x.grantee <> 0
    LOOP
        EXECUTE format('GRANT INSERT (relay_app_id, relay_mode, visit_time, relay_login_time) ON record TO %s', inserts);
    END LOOP;
END
$$;
-- +goose StatementEnd
