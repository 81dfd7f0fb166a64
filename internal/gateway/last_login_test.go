package gateway

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/internal/store"
)

// TestLastLogin: a terminal is told of the login before its own, of its own account alone, and of none that was refused.
func TestLastLogin(t *testing.T) {
	h := newHouse(t, func(s *setup) { s.TellLastLogin = true })
	want := func(text, at, addr string) {
		t.Helper()
		outcome, _ := h.login(home, attempt())
		if outcome.Reason != reason.OK || outcome.Receipt.LastLogin != at || outcome.Receipt.LastIP != addr {
			t.Errorf("%s: %v %+v, want %q from %q", text, outcome.Reason, outcome.Receipt, at, addr)
		}
	}
	want("the first", "", "")
	h.clock.at = noon.Add(time.Minute)
	h.log.fail = func() error { return store.ErrFull }
	if outcome, _ := h.login(home, attempt()); outcome.Reason != reason.StoreFull {
		t.Errorf("%v", outcome.Reason)
	}
	h.heal()
	h.clock.at = noon.Add(time.Hour)
	told := string(regulation.AppendAddr(nil, home.Addr.Addr()))
	want("the second", noon.Format(regulation.TimeLayout), told)
	other := attempt()
	other.UserID = []byte("55555555")
	if outcome, _ := h.login(home, other); outcome.Reason != reason.OK || outcome.Receipt.LastLogin != "" {
		t.Errorf("another account: %+v", outcome.Receipt)
	}
	h.core.verify = func(a *core.Attempt) (core.User, error) {
		return core.User{Account: a.Account, UserType: regulation.UserCustomer, LastLogin: "core's", LastIP: "own"}, nil
	}
	want("what the core tells counts", "core's", "own")
}

// TestNoLastLoginWithACoreThatTellsNone: a trading core alone knows of the logins at all fronts.
func TestNoLastLoginWithACoreThatTellsNone(t *testing.T) {
	h := newHouse(t, nil)
	for range 2 {
		if outcome, _ := h.login(home, attempt()); outcome.Reason != reason.OK || outcome.Receipt.LastLogin != "" {
			t.Errorf("%+v", outcome.Receipt)
		}
	}
}

// TestLastLoginBehindRelays: the login that was recorded before is told, though its relay's clock is ahead or its terminal came
// to the relay long ago; a visit that is reported again is told of the login before it.
func TestLastLoginBehindRelays(t *testing.T) {
	r := newRelayHouse(t, func(s *setup, _ *grants) { s.TellLastLogin = true })
	n := 0
	want := func(text string, a session.LoginAttempt, peer session.Peer, at time.Time, addr string) {
		t.Helper()
		outcome := r.Login(t.Context(), peer, &a)
		told := ""
		if !at.IsZero() {
			told = at.Format(regulation.TimeLayout)
		}
		if outcome.Reason != reason.OK || outcome.Receipt.LastLogin != told || outcome.Receipt.LastIP != addr {
			t.Errorf("%s: %v, LastLogin %q from %q, want %q from %q", text, outcome.Reason, outcome.Receipt.LastLogin, outcome.Receipt.LastIP, told, addr)
		}
		r.clock.at = r.clock.at.Add(time.Second)
	}
	fresh := func(a session.LoginAttempt) session.LoginAttempt {
		n++
		a.Terminal.Ciphertext = fmt.Appendf(nil, "%0256d", n)
		return a
	}
	direct := func() session.LoginAttempt { return fresh(attempt()) }
	relayed := func(ip string, at time.Time) session.LoginAttempt {
		a := fresh(relayedAttempt())
		a.Relayed.Told.PublicIP, a.Relayed.Told.LoginTime = []byte(ip), []byte(at.In(regulation.Zone).Format(regulation.TimeLayout))
		return a
	}
	begin := noon.In(regulation.Zone).Truncate(time.Second)
	ahead, longAgo := begin.Add(50*time.Second), begin.Add(-time.Hour)
	homeIP := string(regulation.AppendAddr(nil, home.Addr.Addr()))

	first := relayed("203.0.113.50", begin)
	want("the first", *first.Clone(), relayPeer, time.Time{}, "")
	want("again, with none before", *first.Clone(), relayPeer, time.Time{}, "")
	want("direct", direct(), home, begin, "203.0.113.50")
	want("again, behind another", *first.Clone(), relayPeer, begin.Add(2*time.Second), homeIP)
	second := relayed("203.0.113.51", ahead)
	want("ahead", *second.Clone(), relayPeer, begin.Add(2*time.Second), homeIP)
	want("ahead, again", *second.Clone(), relayPeer, begin.Add(2*time.Second), homeIP)
	want("direct, after one that is ahead", direct(), home, ahead, "203.0.113.51")
	want("direct, after a direct one", direct(), home, begin.Add(6*time.Second), homeIP)
	want("long ago", relayed("203.0.113.52", longAgo), relayPeer, begin.Add(7*time.Second), homeIP)
	want("direct, after one of long ago", direct(), home, longAgo, "203.0.113.52")
}

