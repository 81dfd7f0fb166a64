package storetest

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/postgres"
)

func OpenMirror(t *testing.T, p *postgres.Store, l *journal.Journal) *directory.Mirror {
	t.Helper()
	m, err := directory.OpenMirror(t.Context(), p, l)
	if err != nil {
		t.Fatal(err)
	}
	m.CompareAfter = 0 // the second Refresh of a life compares all
	return m
}

func Refreshed(t *testing.T, m *directory.Mirror) {
	t.Helper()
	if err := m.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if asOf, err := m.AsOf(); err != nil || time.Since(asOf) > Patience {
		t.Errorf("as of %v, error %v", asOf, err)
	}
}

func AddApp(t *testing.T, p *postgres.Store, id string) {
	t.Helper()
	at := time.UnixMicro(1_700_000_000_000_001).In(regulation.Zone)
	if err := directory.New(p.Tables()).AddApp(t.Context(), auth.App{
		AppID: regulation.AppID(id), Type: '1', Cipher: 1, Sealed: []byte("sealed " + id), Enabled: true, Created: at, Changed: at,
	}); err != nil {
		t.Fatal(err)
	}
}

// WantMirrored fails unless m has what p has.
func WantMirrored(t *testing.T, m *directory.Mirror, p *postgres.Store) {
	t.Helper()
	apps, err := m.Apps(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	accounts, err := m.Accounts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	theirApps, err := directory.New(p.Tables()).Apps(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	theirAccounts, err := directory.New(p.Tables()).Accounts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	relays, grants, err := m.Relays(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	theirRelays, theirGrants, err := directory.New(p.Tables()).Relays(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	network := cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })
	if diff := cmp.Diff(theirRelays, relays, network); diff != "" {
		t.Errorf("relays (-PostgreSQL +mirror):\n%s", diff)
	}
	if diff := cmp.Diff(theirGrants, grants); diff != "" {
		t.Errorf("relays' scopes (-PostgreSQL +mirror):\n%s", diff)
	}
	if diff := cmp.Diff(theirApps, apps); diff != "" {
		t.Errorf("AppIDs (-PostgreSQL +mirror):\n%s", diff)
	}
	if diff := cmp.Diff(theirAccounts, accounts); diff != "" {
		t.Errorf("accounts (-PostgreSQL +mirror):\n%s", diff)
	}
}

func MirrorGeneration(t *testing.T, m *directory.Mirror) int64 {
	t.Helper()
	g, err := m.Generation(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return g
}
