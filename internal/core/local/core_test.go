package local

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
)

// cheap keeps tests quick: the least that argon2 can do.
var cheap = Params{MemoryKiB: 8, Iterations: 1}

var (
	home      = netip.MustParseAddr("203.0.113.7")
	elsewhere = netip.MustParseAddr("198.51.100.9")
)

const (
	alice = regulation.Account("88888888")
	bob   = regulation.Account("66666666")
)

// table is a Source in memory.
type table struct {
	mu         sync.Mutex
	generation int64
	accounts   []Account
	reads      int
	err        error // of Accounts
	genErr     error
	since      func(generation int64) (changed []Account, gone []regulation.Account) // nil: it cannot tell
}

func (s *table) Generation(context.Context) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.generation, s.genErr
}

func (s *table) EachAccount(_ context.Context, visit func(*Account) error) error {
	s.mu.Lock()
	accounts, err := append([]Account(nil), s.accounts...), s.err
	s.reads++
	s.mu.Unlock()
	if err != nil {
		return err
	}
	for i := range accounts {
		if err := visit(&accounts[i]); err != nil {
			return err
		}
	}
	return nil
}

func (s *table) AccountsSince(_ context.Context, generation int64) (changed []Account, gone []regulation.Account, known bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.since == nil {
		return nil, nil, false, s.err
	}
	changed, gone = s.since(generation)
	return changed, gone, true, s.err
}

func (s *table) set(accounts ...Account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.generation++
	s.accounts = accounts
}

// clock is a time that tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// house is a Core with alice ("right", a customer) and bob ("right", an operator).
type house struct {
	*Core
	t      testing.TB
	source *table
	clock  *clock
}

func newHouse(t testing.TB, change func(*Options)) *house {
	t.Helper()
	c := &clock{at: time.Date(2026, 1, 5, 9, 0, 0, 0, regulation.Zone)}
	o := Options{
		Params: cheap, Parallel: 2, HashQueue: 100, Remember: time.Hour, RememberAccounts: 100,
		LockFailures: 5, LockSourceFailures: 50, LockDecay: 10 * time.Minute, Now: c.now,
	}
	if change != nil {
		change(&o)
	}
	source := &table{}
	local, err := New(source, o)
	if err != nil {
		t.Fatal(err)
	}
	h := &house{local, t, source, c}
	h.source.set(account(t, alice, regulation.UserCustomer, "right"), account(t, bob, regulation.UserOperator, "right"))
	h.refresh()
	return h
}

func account(t testing.TB, id regulation.Account, userType regulation.UserType, password string) Account {
	t.Helper()
	phc, err := HashPassword([]byte(password), cheap)
	if err != nil {
		t.Fatal(err)
	}
	return Account{Account: id, UserType: userType, PasswordHash: phc}
}

func (h *house) refresh() {
	h.t.Helper()
	if changed, err := h.Refresh(h.t.Context()); err != nil || !changed {
		h.t.Fatalf("refresh: changed %v, %v", changed, err)
	}
}

// try returns the reason of a refusal, OK if the attempt was let in as who it says it is.
func (h *house) try(id regulation.Account, password string, source netip.Addr) reason.Reason {
	h.t.Helper()
	user, err := h.Verify(h.t.Context(), attempt(id, []byte(password), source))
	var refused *core.Refused
	switch {
	case err == nil && user.Account != id:
		h.t.Errorf("%q was let in as %q", id, user.Account)
	case err == nil:
		return 0
	case !errors.As(err, &refused):
		h.t.Errorf("error %v is no *core.Refused", err)
		return 0
	case user != core.User{}:
		h.t.Errorf("refused, and still returned %v", user)
	}
	return refused.Reason
}

func (h *house) want(name string, got, want reason.Reason) {
	h.t.Helper()
	if got != want {
		h.t.Errorf("%s: %v, want %v", name, got, want)
	}
}

// fail makes n wrong attempts, each of which must be evaluated.
func (h *house) fail(n int, id regulation.Account, source netip.Addr) {
	h.t.Helper()
	for range n {
		h.want("wrong attempt", h.try(id, "wrong", source), reason.WrongPassword)
	}
}

// attempt is one of account from source.
func attempt(account regulation.Account, password []byte, source netip.Addr) *core.Attempt {
	return &core.Attempt{Account: account, Password: password, Source: netip.AddrPortFrom(source, 50001)}
}
