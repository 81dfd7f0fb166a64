-- +goose Up

-- Whether the account may log in: 0 yes; 1 an operator disabled it; 2 an operator removed it, and no list shows it. A removed row stays
-- without its password hash: fronts learn by it, and no role but the owner can delete.
ALTER TABLE account ADD COLUMN state smallint NOT NULL DEFAULT 0 CHECK (state IN (0, 1, 2));

-- What an operator changed by a command: who, when, what, why. Nothing updates a row. Times are microseconds since 1970, UTC.
CREATE TABLE operator_action (
    id        text   COLLATE "C" PRIMARY KEY, -- UUIDv7
    acted_at  bigint NOT NULL,
    os_user   text   NOT NULL, -- under whose name the command ran
    real_user text   NOT NULL, -- who logged in to the machine, where that is another; '' else
    host      text   NOT NULL,
    command   text   NOT NULL,
    subject   text   NOT NULL, -- what was changed: an account, an AppID, …
    changes   text   NOT NULL, -- JSON: what had which value before and after
    why       text   NOT NULL
);
CREATE INDEX operator_action_acted_at ON operator_action (acted_at);

-- Who may write a waiver, as roles.sql grants it, may write what it did: commands would change nothing from here until roles.sql is
-- run again.
-- +goose StatementBegin
DO $$
DECLARE
    may record;
BEGIN
    FOR may IN
        SELECT x.grantee::regrole AS role FROM pg_class c, aclexplode(c.relacl) x
        WHERE c.oid = 'waiver'::regclass AND x.privilege_type = 'INSERT' AND x.grantee <> 0 AND x.grantee <> c.relowner
    LOOP
        EXECUTE format('GRANT INSERT ON operator_action TO %s', may.role);
    END LOOP;
END
$$;
-- +goose StatementEnd
