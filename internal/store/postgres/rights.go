package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

// The roles of deploy/sql/roles.sql.
const (
	RoleOwner  = "tradefront_owner"
	RoleFront  = "tradefront_front"
	RoleReport = "tradefront_report"
	RoleAdmin  = "tradefront_admin"
)

// right is what a role needs: privileges on a table, or on some of its columns.
type right struct {
	role, privileges, table string
	columns                 string // "" for the table itself
}

// rights are what the roles need, as roles.sql grants it; a test holds the two together.
var rights = []right{
	{RoleFront, "INSERT", "record", sqlrows.Columns},
	{RoleFront, "SELECT", "record", "record_id, trading_day, arrival, provisional, " + sqlrows.EarlierColumns},
	{RoleFront, "UPDATE", "record", "front_id"},
	{RoleFront, "SELECT", "app", ""},
	{RoleFront, "SELECT", "account", ""},
	{RoleFront, "SELECT", "relay", ""},
	{RoleFront, "SELECT", "relay_scope", ""},
	{RoleFront, "SELECT", "directory", ""},
	{RoleFront, "SELECT", "ban", ""},
	{RoleFront, "SELECT", "directory_change", ""},
	{RoleFront, "SELECT", "directory_removed", ""},
	{RoleFront, "SELECT", "report_export", ""},
	{RoleFront, "SELECT", "handed_in", ""},
	{RoleFront, "SELECT, INSERT, UPDATE", "front", ""},
	{RoleFront, "SELECT, INSERT", "waiver", ""},
	{RoleFront, "INSERT", "operator_action", ""},
	{RoleFront, "SELECT", "goose_db_version", ""},
	{RoleReport, "SELECT", "record", ""},
	{RoleReport, "SELECT, INSERT", "report_export", ""},
	{RoleReport, "SELECT", "reassigned_from", ""},
	{RoleReport, "SELECT", "archive", ""},
	{RoleReport, "SELECT", "front", ""},
	{RoleReport, "SELECT, INSERT", "waiver", ""},
	{RoleReport, "SELECT, INSERT", "handed_in", ""},
	{RoleReport, "SELECT, INSERT", "operator_action", ""},
	{RoleReport, "SELECT", "goose_db_version", ""},
	{RoleAdmin, "SELECT, INSERT, UPDATE", "app", ""},
	{RoleAdmin, "SELECT, INSERT, UPDATE", "account", ""},
	{RoleAdmin, "SELECT, INSERT, UPDATE", "relay", ""},
	{RoleAdmin, "SELECT, INSERT, UPDATE", "relay_scope", ""},
	{RoleAdmin, "SELECT", "directory", ""},
	{RoleAdmin, "SELECT, INSERT, UPDATE", "ban", ""},
	{RoleAdmin, "SELECT, INSERT, UPDATE", "directory_change", ""},
	{RoleAdmin, "SELECT", "directory_removed", ""},
	{RoleAdmin, "UPDATE", "directory", "generation, relays"},
	{RoleAdmin, "SELECT", "front", ""},
	{RoleAdmin, "UPDATE", "front", "retired"},
	{RoleAdmin, "SELECT, INSERT", "waiver", ""},
	{RoleAdmin, "SELECT, INSERT", "operator_action", ""},
	{RoleAdmin, "SELECT", "goose_db_version", ""},
}

// frontFunctions are those that a front calls. They run as the owner.
var frontFunctions = []string{
	"ensure_record_partition(integer)", "online_begin(bigint, bigint[], text[], integer[])", "online_change(bigint, integer, text[], integer[], integer[])",
}

// Rights is how the roles of roles.sql differ from what it grants, in an operator's words.
type Rights struct {
	Lacking []string // what a role needs and has not
	TooMuch []string // what a role may, and only the owner should
}

