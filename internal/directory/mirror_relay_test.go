package directory_test

import (
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/relay"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

func relayGeneration(t *testing.T, m *directory.Mirror) int64 {
	t.Helper()
	g, err := m.RelayGeneration(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// TestMirrorFollowsRelays: each change arrives, and nothing else moves the relays' generation, by which fronts read them.
func TestMirrorFollowsRelays(t *testing.T) {
	t.Parallel()
	l, p := storetest.OpenJournal(t), storetest.OpenPostgres(t)
	d, m := directory.New(p.Tables()), storetest.OpenMirror(t, p, l)
	storetest.AddApp(t, p, "a")
	storetest.Refreshed(t, m)
	ids := []regulation.AppID{"relay_a_1", "relay_b_1"}
	steps := []struct {
		name  string
		do    func() error
		moves bool
	}{
		{"two relays", func() error {
			for _, id := range ids {
				a, permission := storetest.RelayOf(id)
				if err := d.AddRelay(t.Context(), a, permission, storetest.Single(id, "1", "2")); err != nil {
					return err
				}
			}
			return nil
		}, true},
		{"an account", func() error { addAccount(t, p, "1"); return nil }, false},
		{"a permission", func() error {
			_, err := d.ChangePermission(t.Context(), ids[0], func(p *relay.Permission) error { p.Rate = 77; return nil })
			return err
		}, true},
		{"a grant more", func() error { _, err := d.AddGrants(t.Context(), ids[1], storetest.Single(ids[1], "3")); return err }, true},
		{"a grant less", func() error { _, err := d.RemoveGrants(t.Context(), ids[1], storetest.Single(ids[1], "1")); return err }, true},
		{"a disabled relay", func() error { return d.SetRelayEnabled(t.Context(), ids[0], false) }, false},
		{"a relay that an administrator deleted", func() error {
			storetest.Execute(t, p, "DELETE FROM relay_scope WHERE app_id = 'relay_b_1'; DELETE FROM relay WHERE app_id = 'relay_b_1';"+
				"UPDATE directory SET generation = generation + 1, relays = relays + 1")
			return nil
		}, true},
	}
	for _, step := range steps {
		before := relayGeneration(t, m)
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		storetest.Refreshed(t, m)
		storetest.WantMirrored(t, m, p)
		if moved := relayGeneration(t, m) > before; moved != step.moves {
			t.Errorf("%s: the relays' generation moved: %t", step.name, moved)
		}
	}
	// A database restored from a dump has other rows under the same version: the next life sees it.
	storetest.Execute(t, p, "UPDATE relay_scope SET granted = 0 WHERE value = '2'")
	m = storetest.OpenMirror(t, p, l)
	storetest.Refreshed(t, m)
	storetest.Refreshed(t, m)
	storetest.WantMirrored(t, m, p)
}

// TestMirrorOfALargeScope: 20,000 grants are read when one of them changed, and not before.
func TestMirrorOfALargeScope(t *testing.T) {
	t.Parallel()
	l, p := storetest.OpenJournal(t), storetest.OpenPostgres(t)
	d, m := directory.New(p.Tables()), storetest.OpenMirror(t, p, l)
	a, permission := storetest.RelayOf("relay_a_1")
	if err := d.AddRelay(t.Context(), a, permission, nil); err != nil {
		t.Fatal(err)
	}
	storetest.Execute(t, p, `INSERT INTO relay_scope SELECT 'relay_a_1', '8000', 'S', to_char(n, 'FM00000000'), 1, 1 FROM generate_series(1, 20000) n;
		UPDATE relay SET scope_version = 'x'; UPDATE directory SET generation = generation + 1, relays = relays + 1`)
	took := func(what string) {
		began := time.Now()
		storetest.Refreshed(t, m)
		t.Logf("%s: %v", what, time.Since(began))
	}
	took("all of them")
	took("all of them, compared")
	if _, err := d.RemoveGrants(t.Context(), "relay_a_1", storetest.Single("relay_a_1", "00000007")); err != nil {
		t.Fatal(err)
	}
	took("one of them")
	_, grants, err := m.Relays(t.Context())
	if err != nil || len(grants) != 19_999 {
		t.Fatalf("%d grants, %v", len(grants), err)
	}
	// Without a new version no scope is read: this row is not tradefront's way of changing one.
	storetest.Execute(t, p, "UPDATE relay_scope SET granted = 0 WHERE value = '00000008'; UPDATE directory SET generation = generation + 1, relays = relays + 1; "+
		"INSERT INTO directory_change SELECT generation, 'x' FROM directory")
	took("none of them")
	if _, grants, err = m.Relays(t.Context()); err != nil || len(grants) != 19_999 {
		t.Errorf("%d grants, %v: the scope was read again", len(grants), err)
	}
}
