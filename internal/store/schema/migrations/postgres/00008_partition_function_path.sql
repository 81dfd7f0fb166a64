-- +goose Up

-- The function runs as the owner of the tables. Whoever calls it must not be able to put a
-- temporary table of the same name before one of ours: pg_temp is looked at last.
-- +goose StatementBegin
DO $$
BEGIN
    EXECUTE format('ALTER FUNCTION ensure_record_partition(integer) SET search_path = %I, pg_temp', current_schema());
END
$$;
-- +goose StatementEnd