// CheckRights compares the rights of the roles with what roles.sql grants. A role that is not
// there is not looked at: a firm may have others.
func (p *Store) CheckRights(ctx context.Context) (r Rights, err error) {
	there, err := p.texts(ctx, "SELECT rolname::text FROM pg_roles WHERE rolname = ANY($1)", []string{RoleFront, RoleReport, RoleAdmin})
	if err != nil {
		return r, err
	}
	for _, role := range there {
		lacks, err := p.lacks(ctx, role)
		if err != nil {
			return r, err
		}
		may, err := p.texts(ctx, tooMuchSQL, role)
		if err != nil {
			return r, err
		}
		for _, l := range lacks {
			r.Lacking = append(r.Lacking, role+" lacks "+l)
		}
		for _, m := range may {
			r.TooMuch = append(r.TooMuch, role+" may "+m+", and should not")
		}
	}
	return r, nil
}

// tooMuchSQL is what endangers evidence in the hands of role $1.
const tooMuchSQL = `SELECT privilege || ' ' || c.relname
	FROM pg_class c, unnest(ARRAY['DELETE', 'TRUNCATE', 'TRIGGER']) privilege
	WHERE c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace AND has_table_privilege($1, c.oid, privilege)
	UNION ALL SELECT 'CREATE in schema ' || current_schema() WHERE has_schema_privilege($1, current_schema(), 'CREATE')
	UNION ALL SELECT 'make temporary tables' WHERE has_database_privilege($1, current_database(), 'TEMP')
	UNION ALL SELECT 'UPDATE record.' || a.attname FROM pg_attribute a
	WHERE a.attrelid = to_regclass('record') AND a.attnum > 0 AND a.attname NOT IN ('front_id')
		AND NOT a.attisdropped AND has_column_privilege($1, a.attrelid, a.attnum, 'UPDATE')
	UNION ALL SELECT 'UPDATE operator_action' WHERE has_any_column_privilege($1, 'operator_action', 'UPDATE')
	UNION ALL SELECT 'SELECT record.supplement' WHERE $1 <> '` + RoleReport + `' AND has_column_privilege($1, 'record', 'supplement', 'SELECT')
	ORDER BY 1`

// lacks asks for each right. has_table_privilege(…, 'A, B') would be true for either.
func (p *Store) lacks(ctx context.Context, role string) (lacks []string, err error) {
	for _, r := range rights {
		if r.role != role {
			continue
		}
		for _, privilege := range strings.Split(r.privileges, ", ") {
			for _, column := range strings.Split(r.columns, ", ") {
				what, query, args := privilege+" on "+r.table, "SELECT has_table_privilege($1, $2, $3)", []any{role, r.table, privilege}
				if column != "" {
					what += "." + column
					query, args = "SELECT has_column_privilege($1, $2, $3, $4)", []any{role, r.table, column, privilege}
				}
				has := false
				if err := p.pool.QueryRow(ctx, query, args...).Scan(&has); err != nil {
					return nil, p.explain(ctx, err)
				}
				if !has {
					lacks = append(lacks, what)
				}
			}
		}
	}
	if role == RoleFront {
		return p.lacksFunctions(ctx, role, lacks)
	}
	return lacks, nil
}

// lacksFunctions adds those that the role may not call.
func (p *Store) lacksFunctions(ctx context.Context, role string, lacks []string) ([]string, error) {
	for _, function := range frontFunctions {
		has := false
		if err := p.pool.QueryRow(ctx, "SELECT has_function_privilege($1, $2, 'EXECUTE')", role, function).Scan(&has); err != nil {
			return nil, p.explain(ctx, err)
		}
		if !has {
			name, _, _ := strings.Cut(function, "(")
			lacks = append(lacks, "EXECUTE on "+name)
		}
	}
	return lacks, nil
}

func (p *Store) texts(ctx context.Context, query string, args ...any) ([]string, error) {
	rows, err := p.pool.Query(ctx, query, args...)
	if err != nil {
		return nil, p.explain(ctx, err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("store: %w", p.explain(ctx, err))
	}
	return found, nil
}
