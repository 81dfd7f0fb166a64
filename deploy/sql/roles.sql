-- Roles of tradefront in PostgreSQL 13 or newer. Run it as a superuser, connected to tradefront's
-- own database, before the first `tradefront migrate` and again after each:
--
--     psql -X -v ON_ERROR_STOP=1 -d tradefront -f roles.sql
--     tradefront migrate …            -- as tradefront_owner
--     psql -X -v ON_ERROR_STOP=1 -d tradefront -f roles.sql
--
-- A cloud that gives no superuser gives a role with CREATEROLE. That one does as well if it owns the
-- database and the schema; it becomes a member of tradefront_owner.
--
-- It can be run any number of times: it makes what is missing and takes back what is too much.
-- The roles have no password yet: \password tradefront_owner, and so on, or a client
-- certificate in pg_hba.conf.
--
--   tradefront_owner   owns the tables; migrates, and runs `calendar reassign`, `archive`
--                      and `subject`
--   tradefront_front   the daemons: insert records, say what they hold. They cannot read a
--                      ciphertext, change or remove a record. quarantine and local, which note in a
--                      waiver what was given up on the front's machine
--   tradefront_report  export, status, reconcile, explain: read records, write the ledger of exports
--                      and waivers
--   tradefront_admin   app, account, relay, admission, masterkey, front: AppIDs, accounts, relays, bans, retiring fronts. It
--                      cannot read a record
--
-- None but the owner can delete anything. The owner's password belongs into no daemon's reach.

BEGIN;

-- Another program's tables stay as they are: those of this schema are taken for tradefront's by
-- their columns, as the binary does it. A schema of its own: PGOPTIONS='-c search_path=…' psql …
DO $$
DECLARE
    noted bigint := 0;
BEGIN
    IF current_schema() IS NULL THEN
        RAISE EXCEPTION 'the search_path (%) names no schema that exists', current_setting('search_path');
    END IF;
    IF 3 = (SELECT count(*) FROM pg_attribute WHERE NOT attisdropped AND (attrelid, attname) IN
            ((to_regclass('record')::oid, 'supplement'), (to_regclass('app')::oid, 'sealed'), (to_regclass('account')::oid, 'password_hash'))) THEN
        RETURN;
    END IF;
    IF to_regclass('goose_db_version') IS NOT NULL THEN
        EXECUTE 'SELECT coalesce(max(version_id), 0) FROM goose_db_version' INTO noted;
    END IF;
    IF noted > 0 OR coalesce(to_regclass('record'), to_regclass('app'), to_regclass('account'), to_regclass('directory'), to_regclass('front')) IS NOT NULL THEN
        RAISE EXCEPTION 'schema % holds tables of another program, and nothing was changed: run this script in a database or a schema of tradefront''s own', current_schema();
    END IF;
END
$$;

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['tradefront_owner', 'tradefront_front', 'tradefront_report', 'tradefront_admin'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
            EXECUTE format('CREATE ROLE %I LOGIN', name);
        END IF;
        -- Only a superuser may name some of these, even to leave them as they are.
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = name
                AND (rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls OR NOT rolcanlogin)) THEN
            EXECUTE format('ALTER ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS', name);
        END IF;
    END LOOP;
    -- Without a superuser the owner's rights are needed below.
    IF NOT pg_has_role('tradefront_owner', 'USAGE') THEN
        EXECUTE format('GRANT tradefront_owner TO %I', current_user);
    END IF;

    -- No other role may make temporary tables: they would be found before those of the schema.
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC, tradefront_front, tradefront_report, tradefront_admin', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO tradefront_owner, tradefront_front, tradefront_report, tradefront_admin', current_database());
    EXECUTE format('REVOKE ALL ON SCHEMA %I FROM PUBLIC, tradefront_front, tradefront_report, tradefront_admin', current_schema());
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO tradefront_front, tradefront_report, tradefront_admin', current_schema());
    EXECUTE format('GRANT USAGE, CREATE ON SCHEMA %I TO tradefront_owner', current_schema());
END
$$;

-- No role may execute functions to come until they are granted. Tables are so by default: the partitions
-- that ensure_record_partition makes are reached through their parent alone.
ALTER DEFAULT PRIVILEGES FOR ROLE tradefront_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

