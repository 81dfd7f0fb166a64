package storetest

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/relay"
	"github.com/tradefront/tradefront/internal/store"
)

// RelayOf is a relay with something in each column.
func RelayOf(id regulation.AppID) (auth.App, relay.Permission) {
	a := app(id)
	a.Type = auth.AppOperatorRelay
	p := relay.NewPermission(id)
	p.Networks = []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("2001:db8::/64")}
	p.Operators = []regulation.Account{"8000"}
	p.AllowedApps = []regulation.AppID{"client_demo_1.0"}
	p.TerminalApps, p.Chained = relay.Audit, true
	p.ClientCerts = []relay.CertDigest{relay.CertDigest(fmt.Sprintf("%064x", 7)), relay.CertDigest(fmt.Sprintf("%064x", 8))}
	p.Connections, p.Rate, p.Burst, p.Window = 1, 2, 3, 4
	p.Created, p.Changed = a.Created, a.Created
	return a, p
}

// Single are grants of one account each.
func Single(id regulation.AppID, accounts ...string) (grants []relay.Grant) {
	for _, a := range accounts {
		grants = append(grants, relay.Grant{AppID: id, Operator: "8000", Kind: relay.Single, Value: a})
	}
	return grants
}

// relays: a relay is there whole or not at all, and each change of it moves both generations.
func relays(t *testing.T, d *directory.Directory) {
	a, p := RelayOf("relay_a_1")
	g := Single(p.AppID, "1", "2")
	must(t, d.AddRelay(t.Context(), a, p, append(g, g...)))
	wantRelays(t, d, []relay.Permission{p}, g)
	for _, wrong := range []struct {
		app    auth.App
		p      relay.Permission
		grants []relay.Grant
	}{
		{a, p, nil},
		{app("relay_b_1"), relay.NewPermission("relay_b_1"), nil}, // direct
		{a, relay.NewPermission("relay_b_1"), nil},
		{a, relay.Permission{AppID: a.AppID}, nil},
	} {
		if err := d.AddRelay(t.Context(), wrong.app, wrong.p, wrong.grants); err == nil {
			t.Errorf("added %+v", wrong)
		}
	}
	// An AppID that is there already leaves nothing of a relay.
	must(t, d.AddApp(t.Context(), app("direct_a_1")))
	other, q := RelayOf("direct_a_1")
	if err := d.AddRelay(t.Context(), other, q, nil); !errors.Is(err, store.ErrExists) {
		t.Errorf("%v, want ErrExists", err)
	}
	wantRelays(t, d, []relay.Permission{p}, g)

	p.Networks, p.AllowedApps, p.Rate = nil, nil, 9
	must(t, d.SetPermission(t.Context(), p))
	wantRelays(t, d, []relay.Permission{p}, g)
	for id, want := range map[regulation.AppID]error{"direct_a_1": directory.ErrNoRelay, "no_a_1": store.ErrNotFound} {
		_, found := d.FindRelay(t.Context(), id)
		_, added := d.AddGrants(t.Context(), id, Single(id, "1"))
		for _, err := range []error{d.SetPermission(t.Context(), relay.NewPermission(id)), d.SetRelayEnabled(t.Context(), id, false), found, added} {
			if !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", id, err, want)
			}
		}
	}
	must(t, d.SetRelayEnabled(t.Context(), p.AppID, false))
	if r, err := d.FindRelay(t.Context(), p.AppID); err != nil || r.App.Enabled || r.App.Type != auth.AppOperatorRelay || len(r.Grants) != 2 {
		t.Errorf("%+v, %v", r, err)
	}
}

