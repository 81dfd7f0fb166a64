-- +goose Up

-- What each relay may do: an AppID of type 2 or 3 of table app. Lists are JSON arrays of texts; times are
-- microseconds since 1970, UTC.
CREATE TABLE relay (
    app_id        text     COLLATE "C" PRIMARY KEY,
    networks      text     NOT NULL, -- it may come from; [] admits none
    operators     text     NOT NULL, -- accounts that may log in through it
    terminal_apps text     NOT NULL CHECK (terminal_apps IN ('listed', 'audit')),
    allowed_apps  text     NOT NULL, -- AppIDs of its terminals; [] is every enabled one
    client_spki   text     NOT NULL, -- SHA-256 of its TLS client key, hex; '' for any
    connections   integer  NOT NULL,
    rate          integer  NOT NULL,
    burst         integer  NOT NULL,
    window_size   integer  NOT NULL,
    chained       smallint NOT NULL,
    scope_version text     NOT NULL, -- drawn anew whenever its rows of relay_scope change
    created       bigint   NOT NULL,
    changed       bigint   NOT NULL
);

-- For whose customers a relay's operator may report. No row is deleted: granted is 0 where it was taken back.
CREATE TABLE relay_scope (
    app_id   text     COLLATE "C" NOT NULL,
    operator text     COLLATE "C" NOT NULL,
    kind     text     COLLATE "C" NOT NULL CHECK (kind IN ('A', 'P', 'S')), -- all, prefix, single
    value    text     COLLATE "C" NOT NULL,
    granted  smallint NOT NULL,
    changed  bigint   NOT NULL,
    PRIMARY KEY (app_id, operator, kind, value)
);

-- Moves when a row of relay or relay_scope changed, beside generation, which moves at every change.
ALTER TABLE directory ADD COLUMN relays bigint NOT NULL DEFAULT 0;

-- Who may read or change AppIDs, as roles.sql grants it, may do the same with relays: fronts would follow no
-- change of AppIDs and accounts from here until roles.sql is run again.
-- +goose StatementBegin
DO $$
DECLARE
    may record;
BEGIN
    FOR may IN
        SELECT x.grantee::regrole AS role, x.privilege_type AS what FROM pg_class c, aclexplode(c.relacl) x
        WHERE c.oid = 'app'::regclass AND x.privilege_type IN ('SELECT', 'INSERT', 'UPDATE') AND x.grantee <> 0 AND x.grantee <> c.relowner
    LOOP
        EXECUTE format('GRANT %s ON relay, relay_scope TO %s', may.what, may.role);
        IF may.what = 'UPDATE' THEN
            EXECUTE format('GRANT UPDATE (relays) ON directory TO %s', may.role);
        END IF;
    END LOOP;
END
$$;
-- +goose StatementEnd
