-- +goose Up

-- How many sessions each account has at each running front: core.sessions_per_user bounds them over all fronts. They are no records, so the
-- table is unlogged: after a crash, and at a standby that was promoted, it is empty, and each front writes its own anew.
--
-- holder is the key of an advisory lock that a connection of the front holds: rows of a key that is not locked count for nothing. The row of
-- account '' says that all rows of the holder are there.
CREATE UNLOGGED TABLE online_session (
    account  text    COLLATE "C" NOT NULL,
    holder   bigint  NOT NULL,
    sessions integer NOT NULL,
    PRIMARY KEY (account, holder)
);

-- Writes all sessions of a front, under the key of its new connection, and deletes those of the keys that it had before and of fronts that
-- have gone.
-- +goose StatementBegin
CREATE FUNCTION online_begin(me bigint, former bigint[], accounts text[], counts integer[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    gone bigint[];
BEGIN
    PERFORM pg_advisory_xact_lock(7305804402570882); -- two at once could delete the same rows in another order
    SELECT array_agg(o.holder) INTO gone
        FROM (SELECT holder FROM online_session WHERE account = '' AND holder <> me OFFSET 0) o -- first which, then their locks
        WHERE o.holder = ANY (former) OR pg_try_advisory_xact_lock_shared(o.holder);
    -- This row first: it waits for a change by a former connection that the server still makes, and the next one finds that it has begun anew.
    DELETE FROM online_session WHERE account = '' AND holder = ANY (gone);
    DELETE FROM online_session WHERE holder = ANY (gone);
    INSERT INTO online_session (account, holder, sessions) VALUES ('', me, 0);
    INSERT INTO online_session (account, holder, sessions) SELECT u.a, me, u.n FROM unnest(accounts, counts) AS u (a, n);
END
$$;
-- +goose StatementEnd

-- Notes how many sessions (held) a front has of some accounts, and returns how many of those that it asks for (asked) are granted, so that an
-- account has at most bound at all fronts; NULL if the front is to begin anew.
-- +goose StatementBegin
CREATE FUNCTION online_change(me bigint, bound integer, accounts text[], held integer[], asked integer[]) RETURNS integer[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    granted integer[] := '{}';
    others  bigint;
    n       integer;
BEGIN
    -- Who else asks for one of these accounts waits until this transaction has ended. All take the locks in one order, so that no two
    -- wait for each other.
    PERFORM pg_advisory_xact_lock(s.k) FROM (
        SELECT DISTINCT hashtextextended(u.a, 0) AS k FROM unnest(accounts, asked) AS u (a, n) WHERE u.n > 0 ORDER BY k) s;
    IF cardinality(accounts) = 0 THEN -- a probe, which writes nothing
        PERFORM FROM online_session WHERE account = '' AND holder = me;
    ELSE
        PERFORM FROM online_session WHERE account = '' AND holder = me FOR KEY SHARE;
    END IF;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    FOR i IN 1 .. cardinality(accounts) LOOP
        n := asked[i];
        IF n > 0 THEN
            SELECT coalesce(sum(sessions), 0) INTO others FROM online_session WHERE account = accounts[i] AND holder <> me;
            IF others + held[i] + n > bound THEN -- only now it matters which of them have gone
                SELECT coalesce(sum(o.sessions), 0) INTO others
                    FROM (SELECT holder, sessions FROM online_session WHERE account = accounts[i] AND holder <> me OFFSET 0) o
                    WHERE NOT pg_try_advisory_xact_lock_shared(o.holder);
            END IF;
            n := greatest(0, least(n, bound - held[i] - others));
        END IF;
        granted := granted || n;
        n := n + held[i];
        IF n > 0 THEN
            INSERT INTO online_session (account, holder, sessions) VALUES (accounts[i], me, n)
                ON CONFLICT (account, holder) DO UPDATE SET sessions = excluded.sessions;
        ELSE
            DELETE FROM online_session WHERE account = accounts[i] AND holder = me;
        END IF;
    END LOOP;
    RETURN granted;
END
$$;
-- +goose StatementEnd

-- As of ensure_record_partition, see 00008. Who may call that, a front, may call these: until roles.sql is run again fronts would count alone.
-- +goose StatementBegin
DO $$
DECLARE
    may  record;
    ours text;
BEGIN
    FOREACH ours IN ARRAY ARRAY['online_begin(bigint, bigint[], text[], integer[])', 'online_change(bigint, integer, text[], integer[], integer[])'] LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', ours, current_schema());
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', ours);
        FOR may IN
            SELECT CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE x.grantee::regrole::text END AS role
            FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) x
            WHERE p.oid = 'ensure_record_partition(integer)'::regprocedure AND x.grantee <> p.proowner
        LOOP
            EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %s', ours, may.role);
        END LOOP;
    END LOOP;
END
$$;
-- +goose StatementEnd
