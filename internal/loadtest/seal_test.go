package loadtest

import (
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/supplement"
	"github.com/tradefront/tradefront/internal/terminalinfo"
	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/keypair"
)

// sealedStock is that of a plan, as a run has it; open opens the string of a login.
func sealedStock(t *testing.T, p *Plan) (s *stock, open func(login int32) string) {
	t.Helper()
	pair := keypair.RSA(0)
	key, err := supplement.ParsePublicKey(pair.Public)
	if err != nil {
		t.Fatal(err)
	}
	texts, err := p.Prepare(t.Context(), key, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	s = newStock(p, texts)
	t.Cleanup(s.sealer.end)
	return s, func(login int32) string {
		t.Helper()
		text, err := pair.RSA.Decrypt(nil, s.at(login), nil)
		if err == nil {
			_, err = terminalinfo.Parse(string(text))
		}
		if err != nil {
			t.Fatalf("the string of login %d: %v", login, err)
		}
		return string(text)
	}
}

// TestStringsDoNotEnd: however often visits come again each gets one that no other login had, those that begin for the first time have their
// own, and what no visit has any more is forgotten.
func TestStringsDoNotEnd(t *testing.T) {
	t.Parallel()
	s, open := sealedStock(t, &Plan{Scenario: Churn, Visits: 3, ComeAgain: time.Minute, Seed: 7})
	var all []int32
	for range 100 {
		await.True(t, "a string", func() bool {
			login, ended := s.nextAgain()
			if login >= 0 {
				all = append(all, login)
			}
			return login >= 0 || ended
		})
	}
	for range 3 {
		all = append(all, s.next())
	}
	if login := s.next(); login >= 0 {
		t.Errorf("login %d of three visits", login)
	}
	seen := map[string]bool{}
	for _, login := range all {
		seen[open(login)] = true
	}
	if len(all) != 103 || len(seen) != 103 {
		t.Errorf("%d logins, %d strings, want 103", len(all), len(seen))
	}
	for _, login := range all {
		s.drop(login)
	}
	if len(s.later) != 0 {
		t.Errorf("%d strings are kept", len(s.later))
	}
}

// TestNoGoroutineSealsWhereNoVisitComesAgain: the processor is the front's then.
func TestNoGoroutineSealsWhereNoVisitComesAgain(t *testing.T) {
	t.Parallel()
	p := &Plan{Scenario: Churn, Visits: 3, ComeAgain: time.Minute}
	s, open := sealedStock(t, p)
	for range p.Visits {
		open(s.next())
	}
	if s.sealer.made != nil {
		t.Error("a sealer has begun")
	}
}
