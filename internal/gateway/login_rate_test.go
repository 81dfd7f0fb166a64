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
			h.Ended(home, []byte(user))
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
		h.Ended(home, []byte("a"))
	}
	if s := h.SeenStats(); s.Entries != 200 || s.Forgotten != 300 || s.Crowded != 1 || s.Full {
		t.Errorf("%+v", s)
	}
	victim := of("b")
	h.want(victim.Clone(), reason.OK)
	thief := victim.Clone()
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
	p.allows("88888888", regulation.UserCustomer, limit, now)
	if n := testing.AllocsPerRun(100, func() {
		now = now.Add(time.Second)
		p.allows("88888888", regulation.UserCustomer, limit, now)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
