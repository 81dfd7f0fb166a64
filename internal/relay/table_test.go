package relay

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
)

const relayApp, operator = "abcdef_relay_1.6.0", "8000admin"

// rows is a Source whose state a test sets.
type rows struct {
	generation  int64
	permissions []Permission
	grants      []Grant
	err         error
}

func (r *rows) Generation(context.Context) (int64, error) { return r.generation, r.err }

func (r *rows) Relays(context.Context) ([]Permission, []Grant, error) {
	return r.permissions, r.grants, r.err
}

// refresh takes the state over as the next generation.
func (r *rows) refresh(t *testing.T, table *Table) *Relay {
	t.Helper()
	r.generation++
	if changed, err := table.Refresh(context.Background()); err != nil || !changed {
		t.Fatal(changed, err)
	}
	return table.Find([]byte(relayApp))
}

// TestDenyByDefault: what was not granted is refused.
func TestDenyByDefault(t *testing.T) {
	source := &rows{permissions: []Permission{{AppID: relayApp}}}
	table := NewTable(source)
	if table.Loaded() || table.Find([]byte(relayApp)) != nil || (*Table)(nil).Find([]byte(relayApp)) != nil {
		t.Error("a table has relays before its first Refresh")
	}
	r := source.refresh(t, table)
	if r.Admits(netip.MustParseAddr("10.1.2.3")) || r.HasOperator([]byte(operator)) || r.InScope([]byte(operator), []byte("88888888")) || r.Connect() {
		t.Error("an empty permission permits something")
	}
	if table.Find([]byte("other_relay_1.0")) != nil {
		t.Error("a relay without a permission is found")
	}
	source.grants = []Grant{{relayApp, operator, Prefix, ""}, {relayApp, operator, 'X', "8"}, {"other_relay_1.0", operator, All, ""}}
	if r = source.refresh(t, table); r.InScope([]byte(operator), []byte("88888888")) {
		t.Error("all accounts were granted by another word")
	}
}

// TestConnectionsFrom: of each relay that may come from there.
func TestConnectionsFrom(t *testing.T) {
	from := func(networks ...string) (all []netip.Prefix) {
		for _, n := range networks {
			all = append(all, netip.MustParsePrefix(n))
		}
		return all
	}
	source := &rows{permissions: []Permission{
		{AppID: relayApp, Networks: from("10.1.2.0/24", "10.1.0.0/16"), Connections: 50_000},
		{AppID: "abcdef_other_1.0", Networks: from("10.1.2.3/32"), Connections: 16},
		{AppID: "abcdef_none_1.0", Connections: 7},
	}}
	table := NewTable(source)
	if n := table.ConnectionsFrom(netip.MustParseAddr("10.1.2.3")); n != 0 {
		t.Errorf("%d connections before the first Refresh", n)
	}
	source.refresh(t, table)
	for addr, want := range map[string]int{"10.1.2.3": 50_016, "::ffff:10.1.2.4": 50_000, "203.0.113.7": 0} {
		if n := table.ConnectionsFrom(netip.MustParseAddr(addr)); n != want {
			t.Errorf("%s: %d connections, want %d", addr, n, want)
		}
	}
}

func TestScope(t *testing.T) {
	grants := []Grant{
		{relayApp, operator, Single, "70000001"},
		{relayApp, operator, Prefix, "88"},
		{relayApp, operator, Prefix, "9000"},
		{relayApp, "all", All, ""},
	}
	for i := range 100_000 {
		grants = append(grants, Grant{relayApp, "many", Single, fmt.Sprint(50_000_000 + i)})
	}
	source := &rows{permissions: []Permission{{AppID: relayApp}}, grants: grants}
	r := source.refresh(t, NewTable(source))
	for _, c := range []struct {
		operator, account string
		want              bool
	}{
		{operator, "70000001", true},
		{operator, "70000002", false},
		{operator, "7000000", false},
		{operator, "88888888", true},
		{operator, "88", true},
		{operator, "8", false},
		{operator, "9000", true},
		{operator, "90001", true},
		{operator, "900", false},
		{operator, "9001", false},
		{"all", "1", true},
		{"stranger", "88888888", false},
		{"many", "50000000", true},
		{"many", "50099999", true},
		{"many", "50100000", false},
	} {
		if got := r.InScope([]byte(c.operator), []byte(c.account)); got != c.want {
			t.Errorf("%s for %s: %v", c.operator, c.account, got)
		}
	}
}

