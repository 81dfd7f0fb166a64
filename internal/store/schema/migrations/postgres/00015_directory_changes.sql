-- +goose Up

-- A front that remembers AppIDs and accounts reads what changed since it last looked: rows of a higher version, and
-- the names that went. version is directory.generation of the change that wrote the row. Each change holds the row lock of
-- directory from its number to its commit, so that numbers become visible in their order.
ALTER TABLE app     ADD COLUMN version bigint NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN version bigint NOT NULL DEFAULT 0;
CREATE INDEX app_version     ON app (version)     WHERE version > 0;
CREATE INDEX account_version ON account (version) WHERE version > 0;

-- One row a change. A generation without a row was made by hand, and its rows have no version of it: then all is
-- compared. token is drawn anew, so that a database that was restored and changed since is told from the one before.
CREATE TABLE directory_change (
    generation bigint PRIMARY KEY,
    token      text   NOT NULL
);
CREATE TABLE directory_removed (
    generation bigint NOT NULL,
    kind       text   COLLATE "C" NOT NULL CHECK (kind IN ('app', 'account')),
    name       text   COLLATE "C" NOT NULL,
    PRIMARY KEY (generation, kind, name)
);

-- Who may read or change AppIDs, as roles.sql grants it, may note changes: fronts would follow no change of AppIDs and
-- accounts from here until roles.sql is run again.
-- +goose StatementBegin
DO $$
DECLARE
    may record;
BEGIN
    FOR may IN
        SELECT x.grantee::regrole AS role, x.privilege_type AS what FROM pg_class c, aclexplode(c.relacl) x
        WHERE c.oid = 'app'::regclass AND x.privilege_type IN ('SELECT', 'INSERT', 'UPDATE') AND x.grantee <> 0 AND x.grantee <> c.relowner
    LOOP
        EXECUTE format('GRANT %s ON directory_change TO %s', may.what, may.role);
        IF may.what = 'SELECT' THEN
            EXECUTE format('GRANT SELECT ON directory_removed TO %s', may.role);
        END IF;
    END LOOP;
END
$$;
-- +goose StatementEnd
