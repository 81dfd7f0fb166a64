package storetest

import (
	"errors"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
)

// bindings: they are of one direct AppID, and a change that changes nothing leaves the generation.
func bindings(t *testing.T, d *directory.Directory) {
	a, b, relay := app("client_a_1.0"), app("client_b_1.0"), app("relay_a_1.0")
	relay.Type = auth.AppInvestorRelay
	for _, x := range []auth.App{a, b, relay} {
		must(t, d.AddApp(t.Context(), x))
	}
	change := func(id regulation.AppID, to auth.Binding) error {
		_, err := d.ChangeBinding(t.Context(), id, func(b *auth.Binding) error {
			*b = to
			return nil
		})
		return err
	}
	must(t, change(a.AppID, auth.Binding{
		Accounts: []auth.AccountPattern{"8001*", "1001"}, Networks: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, Confined: []regulation.Account{"2001"},
	}))
	a.Binding = auth.BindingText{Accounts: "1001 8001*", Networks: "10.0.0.0/8", Confined: "2001"}
	equalApps(t, d, []auth.App{a, b, relay}, cmpopts.IgnoreFields(auth.App{}, "Changed"))
	before := current(t, d)
	stop := errors.New("stop")
	_, stopped := d.ChangeBinding(t.Context(), b.AppID, func(*auth.Binding) error { return stop })
	for _, c := range []struct {
		name      string
		got, want error
	}{
		{"the same again", change(a.AppID, auth.Binding{
			Accounts: []auth.AccountPattern{"1001", "8001*"}, Networks: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, Confined: []regulation.Account{"2001"},
		}), directory.ErrUnchanged},
		{"a relay", change(relay.AppID, auth.Binding{Confined: []regulation.Account{"1"}}), directory.ErrRelay},
		{"no AppID", change("client_x_1.0", auth.Binding{}), store.ErrNotFound},
		{"a change that fails", stopped, stop},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, c.got, c.want)
		}
	}
	if after := current(t, d); after != before {
		t.Errorf("generation %d, was %d", after, before)
	}
	must(t, change(a.AppID, auth.Binding{}))
	a.Binding = auth.BindingText{}
	equalApps(t, d, []auth.App{a, b, relay}, cmpopts.IgnoreFields(auth.App{}, "Changed"))
}