// TestLastLoginOfASubmission: one that its relay says it sends again counts too, unless it was recorded before.
func TestLastLoginOfASubmission(t *testing.T) {
	const visit = "2026-01-05 11:44:58"
	for name, c := range map[string]struct {
		attempt byte
		found   func(rec *store.Record) *store.Earlier
		want    string
	}{
		"the first time":                        {ftd.AttemptFirst, nil, visit},
		"again, and never recorded":             {ftd.AttemptAgain, nil, visit},
		"again, and PostgreSQL has this record": {ftd.AttemptAgain, earlierOf, visit},
		"again, and another front had it": {ftd.AttemptAgain, func(rec *store.Record) *store.Earlier {
			e := earlierOf(rec)
			e.FrontID = 2
			return e
		}, "2026-01-05 12:00:00"},
	} {
		r := newRelayHouse(t, func(s *setup, _ *grants) { s.TellLastLogin = true })
		if c.found != nil {
			r.log.found = func(*store.Record) *store.Earlier { return c.found(&r.log.records[len(r.log.records)-1]) }
		}
		login := func(ciphertext string) session.Outcome {
			a := attempt()
			a.Terminal.Ciphertext = fmt.Appendf(nil, "%-256s", ciphertext)
			return r.Login(t.Context(), home, &a)
		}
		login("one")
		r.submit(r.submission(func(a *session.SubmitAttempt) { a.Request.Attempt = c.attempt }))
		if outcome := login("two"); outcome.Reason != reason.OK || outcome.Receipt.LastLogin != c.want {
			t.Errorf("%s: %v, LastLogin %q, want %q", name, outcome.Reason, outcome.Receipt.LastLogin, c.want)
		}
	}
}

// TestLastLoginOfAVisitAfterARestart: a visit that is reported again to a front that knows of no login is one that it knows from then on.
func TestLastLoginOfAVisitAfterARestart(t *testing.T) {
	l, addr := lastLogins{bound: 10}, netip.MustParseAddr("192.0.2.1")
	for range 2 {
		if was := l.again("a", lastLogin{noon, addr}); was != (lastLogin{}) {
			t.Errorf("it is told of %+v", was)
		}
	}
	if was := l.note("a", lastLogin{noon.Add(time.Second), addr}); was != (lastLogin{noon, addr}) {
		t.Errorf("the next is told of %+v", was)
	}
}

// TestLastLoginsAreBounded: the accounts of the newest logins are known.
func TestLastLoginsAreBounded(t *testing.T) {
	l := lastLogins{bound: 10}
	account := func(i int) regulation.Account { return regulation.Account(fmt.Sprint(i)) }
	addr := netip.MustParseAddr("192.0.2.1")
	for i := range 1000 {
		l.note(account(i), lastLogin{noon.Add(time.Duration(i) * time.Second), addr})
		if len(l.newer) > 10 || len(l.older) > 10 {
			t.Fatalf("%d and %d are remembered", len(l.newer), len(l.older))
		}
	}
	for i := 990; i < 1000; i++ {
		if was := l.note(account(i), lastLogin{noon, addr}); was.addr != addr || !was.at.Equal(noon.Add(time.Duration(i)*time.Second)) {
			t.Errorf("%d: %+v", i, was)
		}
	}
	if was := l.note(account(0), lastLogin{noon.Add(time.Hour), addr}); !was.at.IsZero() {
		t.Errorf("the oldest is known: %+v", was)
	}
}