// relayScope: grants come, go and come again; what is there already is not counted.
func relayScope(t *testing.T, d *directory.Directory) {
	const id = "relay_a_1"
	a, p := RelayOf(id)
	must(t, d.AddRelay(t.Context(), a, p, nil))
	others := []relay.Grant{
		{AppID: id, Operator: "9000", Kind: relay.All},
		{AppID: id, Operator: "9000", Kind: relay.Prefix, Value: "88"},
	}
	for _, step := range []struct {
		name string
		do   func() (directory.ScopeChange, error)
		did  directory.ScopeChange
		has  []relay.Grant
	}{
		{"add", func() (directory.ScopeChange, error) {
			return d.AddGrants(t.Context(), id, append(Single(id, "1", "2", "1"), others...))
		}, directory.ScopeChange{Added: 4, Now: 4}, append(Single(id, "1", "2"), others...)},
		{
			"add again", func() (directory.ScopeChange, error) { return d.AddGrants(t.Context(), id, Single(id, "2")) },
			directory.ScopeChange{Now: 4},
			append(Single(id, "1", "2"), others...),
		},
		{
			"remove", func() (directory.ScopeChange, error) {
				return d.RemoveGrants(t.Context(), id, Single(id, "1", "1", "7"))
			},
			directory.ScopeChange{Removed: 1, Now: 3},
			append(Single(id, "2"), others...),
		},
		{"replace one operator's", func() (directory.ScopeChange, error) {
			return d.ReplaceScope(t.Context(), id, []regulation.Account{"8000"}, Single(id, "1", "3", "3"))
		}, directory.ScopeChange{Added: 2, Removed: 1, Now: 4}, append(Single(id, "1", "3"), others...)},
	} {
		before, all := relayGeneration(t, d), current(t, d)
		did, err := step.do()
		if err != nil || did != step.did {
			t.Errorf("%s: %+v, %v; want %+v", step.name, did, err, step.did)
		}
		wantRelays(t, d, []relay.Permission{p}, step.has)
		if relayGeneration(t, d) <= before || current(t, d) <= all {
			t.Errorf("%s: the generation did not change", step.name)
		}
	}
	before := relayGeneration(t, d)
	must(t, d.AddAccount(t.Context(), account("1001")))
	if relayGeneration(t, d) != before {
		t.Error("an account moves the relays' generation")
	}
}

// largeScope: 20,000 accounts come in one change, and one of them goes in another.
func largeScope(t *testing.T, d *directory.Directory) {
	const id = "relay_a_1"
	a, p := RelayOf(id)
	must(t, d.AddRelay(t.Context(), a, p, nil))
	accounts := make([]string, 20_000)
	for i := range accounts {
		accounts[i] = fmt.Sprintf("%08d", i)
	}
	began := time.Now()
	did, err := d.ReplaceScope(t.Context(), id, []regulation.Account{"8000"}, Single(id, accounts...))
	if err != nil || did.Added != len(accounts) {
		t.Fatalf("%+v, %v", did, err)
	}
	first := time.Since(began)
	did, err = d.ReplaceScope(t.Context(), id, []regulation.Account{"8000"}, Single(id, accounts[1:]...))
	if err != nil || did != (directory.ScopeChange{Removed: 1, Now: len(accounts) - 1}) {
		t.Fatalf("%+v, %v", did, err)
	}
	t.Logf("20,000 grants in %v, the same without one in %v", first, time.Since(began)-first)
}

func wantRelays(t *testing.T, d *directory.Directory, permissions []relay.Permission, grants []relay.Grant) {
	t.Helper()
	p, g, err := d.Relays(t.Context())
	must(t, err)
	network := cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })
	if diff := cmp.Diff(permissions, p, network, cmpopts.IgnoreFields(relay.Permission{}, "Changed")); diff != "" {
		t.Errorf("permissions (-want +got):\n%s", diff)
	}
	grants = slices.Clone(grants)
	slices.SortFunc(grants, func(a, b relay.Grant) int {
		return slices.Compare([]string{string(a.AppID), string(a.Operator), string(rune(a.Kind)), a.Value},
			[]string{string(b.AppID), string(b.Operator), string(rune(b.Kind)), b.Value})
	})
	if diff := cmp.Diff(grants, g); diff != "" {
		t.Errorf("grants (-want +got):\n%s", diff)
	}
}

func relayGeneration(t *testing.T, d *directory.Directory) int64 {
	t.Helper()
	g, err := d.RelayGeneration(t.Context())
	must(t, err)
	return g
}
