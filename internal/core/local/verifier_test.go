package local

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
)

// shelf keeps verifiers in memory, as a disk does between two lives.
type shelf struct {
	mu   sync.Mutex
	kept map[regulation.Account]Verifier
	err  error
}

func (s *shelf) Find(_ context.Context, account regulation.Account) (Verifier, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kept[account], s.err
}

func (s *shelf) Keep(account regulation.Account, v Verifier) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept[account] = v
}

func (s *shelf) of(account regulation.Account) Verifier {
	v, _ := s.Find(context.Background(), account)
	return v
}

// life is a house with those verifiers that counts its slow checks.
type life struct {
	*house
	slow *int
}

var (
	oldKey = VerifierKey{ID: "old", Secret: [32]byte{1}}
	newKey = VerifierKey{ID: "new", Secret: [32]byte{2}}
)

func newLife(t *testing.T, s *shelf, accounts []Account, keys ...VerifierKey) life {
	t.Helper()
	h := newHouse(t, func(o *Options) { o.Verifiers, o.VerifierKiB, o.LockFailures, o.LockSourceFailures = s, 8, 1000, 1000 })
	if accounts != nil {
		h.source.set(accounts...)
		h.refresh()
	}
	h.SetVerifierKeys(keys...)
	slow, matches := new(int), h.matches
	h.matches = func(hash *hash, password []byte) bool {
		*slow++
		return matches(hash, password)
	}
	return life{h, slow}
}

// wantSlow fails unless so many attempts paid for the slow hash since the last call.
func (l *life) wantSlow(name string, want int) {
	l.t.Helper()
	if *l.slow != want {
		l.t.Errorf("%s: %d slow checks, want %d", name, *l.slow, want)
	}
	*l.slow = 0
}

// TestTheSecondLifeIsQuick: what was right in one life is found right in the next without the slow hash, and nothing else is.
func TestTheSecondLifeIsQuick(t *testing.T) {
	t.Parallel()
	s := &shelf{kept: map[regulation.Account]Verifier{}}
	first := newLife(t, s, nil, oldKey)
	rows := first.source.accounts
	first.want("right", first.try(alice, "right", home), 0)
	first.want("wrong", first.try(bob, "wrong", home), reason.WrongPassword)
	first.wantSlow("the first life", 2)
	if s.of(alice).Key != "old" || s.of(bob) != (Verifier{}) {
		t.Errorf("kept %+v", s.kept)
	}
	second := newLife(t, s, rows, oldKey)
	second.want("right", second.try(alice, "right", home), 0)
	second.wantSlow("the second life", 0)
	second.want("wrong", second.try(alice, "wrong", elsewhere), reason.WrongPassword)
	second.wantSlow("a wrong password", 1)
	second.want("without one", second.try(bob, "right", home), 0)
	second.wantSlow("an account without a verifier", 1)
	second.want("unknown", second.try("77777777", "right", home), reason.UnknownAccount)
	second.wantSlow("an unknown account", 1)
}

// TestAnOldVerifierLetsNoOneIn: after another password, and after the account went, what was right before is wrong.
func TestAnOldVerifierLetsNoOneIn(t *testing.T) {
	t.Parallel()
	s := &shelf{kept: map[regulation.Account]Verifier{}}
	first := newLife(t, s, nil, oldKey)
	first.want("right", first.try(alice, "right", home), 0)
	first.want("right", first.try(bob, "right", home), 0)
	changed := account(t, alice, regulation.UserCustomer, "other")
	for name, accounts := range map[string][]Account{"changed": {changed}, "the same password anew": {account(t, alice, regulation.UserCustomer, "right")}} {
		l := newLife(t, s, accounts, oldKey)
		l.want(name+": the password before", l.try(alice, "right", home), map[string]reason.Reason{"changed": reason.WrongPassword}[name])
		l.wantSlow(name, 1)
		l.want("a removed account", l.try(bob, "right", home), reason.UnknownAccount)
		l.wantSlow("a removed account", 1)
		s.Keep(alice, s.of(bob)) // one that was moved to another account
		l.want("another account's", l.try(alice, "wrong", elsewhere), reason.WrongPassword)
	}
	l := newLife(t, s, []Account{changed}, oldKey)
	l.want("the new one", l.try(alice, "other", home), 0)
	again := newLife(t, s, []Account{changed}, oldKey)
	again.want("the new one, in the next life", again.try(alice, "other", home), 0)
	again.wantSlow("the next life", 0)
}

