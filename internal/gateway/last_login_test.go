package gateway

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
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

// TestLastLoginsAreBounded: the newest are known, and a late report of an old login takes the place of none.
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
		late := lastLogin{noon, netip.Addr{}}
		if was := l.note(account(i), late); was.addr != addr || !was.at.Equal(noon.Add(time.Duration(i)*time.Second)) {
			t.Errorf("%d: %+v", i, was)
		}
	}
	if was := l.note(account(999), lastLogin{noon.Add(time.Hour), netip.Addr{}}); was.addr != addr {
		t.Errorf("a late report changed what was known: %+v", was)
	}
	if was := l.note(account(0), lastLogin{noon.Add(time.Hour), addr}); !was.at.IsZero() {
		t.Errorf("the oldest is known: %+v", was)
	}
}
