package gateway

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/rate"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/test/testmain"
)

// accepted is how many of n logins of an account are, at one instant.
func (h *house) accepted(user string, n int) (ok int) {
	h.t.Helper()
	for range n {
		switch outcome, line := h.login(home, as(user)); outcome.Reason {
		case reason.OK:
			ok++
			h.Ended(home, []byte(user), reason.PeerClosed)
		case reason.LoginRate:
			if outcome.Reason.Code() != 90 || line.Reason != "login_rate" || line.Code != 90 {
				h.t.Fatalf("%+v", line)
			}
		default:
			h.t.Fatal(outcome.Reason)
		}
	}
	return ok
}

// One account cannot write without bound; others, and an account at an honest rate, do not
// notice.
func TestLoginsPerUser(t *testing.T) {
	many := testmain.Fewer(2300, 400)
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, func(s *setup) { s.LoginsPerUser = rate.Limit{PerSecond: 5, Burst: 30} })
		h.core.verify = func(a *core.Attempt) (core.User, error) {
			user := core.User{Account: a.Account, UserType: regulation.UserCustomer}
			if a.Account == "op01" {
				user.UserType = regulation.UserOperator
			}
			return user, nil
		}
		if n := h.accepted("a", many); n != 30 {
			t.Errorf("%d logins at once", n)
		}
		if n := h.accepted("b", 10); n != 10 {
			t.Errorf("another account: %d of 10", n)
		}
		total := 0
		for range 10 {
			time.Sleep(time.Second)
			total += h.accepted("a", many)
		}
		if total != 50 || len(h.log.records) != 90 {
			t.Errorf("%d logins in ten seconds, %d records", total, len(h.log.records))
		}
		if n := h.accepted("op01", many); n != 300 {
			t.Errorf("an operator: %d logins at once", n)
		}
		// A reload is in force at once.
		set := *h.Policy()
		set.LoginsPerUser = rate.Limit{}
		h.SetPolicy(set)
		if n := h.accepted("a", 100); n != 100 {
			t.Errorf("without bound: %d of 100", n)
		}
		if h.Online() != 0 {
			t.Errorf("%d online", h.Online())
		}
	})
}

// Who does not know the password meets that first, and takes nothing from who does.
func TestWrongPasswordsDoNotPace(t *testing.T) {
	h := newHouse(t, func(s *setup) { s.LoginsPerUser = rate.Limit{PerSecond: 1, Burst: 1} })
	for range 10 {
		a := attempt()
		a.Password = []byte("guess")
		h.want(a, reason.WrongPassword)
	}
	h.want(attempt(), reason.OK)
}

// TestRefusedLoginsDoNotPace: what is refused behind the right password, and left no record, takes nothing from the logins that are
// accepted. A record that may be there counts.
func TestRefusedLoginsDoNotPace(t *testing.T) {
	for _, c := range []struct {
		why    reason.Reason
		refuse func(h *house, set *Policy)
		left   int // accepted logins that are left of two, after one that was refused
	}{
		{reason.TerminalInfoRefused, func(_ *house, set *Policy) { set.Strict = true }, 2},
		{reason.StoreFull, func(h *house, _ *Policy) { h.log.fail = func() error { return store.ErrFull } }, 2},
		{reason.StoreUnavailable, func(h *house, _ *Policy) { h.log.fail = func() error { return store.ErrUnavailable } }, 2},
		{reason.StoreUnconfirmed, func(h *house, _ *Policy) { h.log.fail = func() error { return store.ErrUnconfirmed } }, 1},
		{reason.StoreInDoubt, func(h *house, _ *Policy) { h.log.fail = func() error { return store.ErrInDoubt } }, 1},
	} {
		for _, userType := range []regulation.UserType{regulation.UserCustomer, regulation.UserOperator} {
			synctest.Test(t, func(t *testing.T) { // the clock of the pace stays where it is
				h := newHouse(t, func(s *setup) { s.LoginsPerUser = rate.Limit{PerSecond: 1, Burst: 2} })
				verify := func(a *core.Attempt) (core.User, error) {
					return core.User{Account: a.Account, UserType: userType}, nil
				}
				h.core.verify = verify
				usual := *h.Policy()
				set, want := usual, c.left
				c.refuse(h, &set)
				h.SetPolicy(set)
				refused := 1
				if userType == regulation.UserOperator {
					want += 18 // of twenty
				}
				if c.left == 2 {
					refused = 50
				}
				for range refused {
					a := attempt()
					a.Terminal.Ciphertext = a.Terminal.Ciphertext[:255]
					h.want(a, c.why)
				}
				h.heal()
				h.core.verify = verify
				h.SetPolicy(usual)
				if n := h.accepted(account, 30); n != want {
					t.Errorf("%v, user type %c: %d logins are accepted behind it, want %d", c.why, userType, n, want)
				}
			})
		}
	}
}