// TestVerifiersUnderAnotherKey: one under a key that went is none; one under the older of two counts, and is made anew.
func TestVerifiersUnderAnotherKey(t *testing.T) {
	t.Parallel()
	s := &shelf{kept: map[regulation.Account]Verifier{}}
	first := newLife(t, s, nil, oldKey)
	rows := first.source.accounts
	first.want("right", first.try(alice, "right", home), 0)
	first.want("right", first.try(bob, "right", home), 0)
	both := newLife(t, s, rows, newKey, oldKey)
	both.want("while the key is changed", both.try(alice, "right", home), 0)
	both.wantSlow("while the key is changed", 0)
	if s.of(alice).Key != "new" || s.of(bob).Key != "old" {
		t.Errorf("kept %+v", s.kept)
	}
	last := newLife(t, s, rows, newKey)
	last.want("made anew", last.try(alice, "right", home), 0)
	last.wantSlow("made anew", 0)
	last.want("left behind", last.try(bob, "right", home), 0)
	last.wantSlow("left behind", 1)
	if s.of(bob).Key != "new" {
		t.Errorf("kept %+v", s.of(bob))
	}
}

// TestVerifierIsNoUseWithoutItsKey: the tag depends on each part.
func TestVerifierIsNoUseWithoutItsKey(t *testing.T) {
	t.Parallel()
	base := oldKey.tag(alice, "phc", 8, []byte("right"))
	for name, tag := range map[string][32]byte{
		"key": newKey.tag(alice, "phc", 8, []byte("right")), "account": oldKey.tag(bob, "phc", 8, []byte("right")),
		"hash": oldKey.tag(alice, "phd", 8, []byte("right")), "cost": oldKey.tag(alice, "phc", 16, []byte("right")),
		"password": oldKey.tag(alice, "phc", 8, []byte("righu")), "border": oldKey.tag(alice+"p", "hc", 8, []byte("right")),
	} {
		if tag == base {
			t.Errorf("the %s does not count", name)
		}
	}
	if base != oldKey.tag(alice, "phc", 8, []byte("right")) {
		t.Error("the same is not the same")
	}
}

// TestVerifiersOutOfReach: the slow hash decides.
func TestVerifiersOutOfReach(t *testing.T) {
	t.Parallel()
	s := &shelf{kept: map[regulation.Account]Verifier{}, err: errors.New("disk")}
	l := newLife(t, s, nil, oldKey)
	l.want("right", l.try(alice, "right", home), 0)
	l.want("wrong", l.try(bob, "wrong", home), reason.WrongPassword)
	l.wantSlow("out of reach", 2)
	none := newLife(t, s, nil)
	none.want("no key", none.try(alice, "right", home), 0)
	none.wantSlow("no key", 1)
	if len(s.kept) != 1 {
		t.Errorf("kept %+v without a key", s.kept)
	}
}

// BenchmarkChecks are the costs of the two checks, with the defaults.
func BenchmarkChecks(b *testing.B) {
	h := randomHash(Params{MemoryKiB: 19456, Iterations: 2})
	password := []byte("123456")
	b.Run("slow", func(b *testing.B) {
		for b.Loop() {
			h.matches(password)
		}
	})
	b.Run("verifier", func(b *testing.B) {
		for b.Loop() {
			oldKey.tag(alice, h.phc, 1024, password)
		}
	})
}
