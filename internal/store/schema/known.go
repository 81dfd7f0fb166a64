package schema

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/pressly/goose/v3"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

// Whether the tables that a connection finds are tradefront's is told by more than a number:
// other programs keep their versions in a table of the same name, and have tables called app.

// firstTables are those of the first migration, with columns that tell them from others'.
const firstTables = `VALUES ('record', 'record_id'), ('record', 'trading_day'), ('record', 'supplement'),
	('app', 'app_id'), ('app', 'sealed'), ('account', 'account'), ('account', 'password_hash'), ('directory', 'generation')`

// traces is what each migration leaves, so that the version is known without its table. A
// migration that is added is added here.
var traces = []struct {
	version int64
	there   string // an expression
}{
	{1, "to_regclass('record') IS NOT NULL"},
	{2, "to_regclass('report_export') IS NOT NULL"},
	{3, hasColumn("app", "cipher")},
	{4, "to_regclass('front') IS NOT NULL"},
	{6, hasColumn("app", "previous_sealed")},
	{8, "EXISTS (SELECT FROM pg_proc WHERE oid = to_regprocedure('ensure_record_partition(integer)') AND proconfig::text LIKE '%pg_temp%')"},
	{9, "to_regclass('waiver') IS NOT NULL"},
	{10, "EXISTS (SELECT FROM pg_proc WHERE oid = to_regprocedure('ensure_record_partition(integer)') AND prosrc LIKE '%attach it again%')"},
	{10, "EXISTS (SELECT FROM pg_proc WHERE oid = to_regprocedure('ensure_record_partition(integer)') AND prosrc LIKE '%invalid_object_definition%')"},
	{12, "to_regclass('handed_in') IS NOT NULL"},
	{13, hasColumn("record", "relay_app_id")},
	{14, "to_regclass('relay_scope') IS NOT NULL"},
	{15, "to_regclass('directory_change') IS NOT NULL"},
	{16, hasColumn("relay", "client_certs")},
	{17, hasColumn("handed_in", "receipt")},
	{18, "to_regclass('operator_action') IS NOT NULL"},
	{19, hasColumn("record", "relay_sealed")},
	{20, "to_regclass('ban') IS NOT NULL"},
	{21, "to_regclass('archive') IS NOT NULL"},
	{22, hasColumn("front", "admin_address")},
	{23, hasColumn("app", "bound_accounts")},
	{24, hasColumn("front", "config")},
	{25, "to_regclass('online_session') IS NOT NULL"},
}

func hasColumn(table, column string) string {
	return "EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('" + table + "') AND attname = '" + column + "' AND NOT attisdropped)"
}

// known is what a connection finds.
type known struct {
	schema    string // where new tables would go; "" for nowhere
	path      string // search_path
	role      string
	ours      []string // first tables that are tradefront's
	missing   []string // first tables that are not there
	alien     []string // tables with their names and other columns
	elsewhere string   // a schema outside search_path with tradefront's tables; "" for none

	versioned bool // there is a version table
	rows      int64
	first     bool // the first migration is noted there
	current   int64
}

// look reads the catalog, which every role may, and the version table.
func look(ctx context.Context, q sqlrows.Queryer) (k known, err error) {
	err = q.QueryRowContext(ctx, `SELECT coalesce(current_schema(), ''), current_setting('search_path'), current_user,
		to_regclass('`+goose.DefaultTablename+`') IS NOT NULL,
		coalesce((SELECT min(n.nspname) FROM pg_namespace n WHERE n.nspname <> ALL (current_schemas(true)) AND 3 =
			(SELECT count(*) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.relnamespace = n.oid AND NOT a.attisdropped
			AND (c.relname, a.attname) IN (('record', 'supplement'), ('app', 'sealed'), ('account', 'password_hash')))), '')`).
		Scan(&k.schema, &k.path, &k.role, &k.versioned, &k.elsewhere)
	if err == nil {
		err = k.readTables(ctx, q)
	}
	if err == nil && k.versioned {
		err = q.QueryRowContext(ctx, "SELECT count(*), coalesce(bool_or(version_id = 1), false), coalesce(max(version_id), 0) FROM "+
			goose.DefaultTablename+" WHERE is_applied").Scan(&k.rows, &k.first, &k.current)
	}
	return k, err
}

func (k *known) readTables(ctx context.Context, q sqlrows.Queryer) error {
	rows, err := q.QueryContext(ctx, `SELECT w.name, to_regclass(w.name) IS NOT NULL, count(a.attname) = count(*)
		FROM (`+firstTables+`) AS w (name, col)
		LEFT JOIN pg_attribute a ON a.attrelid = to_regclass(w.name) AND a.attname = w.col AND NOT a.attisdropped
		GROUP BY w.name ORDER BY w.name`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var there, ours bool
		if err := rows.Scan(&name, &there, &ours); err != nil {
			return err
		}
		switch {
		case ours:
			k.ours = append(k.ours, name)
		case there:
			k.alien = append(k.alien, name)
		default:
			k.missing = append(k.missing, name)
		}
	}
	return rows.Err()
}

