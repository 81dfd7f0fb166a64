-- +goose Up

-- Makes the partition of a day if no partition takes it. One may: a partition that somebody
-- made for several days, or a DEFAULT partition that holds rows of the day already, which
-- would keep one of its own from being attached. A table that is in the way says so, with
-- what to do. Nothing here looks into other partitions (pg_get_expr of a bound would): who
-- holds a lock on one must not hold up the others. For the rest see 00001 and 00008.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION ensure_record_partition(day integer) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    name   text := 'record_' || day;
    parent regclass := 'record'::regclass;
    other  oid;
BEGIN
    IF day NOT BETWEEN 20000101 AND 29991231 THEN
        RAISE EXCEPTION 'trading day % is not YYYYMMDD', day USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM pg_advisory_xact_lock(7305804402570881);
    SELECT i.inhparent INTO other
        FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
        WHERE c.relname = name AND c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = parent);
    IF FOUND AND other = parent THEN
        RETURN false;
    ELSIF FOUND THEN
        RAISE EXCEPTION 'the table % exists but is detached from record', name USING
            ERRCODE = 'duplicate_table',
            HINT = format('attach it again, ALTER TABLE record ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s); '
                'or, if the day is archived, rename it, and its late records get a partition of their own', name, day, day + 1);
    END IF;
    BEGIN
        EXECUTE format('CREATE TABLE %I (LIKE record INCLUDING ALL)', name);
        EXECUTE format('ALTER TABLE record ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', name, day, day + 1);
    EXCEPTION
        WHEN invalid_object_definition THEN
            RETURN false; -- another partition takes the day, and more
        WHEN check_violation THEN
            RETURN false; -- a DEFAULT partition holds rows of the day, and takes the others too
    END;
    RETURN true;
END
$$;
-- +goose StatementEnd

-- +goose StatementBegin
DO $$
BEGIN
    EXECUTE format('ALTER FUNCTION ensure_record_partition(integer) SET search_path = %I, pg_temp', current_schema());
END
$$;
-- +goose StatementEnd
