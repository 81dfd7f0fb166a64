package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/core/local"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
)

// RunDirectory runs the suite of the directory; open returns an empty one whose store is
// closed by t.Cleanup.
func RunDirectory(t *testing.T, open func(t *testing.T) *directory.Directory) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, *directory.Directory)
	}{
		{"apps", apps},
		{"accounts", accounts},
		{"every change moves the generation", generation},
		{"what fails changes nothing", failures},
		{"concurrent changes", concurrentChanges},
		{"reseal", reseal},
		{"bindings", bindings},
		{"relays", relays},
		{"relays' scope", relayScope},
		{"a large scope", largeScope},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

var created = time.Date(2026, 1, 5, 8, 30, 0, 123456000, regulation.Zone)

func app(id regulation.AppID) auth.App {
	return auth.App{
		AppID: id, Type: auth.AppDirect, Sealed: []byte{0, 1, 0xfe, 0xff}, Enabled: true,
		Created: created, Changed: created,
	}
}

func account(name regulation.Account) local.Account {
	return local.Account{
		Account: name, UserType: regulation.UserCustomer,
		PasswordHash: "$argon2id$v=19$m=65536,t=1,p=1$c2FsdA$aGFzaA", Created: created, Changed: created,
	}
}

func apps(t *testing.T, d *directory.Directory) {
	a, b, lower := app("client_a_1.0"), app("client_b_1.0"), app("CLIENT_a_1.0")
	b.Enabled, b.Cipher = false, auth.SM4
	for _, x := range []auth.App{b, a, lower} {
		must(t, d.AddApp(t.Context(), x))
	}
	// AppIDs are case-sensitive, and their order is that of their bytes.
	equalApps(t, d, []auth.App{lower, a, b})

	must(t, d.SetAppEnabled(t.Context(), a.AppID, false))
	must(t, d.SetAppEnabled(t.Context(), b.AppID, true))
	wasA, wasB := a.Sealed, b.Sealed
	a.Enabled, b.Enabled, b.Sealed = false, true, []byte("new")
	a.Sealed, a.Cipher = []byte("newer"), auth.SM4
	a.Previous = auth.Predecessor{Sealed: []byte("old"), Cipher: auth.AES, Until: created.Add(time.Hour)}
	must(t, d.SetAppCodes(t.Context(), wasB, b))
	must(t, d.SetAppCodes(t.Context(), wasA, a))
	equalApps(t, d, []auth.App{lower, a, b}, cmpopts.IgnoreFields(auth.App{}, "Changed"))
	got, err := d.Apps(t.Context())
	must(t, err)
	if !got[0].Changed.Equal(created) || !got[1].Changed.After(created) || !got[2].Changed.After(created) {
		t.Errorf("changed: %v, %v, %v", got[0].Changed, got[1].Changed, got[2].Changed)
	}
}

func accounts(t *testing.T, d *directory.Directory) {
	a, b := account("1001"), account("2002")
	b.UserType = regulation.UserOperator
	must(t, d.AddAccount(t.Context(), b))
	must(t, d.AddAccount(t.Context(), a))
	equalAccounts(t, d, []local.Account{a, b})

	at := created.Add(time.Hour)
	must(t, d.UnlockAccount(t.Context(), a.Account, at))
	must(t, d.SetPassword(t.Context(), a.Account, "$argon2id$other"))
	a.Unlocked, a.PasswordHash = at, "$argon2id$other"
	equalAccounts(t, d, []local.Account{a, b}, cmpopts.IgnoreFields(local.Account{}, "Changed"))
}

func generation(t *testing.T, d *directory.Directory) {
	before := current(t, d)
	for _, change := range []func() error{
		func() error { return d.AddApp(t.Context(), app("client_a_1.0")) },
		func() error { return d.SetAppEnabled(t.Context(), "client_a_1.0", false) },
		func() error {
			return d.SetAppCodes(t.Context(), app("").Sealed, auth.App{AppID: "client_a_1.0", Sealed: []byte("x")})
		},
		func() error {
			_, err := d.ChangeBinding(t.Context(), "client_a_1.0", func(b *auth.Binding) error {
				b.Accounts = []auth.AccountPattern{"8001*"}
				return nil
			})
			return err
		},
		func() error { return d.ResealApps(t.Context(), func(*auth.App) error { return nil }) },
		func() error { return d.AddAccount(t.Context(), account("1001")) },
		func() error { return d.UnlockAccount(t.Context(), "1001", created) },
		func() error { return d.SetPassword(t.Context(), "1001", "$argon2id$other") },
	} {
		must(t, change())
		after := current(t, d)
		if after <= before {
			t.Fatalf("generation %d after %d", after, before)
		}
		before = after
	}
}

func failures(t *testing.T, d *directory.Directory) {
	must(t, d.AddApp(t.Context(), app("client_a_1.0")))
	must(t, d.AddAccount(t.Context(), account("1001")))
	before := current(t, d)
	other := app("client_a_1.0")
	other.Sealed = []byte("other")
	for _, c := range []struct {
		name      string
		got, want error
	}{
		{"AddApp again", d.AddApp(t.Context(), other), store.ErrExists},
		{"AddAccount again", d.AddAccount(t.Context(), account("1001")), store.ErrExists},
		{"SetAppEnabled", d.SetAppEnabled(t.Context(), "client_x_1.0", true), store.ErrNotFound},
		{"SetAppEnabled in other letters", d.SetAppEnabled(t.Context(), "CLIENT_A_1.0", true), store.ErrNotFound},
		{"SetAppCodes", d.SetAppCodes(t.Context(), other.Sealed, auth.App{AppID: "client_x_1.0"}), store.ErrNotFound},
		{"SetAppCodes after another change", d.SetAppCodes(t.Context(), []byte("stale"), other), store.ErrNotFound},
		{"SetPassword", d.SetPassword(t.Context(), "9999", "hash"), store.ErrNotFound},
		{"UnlockAccount", d.UnlockAccount(t.Context(), "9999", created), store.ErrNotFound},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, c.got, c.want)
		}
	}
	if after := current(t, d); after != before {
		t.Errorf("generation %d, was %d", after, before)
	}
	equalApps(t, d, []auth.App{app("client_a_1.0")})
}