// trouble is why neither a front nor a migration may touch this schema, with what to do; ""
// if nothing is in the way. named: the URL names the search_path, so that another schema
// with tradefront's tables is another installation.
func (k *known) trouble(named bool) string {
	const apart = "give tradefront a database or a schema of its own (ALTER ROLE … SET search_path = …, for each of its roles)"
	switch {
	case k.schema == "":
		return fmt.Sprintf("the search_path of role %s (%s) names no schema that exists and that it may use: GRANT USAGE on it, or ALTER ROLE %s SET search_path = …",
			k.role, k.path, k.role)
	case len(k.ours) == 0 && k.elsewhere != "" && !named:
		return fmt.Sprintf("tradefront's tables are in schema %s, which the search_path of role %s (%s) does not name: ALTER ROLE %s SET search_path = %s "+
			"(a second installation in this database names its search_path in store.url)", k.elsewhere, k.role, k.path, k.role, k.elsewhere)
	case len(k.alien) > 0:
		return fmt.Sprintf("schema %s holds a table %s that is not tradefront's, and nothing was changed: %s", k.schema, strings.Join(k.alien, ", "), apart)
	case len(k.ours) > 0 && len(k.missing) > 0:
		return fmt.Sprintf("of tradefront's tables in schema %s these are gone: %s: restore them from a backup", k.schema, strings.Join(k.missing, ", "))
	case len(k.ours) == 0 && k.versioned && k.rows == 0:
		return fmt.Sprintf("schema %s holds an empty table %s and none of tradefront's: if no other program uses it, DROP TABLE %s, and migrate again; else %s",
			k.schema, goose.DefaultTablename, goose.DefaultTablename, apart)
	case len(k.ours) == 0 && k.current > 0:
		return fmt.Sprintf("the table %s in schema %s is another program's (version %d, and none of tradefront's tables), and nothing was changed: %s",
			goose.DefaultTablename, k.schema, k.current, apart)
	case len(k.ours) > 0 && k.versioned && k.rows > 1 && !k.first:
		return fmt.Sprintf("tradefront's tables are in schema %s, and the table %s that is found is another program's, and nothing was changed: %s",
			k.schema, goose.DefaultTablename, apart)
	}
	return ""
}

// versionLost is what to do where tradefront's tables are there and their versions are not; ""
// if they are.
func (k *known) versionLost(ctx context.Context, q sqlrows.Queryer) (string, error) {
	if len(k.ours) == 0 || k.first {
		return "", nil
	}
	applied, err := tracedVersions(ctx, q)
	if err != nil {
		return "", err
	}
	what, statement := "is empty", ""
	if !k.versioned {
		what = "is gone"
		statement = "CREATE TABLE " + goose.DefaultTablename + " (id integer PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, version_id bigint NOT NULL, " +
			"is_applied boolean NOT NULL, tstamp timestamp NOT NULL DEFAULT now()); "
	}
	var values []string
	if k.rows == 0 {
		values = append(values, "(0, true)")
	}
	for _, v := range applied {
		values = append(values, fmt.Sprintf("(%d, true)", v))
	}
	statement += "INSERT INTO " + goose.DefaultTablename + " (version_id, is_applied) VALUES " + strings.Join(values, ", ") + ";"
	return fmt.Sprintf("tradefront's tables are in schema %s, but the table %s that says their version %s, and nothing was changed: restore it, or run as the "+
		"tables' owner, since they are those of version %d: %s", k.schema, goose.DefaultTablename, what, slices.Max(append(applied, 0)), statement), nil
}

// tracedVersions are the migrations that left their traces, from the first without a gap.
func tracedVersions(ctx context.Context, q sqlrows.Queryer) (applied []int64, err error) {
	for _, t := range traces {
		var there bool
		if err := q.QueryRowContext(ctx, "SELECT "+t.there).Scan(&there); err != nil {
			return nil, err
		}
		if !there {
			break
		}
		applied = append(applied, t.version)
	}
	return applied, nil
}

// CheckPostgres compares what db holds with this binary's schema. The error is a *SchemaError
// if they differ, or if it is not known whether the tables are tradefront's.
func CheckPostgres(ctx context.Context, db *sql.DB, named bool, readable func(error) error) error {
	wanted, err := Latest("postgres")
	if err != nil {
		return err
	}
	e, err := postgresSchema(ctx, db, named)
	if err == nil && e.Trouble != "" {
		// Another process may be migrating, and we looked between two of its steps.
		e, err = schemaAtRest(ctx, db, named)
	}
	if err != nil {
		return fmt.Errorf("store: schema version: %w", readable(err))
	}
	if e.Wanted = wanted; e.Trouble == "" && e.Current == wanted {
		return nil
	}
	return e
}

func postgresSchema(ctx context.Context, q sqlrows.Queryer, named bool) (*store.SchemaError, error) {
	k, err := look(ctx, q)
	if err != nil {
		return nil, err
	}
	e := &store.SchemaError{Current: k.current, Trouble: k.trouble(named)}
	if e.Trouble == "" {
		e.Trouble, err = k.versionLost(ctx, q)
	}
	return e, err
}

// schemaAtRest waits until no other process migrates.
func schemaAtRest(ctx context.Context, db *sql.DB, named bool) (*store.SchemaError, error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback() //nolint:errcheck // nothing was written
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("SELECT pg_advisory_xact_lock_shared(%d)", int64(lockID))); err != nil {
		return nil, err
	}
	return postgresSchema(ctx, tx, named)
}
