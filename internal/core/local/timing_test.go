package local

import (
	"fmt"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/test/testmain"
	"github.com/tradefront/tradefront/test/timing"
)

// TestUnknownAccountTakesTheSameTime: a wrong password of an account that is there and any
// password of one that is not cost the same argon2.
func TestUnknownAccountTakesTheSameTime(t *testing.T) {
	testmain.NotRaced(t)
	params := Params{MemoryKiB: 256, Iterations: 1} // some hundred microseconds: all else would show
	h := newHouse(t, func(o *Options) {
		o.Params, o.LockFailures, o.LockSourceFailures = params, 1<<30, 1<<30
		o.Verifiers, o.VerifierKiB = &shelf{kept: map[regulation.Account]Verifier{}}, 64
	})
	h.SetVerifierKeys(oldKey)
	phc, err := HashPassword([]byte("right"), params)
	if err != nil {
		t.Fatal(err)
	}
	h.source.set(Account{Account: alice, UserType: regulation.UserCustomer, PasswordHash: phc})
	h.refresh()
	h.want("alice, who has a verifier from here on", h.try(alice, "right", elsewhere), 0)
	guess := func(name string, id regulation.Account, want reason.Reason) timing.Kind {
		return timing.Kind{Name: name, Measure: func(round int) time.Duration {
			password := fmt.Sprint("guess ", round)
			begin := time.Now()
			got := h.try(id, password, home)
			took := time.Since(begin)
			h.want(name, got, want)
			return took
		}}
	}
	plan := timing.Plan{Rounds: 300, Effect: 0.10, Attempts: 3}
	leaks, all := plan.Leaks(1, guess("wrong password", alice, reason.WrongPassword), guess("unknown account", "77777777", reason.UnknownAccount))
	t.Log(all)
	if len(leaks) > 0 {
		t.Errorf("can be told apart: %v", leaks)
	}
	// The same method sees a core whose work for unknown accounts is that of other parameters.
	h.dummy = randomHash(Params{MemoryKiB: 64, Iterations: 1})
	leaks, all = plan.Leaks(2, guess("wrong password", alice, reason.WrongPassword), guess("unknown, with less work", "77777777", reason.UnknownAccount))
	t.Log("on purpose:", all)
	if len(leaks) != 1 {
		t.Errorf("a core that leaks is not seen: %v", all)
	}
}
