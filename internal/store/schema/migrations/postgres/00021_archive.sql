-- +goose Up

-- The ledger of archives: a file that took the records of a day, and what became of the day's table. Times are microseconds since
-- 1970, UTC.
CREATE TABLE archive (
    day         integer NOT NULL, -- YYYYMMDD
    number      integer NOT NULL, -- 1, 2, … within the day
    file_name   text    NOT NULL, -- without its folder
    sha256      bytea   NOT NULL CHECK (length(sha256) = 32),
    bytes       bigint  NOT NULL,
    row_count   bigint  NOT NULL, -- records in the file
    archived_at bigint  NOT NULL,
    archived_by text    NOT NULL, -- user@machine
    version     text    NOT NULL, -- of the program
    state       text    NOT NULL CHECK (state IN ('detached', 'dropped', 'restored', 'destroyed')),
    changed_at  bigint  NOT NULL, -- when state was set
    PRIMARY KEY (day, number)
);

-- Who may read the ledger of exports to write it, as roles.sql grants it, may read this one: status would fail from here until roles.sql
-- is run again.
-- +goose StatementBegin
DO $$
DECLARE
    may record;
BEGIN
    FOR may IN
        SELECT x.grantee::regrole AS role FROM pg_class c, aclexplode(c.relacl) x
        WHERE c.oid = 'report_export'::regclass AND x.privilege_type = 'INSERT' AND x.grantee <> 0 AND x.grantee <> c.relowner
    LOOP
        EXECUTE format('GRANT SELECT ON archive TO %s', may.role);
    END LOOP;
END
$$;
-- +goose StatementEnd
