-- +goose Up

-- Addresses and networks whose connections fronts refuse, as an operator decided. A row stays after its end; to lift it is to end it now, since no
-- role but the owner can delete. Times are microseconds since 1970, UTC.
CREATE TABLE ban (
    network   text   COLLATE "C" PRIMARY KEY, -- in canonical form, 192.0.2.7/32
    ends      bigint NOT NULL,
    created   bigint NOT NULL,
    banned_by text   NOT NULL,
    why       text   NOT NULL
);

-- Who may read or change accounts, as roles.sql grants it, may do so with bans: fronts could not follow the directory from here until roles.sql is
-- run again.
-- +goose StatementBegin
DO $$
DECLARE
    may record;
BEGIN
    FOR may IN
        SELECT x.grantee::regrole AS role, x.privilege_type AS privilege FROM pg_class c, aclexplode(c.relacl) x
        WHERE c.oid = 'account'::regclass AND x.privilege_type IN ('SELECT', 'INSERT', 'UPDATE') AND x.grantee <> 0 AND x.grantee <> c.relowner
    LOOP
        EXECUTE format('GRANT %s ON ban TO %s', may.privilege, may.role);
    END LOOP;
END
$$;
-- +goose StatementEnd