DO $$
DECLARE
    relation regclass;
BEGIN
    IF to_regclass('record') IS NULL THEN
        RAISE NOTICE 'there are no tables yet: run tradefront migrate as tradefront_owner, then this script again';
        RETURN;
    END IF;

    -- A schema that another role migrated before there were these.
    FOR relation IN
        SELECT c.oid FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
        WHERE c.relkind IN ('r', 'p') AND c.relowner <> 'tradefront_owner'::regrole AND c.relnamespace = current_schema()::regnamespace
          AND (c.relname IN ('record', 'app', 'account', 'directory', 'report_export', 'reassigned_from', 'front', 'waiver', 'handed_in', 'relay', 'relay_scope',
                            'directory_change', 'directory_removed', 'operator_action', 'ban', 'archive', 'online_session', 'goose_db_version')
               OR c.relname ~ '^archived_[0-9]{8}(_[0-9]+)?$' OR i.inhparent = to_regclass('record'))
    LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO tradefront_owner', relation);
    END LOOP;
    ALTER FUNCTION ensure_record_partition(integer) OWNER TO tradefront_owner;
    ALTER FUNCTION online_begin(bigint, bigint[], text[], integer[]) OWNER TO tradefront_owner;
    ALTER FUNCTION online_change(bigint, integer, text[], integer[], integer[]) OWNER TO tradefront_owner;

    EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM PUBLIC, tradefront_front, tradefront_report, tradefront_admin', current_schema());
    EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA %I FROM PUBLIC, tradefront_front, tradefront_report, tradefront_admin', current_schema());

    GRANT SELECT ON goose_db_version TO tradefront_front, tradefront_report, tradefront_admin;

    -- A front: SELECT and UPDATE of these columns are what an insert that meets its own record
    -- again needs; arrival, provisional and the ledger are for counting late records and what keeps
    -- reports back. arrival itself is written by its default alone. From key_version on they are what a relay
    -- is told of a submission that it sends again.
    GRANT INSERT (record_id, trading_day, login_time, vendor_id, key_version, terminal, supplement, flag, app_id,
                  account, user_type, front_id, session_id, provisional, relay_app_id, relay_mode, visit_time, relay_login_time,
                  relay_sealed),
          SELECT (record_id, trading_day, front_id, arrival, provisional, key_version, flag, login_time, relay_login_time, session_id,
                  relay_sealed), UPDATE (front_id) ON record TO tradefront_front;
    GRANT EXECUTE ON FUNCTION ensure_record_partition(integer) TO tradefront_front;
    -- Sessions of accounts are counted over all fronts by functions alone: no role reads or writes their table.
    GRANT EXECUTE ON FUNCTION online_begin(bigint, bigint[], text[], integer[]), online_change(bigint, integer, text[], integer[], integer[]) TO tradefront_front;
    GRANT SELECT ON app, account, relay, relay_scope, ban, directory, directory_change, directory_removed, report_export, handed_in, waiver TO tradefront_front;
    GRANT SELECT, INSERT, UPDATE ON front TO tradefront_front;
    -- Records that are given up on the front's machine, or with the front, are waived in the reports of their days.
    GRANT INSERT ON waiver TO tradefront_front, tradefront_admin;
    -- A command writes what it changed, under whichever role it works; no role changes what was written.
    GRANT INSERT ON operator_action TO tradefront_front, tradefront_report, tradefront_admin;
    GRANT SELECT ON operator_action TO tradefront_report, tradefront_admin;

    GRANT SELECT ON record, report_export, reassigned_from, front, waiver, handed_in, archive TO tradefront_report;
    GRANT INSERT ON report_export, waiver, handed_in TO tradefront_report;

    GRANT SELECT, INSERT, UPDATE ON app, account, relay, relay_scope, ban, directory_change TO tradefront_admin;
    GRANT SELECT ON directory_removed TO tradefront_admin;
    GRANT SELECT, UPDATE (generation, relays) ON directory TO tradefront_admin;
    GRANT SELECT, UPDATE (retired) ON front TO tradefront_admin;
    GRANT SELECT ON waiver TO tradefront_admin;
END
$$;

COMMIT;
