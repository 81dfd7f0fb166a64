package localfile_test

import (
	"database/sql"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pressly/goose/v3"

	"github.com/tradefront/tradefront/internal/store/localfile"
	"github.com/tradefront/tradefront/test/testmain"
)

func TestMain(m *testing.M) { os.Exit(testmain.Run(m)) }

var update = flag.Bool("update", false, "write migrations/local.sql anew, from the migrations")

// TestNewStoreIsWhatMigrationsMake: a store that Ensure creates from migrations/local.sql has, byte for byte, the schema and the rows of
// an empty file that went through all migrations. A new migration is in local.sql after
//
//	go test ./internal/store/localfile -update
func TestNewStoreIsWhatMigrationsMake(t *testing.T) {
	t.Parallel()
	migrated := open(t, filepath.Join(t.TempDir(), "migrated.db"), localfile.CreatePrivate)
	if err := localfile.Migrate(t.Context(), migrated); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("../schema/migrations/local.sql", []byte(snapshot(t, migrated)), 0o644); err != nil {
			t.Fatal(err)
		}
		t.Skip("local.sql is written; the next run compiles it in")
	}
	created := open(t, filepath.Join(t.TempDir(), "created.db"), func(path string) error {
		return localfile.Ensure(t.Context(), path, localfile.Options{})
	})
	if diff := cmp.Diff(content(t, migrated), content(t, created)); diff != "" {
		t.Errorf("a new store is not what the migrations make (-migrated +created); go test ./internal/store/localfile -update makes local.sql anew:\n%s", diff)
	}
}

func open(t *testing.T, path string, create func(path string) error) *sql.DB {
	t.Helper()
	if err := create(path); err != nil {
		t.Fatal(err)
	}
	db, err := localfile.Open(path, localfile.Options{}, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// snapshot is a database as the statements that make it: its tables and indexes in their order, then its rows.
func snapshot(t *testing.T, db *sql.DB) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("-- Made from all migrations in local/ by go test ./internal/store/localfile -update: do not edit.\n")
	for _, row := range read(t, db, "SELECT sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY rowid") {
		b.WriteString("\n" + row[0] + ";\n")
	}
	b.WriteString("\n")
	for _, table := range tables(t, db) {
		if table == "sqlite_sequence" { // SQLite writes it
			continue
		}
		var names, values []string
		for _, row := range read(t, db, "SELECT name FROM pragma_table_info(?)", table) {
			if table == goose.DefaultTablename && row[0] == "tstamp" { // the time of the creation, its default
				continue
			}
			names = append(names, row[0])
			values = append(values, "quote("+row[0]+")")
		}
		rows := read(t, db, "SELECT "+strings.Join(values, ", ")+" FROM "+table)
		for i, row := range rows {
			rows[i] = []string{"(" + strings.Join(row, ", ") + ")"}
		}
		if len(rows) > 0 {
			fmt.Fprintf(&b, "INSERT INTO %s (%s) VALUES\n\t%s;\n", table, strings.Join(names, ", "), strings.Join(slices.Concat(rows...), ",\n\t"))
		}
	}
	return b.String()
}

// content is all that a database has, but for the times in goose's table.
func content(t *testing.T, db *sql.DB) map[string][][]string {
	t.Helper()
	all := map[string][][]string{
		"schema": read(t, db, "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY rowid"),
	}
	for _, pragma := range []string{"user_version", "application_id", "page_size", "encoding", "auto_vacuum", "journal_mode", "integrity_check"} {
		all[pragma] = read(t, db, "PRAGMA "+pragma)
	}
	for _, table := range tables(t, db) {
		columns := "*"
		if table == goose.DefaultTablename {
			columns = "id, version_id, is_applied, typeof(tstamp), length(tstamp)"
		}
		all[table] = read(t, db, "SELECT "+columns+" FROM "+table)
	}
	return all
}

func tables(t *testing.T, db *sql.DB) (names []string) {
	t.Helper()
	for _, row := range read(t, db, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY rowid") {
		names = append(names, row[0])
	}
	return names
}

// read is the rows of a query as texts.
func read(t *testing.T, db *sql.DB, query string, args ...any) (all [][]string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatal(query, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		row, into := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		texts := make([]string, len(row))
		for i, v := range row {
			if texts[i] = v.String; !v.Valid {
				texts[i] = "NULL"
			}
		}
		all = append(all, texts)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}
