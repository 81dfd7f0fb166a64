package postgres_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/pgtest"
)

// TestFsyncOffIsRefused, also when a reload switches it off under connections that are open.
func TestFsyncOffIsRefused(t *testing.T) {
	t.Parallel()
	c := pgtest.Start(t)
	p := storetest.OpenPostgresAt(t, c.URL(), postgres.Options{})
	if err := p.Probe(t.Context()); err != nil {
		t.Fatal(err)
	}
	fsync := func(value string) {
		c.SQL("ALTER SYSTEM SET fsync = " + value)
		c.SQL("SELECT pg_reload_conf()")
	}
	fsync("off")
	refused := func(err error) error {
		if err == nil || !strings.Contains(err.Error(), "fsync is off") {
			return fmt.Errorf("with fsync off: %v", err) //nolint:errorlint // only shown
		}
		return nil
	}
	storetest.Eventually(t, func() error { return refused(p.Probe(t.Context())) })
	storetest.Eventually(t, func() error { return refused(p.Put(t.Context(), storetest.Records(storetest.Day, 1))) })
	if err := refused(storetest.Connect(t, c.URL(), postgres.Options{}).Ping(t.Context())); err != nil {
		t.Error(err)
	}
	fsync("on")
	storetest.Eventually(t, func() error { return p.Probe(t.Context()) })
}

// TestRowSecurityHidesNothing: each read or write gets all records or an error.
func TestRowSecurityHidesNothing(t *testing.T) {
	t.Parallel()
	database := pgtest.Database(t)
	super := roles(t, database)
	owner := storetest.OpenPostgresAt(t, as(t, postgres.RoleOwner, database), postgres.Options{})
	storetest.Execute(t, super, rolesSQL(t))
	front := storetest.Connect(t, as(t, postgres.RoleFront, database), postgres.Options{})
	report := storetest.Connect(t, as(t, postgres.RoleReport, database), postgres.Options{})
	recs := storetest.Records(storetest.Day, 4)
	if err := front.Put(t.Context(), recs); err != nil {
		t.Fatal(err)
	}
	storetest.Execute(t, super, "ALTER TABLE record ENABLE ROW LEVEL SECURITY")
	storetest.Execute(t, super, "CREATE POLICY most ON record FOR SELECT TO tradefront_report USING (account <> '"+string(recs[0].Account)+"')")
	more := storetest.Records(storetest.Day, 1)
	for what, try := range map[string]func() error{
		"export": func() error {
			s, err := report.Snapshot(t.Context(), storetest.Day)
			if err != nil {
				return err
			}
			return errors.Join(s.Scan(t.Context(), "", func(*store.Record) error { return nil }), s.Close())
		},
		"state":  func() error { _, err := report.State(t.Context(), storetest.Day, ""); return err },
		"days":   func() error { _, err := report.Days(t.Context()); return err },
		"find":   func() error { _, err := report.Find(t.Context(), recs[0].ID); return err },
		"scan":   func() error { return report.Scan(t.Context(), storetest.Day, func(*store.Record) error { return nil }) },
		"copy":   func() error { return front.CopyIn(t.Context(), more) },
		"upsert": func() error { return front.Put(t.Context(), more) },
	} {
		if err := try(); !errors.Is(err, store.ErrRowSecurity) {
			t.Errorf("%s: %v, want ErrRowSecurity", what, err)
		}
	}
	storetest.WantExactly(t, owner, storetest.Day, recs) // policies do not apply to the owner
	storetest.Execute(t, super, "ALTER TABLE record FORCE ROW LEVEL SECURITY")
	if _, err := owner.Days(t.Context()); !errors.Is(err, store.ErrRowSecurity) {
		t.Errorf("the owner under FORCE: %v, want ErrRowSecurity", err)
	}
	storetest.Execute(t, super, "ALTER TABLE record NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY")

	// Of the other tables too: which fronts hold records, and what was exported.
	for table, try := range map[string]func() error{
		"front":         func() error { _, err := report.Fronts(t.Context()); return err },
		"report_export": func() error { _, err := report.Exports(t.Context(), storetest.Day); return err },
	} {
		storetest.Execute(t, super, "ALTER TABLE "+table+" ENABLE ROW LEVEL SECURITY")
		if err := try(); !errors.Is(err, store.ErrRowSecurity) {
			t.Errorf("%s: %v, want ErrRowSecurity", table, err)
		}
		storetest.Execute(t, super, "ALTER TABLE "+table+" DISABLE ROW LEVEL SECURITY")
	}
	if err := front.CopyIn(t.Context(), more); err != nil {
		t.Error(err)
	}
}
