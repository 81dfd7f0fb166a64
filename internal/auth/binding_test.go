package auth

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tradefront/tradefront/internal/regulation"
)

// bind makes the row of an AppID with those lists.
func bind(t *testing.T, master *MasterKey, id regulation.AppID, accounts, networks, confined string) App {
	t.Helper()
	a := app(t, master, id, vectorCode, true)
	a.Binding = BindingText{accounts, networks, confined}
	return a
}

// TestBindings: who may log in through which AppID, from where.
func TestBindings(t *testing.T) {
	t.Parallel()
	r, source, master := newTestRegistry(t)
	source.set(
		bind(t, master, "v_free_1.0", "", "", ""),
		bind(t, master, "v_own_1.0", "8001* 90010001", "", ""),
		bind(t, master, "v_office_1.0", "", "10.1.0.0/16 2001:db8::/32", ""),
		bind(t, master, "v_home_1.0", "", "", "70010001 70010002"),
		bind(t, master, "v_other_1.0", "", "", "70010001"),
		bind(t, master, "v_broken_1.0", "", "10.1.0.0/99", ""),
	)
	if changed, err := r.Refresh(t.Context()); !changed || err == nil || !strings.Contains(err.Error(), `AppID "v_broken_1.0": binding: `) {
		t.Fatalf("changed %v, %v; want the broken row named", changed, err)
	}
	if r.Len() != 5 || r.Unreadable() != 1 {
		t.Errorf("%d AppIDs, %d unreadable", r.Len(), r.Unreadable())
	}
	for _, c := range []struct {
		app, account, addr string
		want               Verdict
	}{
		{"v_free_1.0", "12345678", "203.0.113.9", OK},
		{"v_free_1.0", "70010001", "203.0.113.9", ConfinedAccount},
		{"v_free_1.0", "7001000", "203.0.113.9", OK},
		{"v_own_1.0", "80010001", "203.0.113.9", OK},
		{"v_own_1.0", "8001", "203.0.113.9", OK},
		{"v_own_1.0", "800", "203.0.113.9", OtherAccount},
		{"v_own_1.0", "90010001", "203.0.113.9", OK},
		{"v_own_1.0", "900100012", "203.0.113.9", OtherAccount},
		{"v_own_1.0", "70010001", "203.0.113.9", OtherAccount},
		{"v_own_1.0", "", "203.0.113.9", OtherAccount},
		{"v_office_1.0", "12345678", "10.1.2.3", OK},
		{"v_office_1.0", "12345678", "::ffff:10.1.2.3", OK},
		{"v_office_1.0", "12345678", "2001:db8::1", OK},
		{"v_office_1.0", "12345678", "10.2.2.3", OtherNetwork},
		{"v_office_1.0", "12345678", "2001:db9::1", OtherNetwork},
		{"v_office_1.0", "12345678", "", OtherNetwork},
		{"v_office_1.0", "70010001", "10.1.2.3", ConfinedAccount},
		{"v_home_1.0", "70010001", "203.0.113.9", OK},
		{"v_other_1.0", "70010001", "203.0.113.9", OK},
		{"v_other_1.0", "70010002", "203.0.113.9", ConfinedAccount},
		{"v_home_1.0", "12345678", "203.0.113.9", OK},
		{"v_none_1.0", "12345678", "203.0.113.9", OK},
	} {
		addr, _ := netip.ParseAddr(c.addr)
		if got := r.AdmitsLogin([]byte(c.app), []byte(c.account), addr); got != c.want {
			t.Errorf("%s through %s from %s: %v, want %v", c.account, c.app, c.addr, got, c.want)
		}
		if got := r.AdmitsFrom([]byte(c.app), addr); (got == OtherNetwork) != (c.want == OtherNetwork) {
			t.Errorf("%s from %s: %v", c.app, c.addr, got)
		}
	}
}

// TestBindingText: what is written is read again, and what a person wrote wrongly is told.
func TestBindingText(t *testing.T) {
	t.Parallel()
	b := Binding{
		Accounts: []AccountPattern{"8001*", "10010001", "8001*"}, Confined: []regulation.Account{"b", "a"},
		Networks: []netip.Prefix{netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("10.0.0.0/8")},
	}
	text, err := b.Text()
	if want := (BindingText{"10010001 8001*", "10.0.0.0/8 2001:db8::/32", "a b"}); err != nil || text != want {
		t.Errorf("%+v, %v; want %+v", text, err, want)
	}
	again, err := text.Parse()
	want := Binding{[]AccountPattern{"10010001", "8001*"}, []netip.Prefix{b.Networks[1], b.Networks[0]}, []regulation.Account{"a", "b"}}
	if diff := cmp.Diff(want, again, cmpopts.EquateComparable(netip.Prefix{})); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for _, wrong := range []BindingText{{Accounts: "10-10"}, {Accounts: "*"}, {Accounts: "80*01"}, {Networks: "10.0.0.1"}, {Confined: "8001*"}} {
		if _, err := wrong.Parse(); err == nil {
			t.Errorf("%+v is taken", wrong)
		}
	}
	long := Binding{Confined: make([]regulation.Account, MaxBoundAccounts+1)}
	if _, err := long.Text(); err == nil || !strings.Contains(err.Error(), "confined accounts: 1001") {
		t.Errorf("%v", err)
	}
}
