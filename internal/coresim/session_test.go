package coresim

import (
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/test/await"
)

func TestLinkAcceptSaysWhatTheCoreIs(t *testing.T) {
	t.Parallel()
	o := options()
	o.Term, o.Credit = 7, 100
	s, address := started(t, o)
	f := linked(t, address)
	a := f.accept
	if string(a.CoreID) != "core-sim" || string(a.Instance) != s.Instance() || a.Term != 7 || a.State != ftd.CoreActive ||
		string(a.TradingDay) != day || a.HeartbeatSeconds != 5 || a.Credit != 100 {
		t.Errorf("%+v", a)
	}
}

func TestSessionFromVerifyToClose(t *testing.T) {
	t.Parallel()
	s, address := started(t, options())
	f := linked(t, address)
	g := f.verify(7, "alice", "Secret-a")
	var v ftd.VerifyResult
	f.field(g, ftd.FIDVerifyResult, &v)
	if f.code(g) != 0 || string(v.UserID) != "alice" || v.UserType != '1' || v.Restriction != '0' ||
		string(v.LastLogin) != "2026-01-04 09:00:00" || string(v.LastIP) != "192.0.2.1" || string(v.Notice) != "你好" {
		t.Errorf("%d %+v", f.code(g), v)
	}
	record := f.open(7)
	f.echoed(7, business(0x5000, 'S', 1, "one"))
	for _, chain := range []byte("FCL") {
		f.pass(7, business(0x5001, chain, 5, strings.Repeat("x", 4000)))
	}
	for _, chain := range []byte("FCL") {
		if g := f.next(); g.h.Chain != chain || len(g.frame.Body) < 4000 {
			t.Errorf("part %c came back as %+v", chain, g.h)
		}
	}
	f.echoed(7, business(0x5000, 'S', 6, ""))
	f.reason(ftd.TIDSessionClose, 7, ftd.ReasonLogout)
	g = f.verify(8, "alice", "Secret-a") // the core has now what the last login was
	f.field(g, ftd.FIDVerifyResult, &v)
	if string(v.LastLogin) != "2026-01-05 09:00:01" || string(v.LastIP) != "192.0.2.9" {
		t.Errorf("%+v", v)
	}
	f.reason(ftd.TIDSessionAbort, 8, ftd.ReasonRecordFailed)
	f.settled(9)
	c := s.Report()
	n := c.Now()
	if n.Opens != 1 || n.Echoes != 5 || n.Closes["1"] != 1 || n.Aborts != 1 || n.Violations() != 0 || len(c.Sessions) != 0 {
		t.Errorf("%+v", c)
	}
	if r := s.Records(); len(r) != 1 || r[0] != record {
		t.Errorf("records %v", r)
	}
}

func TestVerifyRefuses(t *testing.T) {
	t.Parallel()
	o := options()
	o.Accounts = append(o.Accounts,
		Account{User: "locked", Password: "p", Locked: true}, Account{User: "once", Password: "p", Sessions: 1},
		Account{User: "second", Password: "p", Code: "123456", Mobile: "13800000000"})
	s, address := started(t, o)
	f := linked(t, address)
	for i, c := range []struct {
		user, password, second string
		code                   int
	}{
		{"alice", "wrong", "", 3},
		{"nobody", "Secret-a", "", 3},
		{"locked", "p", "", 75},
		{"locked", "q", "", 3},
		{"once", "p", "", 0},
		{"once", "p", "", 60},
		{"second", "p", "", 6020},
		{"second", "p", "654321", 6017},
		{"second", "p", "123456", 0},
	} {
		f.sendVerify(int32(i), c.user, c.password, c.second)
		g := f.next()
		if _, result := g.m.Field(ftd.FIDVerifyResult); f.code(g) != c.code || result != (c.code == 0) {
			t.Errorf("%s with %s: %d, want %d; VerifyResult is there: %v", c.user, c.password, f.code(g), c.code, result)
		}
	}
	if g := f.verify(4, "once", "p"); f.code(g) != 5 {
		t.Errorf("a second verify of one session: %d", f.code(g))
	}
	if n := s.Report(); n.Now().VerifiedTwice != 1 || n.Now().VerifyCodes["3"] != 3 {
		t.Errorf("%+v", n)
	}
}

func TestSessionsOfSeveralFrontsAreApart(t *testing.T) {
	t.Parallel()
	s, address := started(t, options())
	one, two := linked(t, address), dial(t, address)
	two.id = 2
	two.login()
	one.opened(7, "alice")
	two.opened(7, "bob")
	one.echoed(7, business(0x5000, 'S', 1, "one"))
	two.echoed(7, business(0x5000, 'S', 1, "two"))
	_ = two.c.Close()
	await.True(t, "the other front's session to wait", func() bool { return s.Report().Sessions["suspended"] == 1 })
	one.echoed(7, business(0x5000, 'S', 2, "one"))
	if r := s.Report(); r.Fronts != 1 || r.Sessions["open"] != 1 {
		t.Errorf("%+v", r)
	}
}