func TestPermissionIsAsked(t *testing.T) {
	source := &rows{permissions: []Permission{{
		AppID: relayApp, Networks: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("2001:db8::/32")},
		Operators: []regulation.Account{operator}, AllowedApps: []regulation.AppID{"client_demo_1.0"},
	}}}
	r := source.refresh(t, NewTable(source))
	for addr, want := range map[string]bool{
		"10.1.2.3": true, "::ffff:10.1.2.3": true, "10.2.2.3": false, "2001:db8::1": true, "2001:db9::1": false,
	} {
		if got := r.Admits(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s: %v", addr, got)
		}
	}
	if r.Admits(netip.Addr{}) || !r.HasOperator([]byte(operator)) || r.HasOperator([]byte("other")) {
		t.Error("networks or operators")
	}
	if !r.MayCarry([]byte("client_demo_1.0")) || r.MayCarry([]byte("client_demo_1.1")) {
		t.Error("AppIDs of terminals")
	}
}

// TestRefresh: an unreadable source changes nothing, and what is counted goes on being counted.
func TestRefresh(t *testing.T) {
	now := time.Unix(0, 0)
	source := &rows{permissions: []Permission{{AppID: relayApp, Connections: 1, Rate: 10, Burst: 3}}}
	table := NewTableAt(source, func() time.Time { return now })
	r := source.refresh(t, table)
	if !r.Connect() || r.Connect() {
		t.Error("the bound of connections does not hold")
	}
	for i := range 4 {
		if taken := r.Take(); taken != (i < 3) {
			t.Errorf("submission %d of a burst of 3: %v", i+1, taken)
		}
	}
	if changed, err := table.Refresh(context.Background()); changed || err != nil {
		t.Error(changed, err)
	}
	source.err = errors.New("away")
	if changed, err := table.Refresh(context.Background()); changed || err == nil || table.Find([]byte(relayApp)) != r {
		t.Error(changed, err)
	}
	source.err, source.permissions[0].Connections = nil, 2
	next := source.refresh(t, table)
	if next.Take() || next.Connected() != 1 || !next.Connect() || next.Connect() {
		t.Error("a change of the permission forgot what was counted")
	}
	now = now.Add(100 * time.Millisecond)
	if !next.Take() || next.Take() {
		t.Error("the rate does not hold")
	}
	next.Disconnect()
	if r.Connected() != 1 || len(table.All()) != 1 {
		t.Error(r.Connected(), len(table.All()))
	}
}

func TestGuessingBudget(t *testing.T) {
	now := time.Unix(0, 0)
	source := &rows{permissions: []Permission{{AppID: relayApp}}}
	r := source.refresh(t, NewTableAt(source, func() time.Time { return now }))
	for range GuessesPerMinute {
		if !r.MayGuess() {
			t.Fatal("the budget ends early")
		}
		r.Guessed()
	}
	if r.MayGuess() {
		t.Error("the budget does not end")
	}
	if now = now.Add(time.Minute); !r.MayGuess() {
		t.Error("the budget does not come back")
	}
}

// TestLookupsDoNotAllocate: they are asked at each submission.
func TestLookupsDoNotAllocate(t *testing.T) {
	source := &rows{
		permissions: []Permission{{AppID: relayApp, Rate: 1000, Burst: 1 << 19, Networks: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}},
		grants:      []Grant{{relayApp, operator, Prefix, "88"}},
	}
	table := NewTable(source)
	source.refresh(t, table)
	app, who, account, from := []byte(relayApp), []byte(operator), []byte("88888888"), netip.MustParseAddr("10.1.2.3")
	if n := testing.AllocsPerRun(100, func() {
		r := table.Find(app)
		if !r.Admits(from) || !r.InScope(who, account) || r.HasOperator(who) || !r.MayCarry(app) || !r.Take() {
			t.Fatal("wrong")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