// reseal: all AppIDs or none, and nothing but how their codes are sealed.
func reseal(t *testing.T, d *directory.Directory) {
	a, b := app("client_a_1.0"), app("client_b_1.0")
	b.Previous = auth.Predecessor{Sealed: []byte("old"), Cipher: auth.SM4, Until: created.Add(time.Hour)}
	must(t, d.AddApp(t.Context(), a))
	must(t, d.AddApp(t.Context(), b))
	before := current(t, d)
	broken := errors.New("does not open")
	err := d.ResealApps(t.Context(), func(x *auth.App) error {
		x.Sealed = []byte("half")
		if x.AppID == b.AppID {
			return broken
		}
		return nil
	})
	if !errors.Is(err, broken) || current(t, d) != before {
		t.Errorf("%v, generation %d after %d", err, current(t, d), before)
	}
	equalApps(t, d, []auth.App{a, b})

	must(t, d.ResealApps(t.Context(), func(x *auth.App) error {
		x.Sealed = append(x.Sealed, '+')
		x.Previous.Sealed = append(x.Previous.Sealed, '+')
		x.Enabled, x.Changed = false, created.Add(time.Hour) // not its business
		if x.AppID == a.AppID {
			x.Previous = auth.Predecessor{}
		}
		return nil
	}))
	a.Sealed = append(a.Sealed, '+')
	b.Sealed, b.Previous.Sealed = append(b.Sealed, '+'), []byte("old+")
	equalApps(t, d, []auth.App{a, b})
	if current(t, d) <= before {
		t.Error("the generation did not change")
	}
}

// concurrentChanges: no change is lost, and of many that add the same, one succeeds.
func concurrentChanges(t *testing.T, d *directory.Directory) {
	const changers = 8
	before := current(t, d)
	results := make(chan error, changers)
	var wg sync.WaitGroup
	for i := range changers {
		wg.Go(func() {
			results <- d.AddApp(t.Context(), app("client_one_1.0"))
			if err := d.AddAccount(t.Context(), account(regulation.Account(fmt.Sprintf("%04d", i)))); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	close(results)
	added := 0
	for err := range results {
		if err == nil {
			added++
		} else if !errors.Is(err, store.ErrExists) {
			t.Error(err)
		}
	}
	if after := current(t, d); added != 1 || after != before+changers+1 {
		t.Errorf("%d times added, generation %d after %d, want 1 and %d", added, after, before, before+changers+1)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func current(t *testing.T, d *directory.Directory) int64 {
	t.Helper()
	g, err := d.Generation(t.Context())
	must(t, err)
	return g
}

func equalApps(t *testing.T, d *directory.Directory, want []auth.App, opts ...cmp.Option) {
	t.Helper()
	got, err := d.Apps(t.Context())
	must(t, err)
	if diff := cmp.Diff(want, got, opts...); diff != "" {
		t.Errorf("apps (-want +got):\n%s", diff)
	}
}

func equalAccounts(t *testing.T, d *directory.Directory, want []local.Account, opts ...cmp.Option) {
	t.Helper()
	got, err := d.Accounts(t.Context())
	must(t, err)
	if diff := cmp.Diff(want, got, opts...); diff != "" {
		t.Errorf("accounts (-want +got):\n%s", diff)
	}
}