// TestTooManySessionsDoNotPace: a login that is refused for the account's sessions takes nothing from those that are accepted.
func TestTooManySessionsDoNotPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, func(s *setup) {
			s.LoginsPerUser, s.SessionsPerUser = rate.Limit{PerSecond: 1, Burst: 2}, 1
		})
		h.want(attempt(), reason.OK)
		for range 10 {
			h.want(attempt(), reason.TooManySessions)
		}
		h.Ended(home, []byte(account), reason.PeerClosed)
		h.want(attempt(), reason.OK)
	})
}

// One account fills its share of the memory of terminal ciphertexts, and the replay of another
// customer's is still known.
func TestOneAccountDoesNotFillTheMemory(t *testing.T) {
	h := newSeenHouse(t, func(s *setup) { s.SeenTerminals = 20_000 })
	of := func(user string) session.LoginAttempt {
		a := sent("1.0", '0', 256)
		a.UserID = []byte(user)
		return a
	}
	for range 500 { // its share is 200
		h.want(of("a"), reason.OK)
		h.Ended(home, []byte("a"), reason.PeerClosed)
	}
	if s := h.SeenStats(); s.Entries != 200 || s.Forgotten != 300 || s.Crowded != 1 || s.Full {
		t.Errorf("%+v", s)
	}
	victim := of("b")
	h.want(*victim.Clone(), reason.OK)
	thief := *victim.Clone()
	thief.UserID = []byte("a")
	if _, line := h.login(home, thief); line.TerminalProblem != "terminal_info_replayed" {
		t.Errorf("the replay of another customer's is %q", line.TerminalProblem)
	}
	h.clock.move(6 * time.Hour) // a day has its own shares
	h.want(of("a"), reason.OK)
	if s := h.SeenStats(); s.Crowded != 0 {
		t.Errorf("the next day: %+v", s)
	}
}

// A login that was not recorded gives its part of the share back.
func TestShareOfWhatWasNotRecorded(t *testing.T) {
	s := replays{bound: 1000}
	for i := range 1000 {
		t1, _ := s.direct(20260105, "a", hashOf(i))
		s.settle(t1, false)
	}
	if n := len(s.current.shares) + len(s.current.entries) + s.current.crowded; n != 0 {
		t.Errorf("%d are left", n)
	}
	for i := range 10 {
		for j := range leastShare {
			t1, again := s.direct(20260105, regulation.Account(fmt.Sprint(i)), hashOf(1000*i+j))
			if s.settle(t1, true); again || t1 == (claim{}) {
				t.Fatalf("entry %d of account %d was not taken", j, i)
			}
		}
	}
	if len(s.current.entries) != 1000 || s.current.crowded != 10 {
		t.Errorf("%d entries, %d crowded", len(s.current.entries), s.current.crowded)
	}
}

func hashOf(i int) (h store.SeenHash) {
	h[0], h[1], h[2] = byte(i), byte(i>>8), 1
	return h
}

// The usual login does not allocate for its pace.
func TestPaceDoesNotAllocate(t *testing.T) {
	p, now := newLoginRates(), time.Now()
	limit := rate.Limit{PerSecond: 5, Burst: 300}
	p.allows("88888888", limit, now)
	if n := testing.AllocsPerRun(100, func() {
		now = now.Add(time.Second)
		p.allows("88888888", limit, now)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
