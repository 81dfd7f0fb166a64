package e2e

import (
	"crypto/rand"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/terminaltest"
)

func fresh() []byte {
	b := make([]byte, 256)
	_, _ = rand.Read(b)
	return b
}

// guess tries passwords from an address until n were evaluated or refused, three a
// connection, and returns the codes that came.
func (d *daemon) guess(t testing.TB, from, user string, n int) map[int]int {
	t.Helper()
	codes := make(map[int]int)
	var c *stranger
	for i := range n {
		if c == nil {
			c = d.stranger(t, from)
			c.enter(d)
		}
		c.Send(loginAs(user, fmt.Sprint("guess ", i), fresh()))
		a := c.Next()
		if a.Code == terminaltest.Closed { // the third 3 of the connection before
			t.Fatalf("closed before guess %d", i)
		}
		codes[a.Code]++
		if codes[3]%3 == 0 || a.Code == 143 {
			_ = c.Close()
			c = nil
		}
	}
	return codes
}

func (d *daemon) loginFrom(t testing.TB, from, user string) int {
	t.Helper()
	c := d.stranger(t, from)
	c.enter(d)
	c.Send(loginAs(user, password, fresh()))
	defer c.Close()
	return c.Next().Code
}

// TestStrangerCannotLockACustomerOut: guesses at a customer's account from forty addresses of
// one network lock those forty, the last of them before they guess, and no other address.
func TestStrangerCannotLockACustomerOut(t *testing.T) {
	s := newSite(t, "", unpunished)
	d := s.serve()
	for i := range 40 {
		codes := d.guess(t, fmt.Sprintf("127.66.0.%d", i+1), account, 7)
		// Sixteen addresses' worth is what their /24 has; one failure of it leaks in 11 seconds.
		if i < 16 && (codes[3] != 5 || codes[75] != 2) || i >= 16 && codes[3] > 2 {
			t.Fatalf("address %d: %v, want five 3 and two 75, and behind the sixteenth none evaluated", i, codes)
		}
		if i%10 == 0 {
			if got := d.loginFrom(t, "127.0.0.9", account); got != 0 {
				t.Fatalf("after %d addresses the customer gets %d", i+1, got)
			}
		}
	}
	if got := d.loginFrom(t, "127.66.0.1", account); got != 75 {
		t.Errorf("the right password from a guesser's address: %d, want 75", got)
	}
	if got := d.loginFrom(t, "127.0.0.9", account); got != 0 {
		t.Errorf("the customer gets %d", got)
	}
}

// TestStrangerBehindTheSameAddress is what remains, and its ways out (docs/errors.md): the
// customer is locked at that address, also with a password that was right there before, but
// the session goes on, a login from elsewhere succeeds, and the operator can unlock the account.
func TestStrangerBehindTheSameAddress(t *testing.T) {
	const nat = "127.7.7.7"
	s := newSite(t, "", quick)
	s.addAccount("66666666", "1")
	d := s.serve()
	open := d.stranger(t, nat)
	open.enter(d)
	open.Send(loginAs(account, password, fresh()))
	open.ExpectCode(0)

	if codes := d.guess(t, nat, account, 6); codes[3] != 5 || codes[75] != 1 {
		t.Fatalf("%v", codes)
	}
	if got := d.loginFrom(t, nat, account); got != 75 {
		t.Errorf("there, with a password that was right before: %d, want 75", got)
	}
	if got := d.loginFrom(t, nat, "66666666"); got != 0 {
		t.Errorf("there, another customer: %d", got)
	}
	if got := d.loginFrom(t, "127.8.8.8", account); got != 0 {
		t.Errorf("from elsewhere: %d", got)
	}
	s.cli("", "account", "unlock", "--account", account)
	await.Every(t, 20*time.Millisecond, "the front to see the unlock, within auth.refresh", func() bool {
		got := d.loginFrom(t, nat, account)
		if got != 0 && got != 75 {
			t.Fatalf("after the unlock: %d", got)
		}
		return got == 0
	})
	open.Send(terminaltest.Logout("9999", account))
	open.ExpectCode(0) // the session that was open all the time
}

// TestStrangerCannotFillTheHashQueue: one address keeps the queue full with wrong passwords
// of ever new accounts; the first logins of honest customers from elsewhere all get in.
func TestStrangerCannotFillTheHashQueue(t *testing.T) {
	const honest = 8
	s := newSite(t, "", unpunished).replaceConfig("core:\n  argon2: {memory_kib: 1024, iterations: 1}",
		"core:\n  argon2: {memory_kib: 8192, iterations: 2, parallel: 1}\n  hash_queue: 8\n  lock_source_failures: 1000000")
	s.addCustomers(70000000, honest)
	d := s.serve()
	var busy, evaluated, next atomic.Int64
	var stop atomic.Bool
	var strangers sync.WaitGroup
	for range 30 {
		strangers.Go(func() {
			var c *stranger
			again := time.NewTicker(10 * time.Millisecond) // thirty that are told to come again find each place in the queue all the same
			for wrong := 0; !stop.Load(); {
				if c == nil {
					c, wrong = d.stranger(t, "127.66.6.6"), 0
					c.enter(d)
				}
				c.Send(loginAs(fmt.Sprint("9", next.Add(1)), "guess", nil))
				switch a := c.Next(); a.Code {
				case 90:
					busy.Add(1)
					<-again.C
				case 3:
					evaluated.Add(1)
					wrong++
				default:
					wrong = 3
				}
				if wrong == 3 {
					_ = c.Close()
					c = nil
				}
			}
		})
	}
	for busy.Load() == 0 && !t.Failed() { // the queue is full from here on
		if got := d.loginFrom(t, "127.0.0.9", account); got != 0 {
			t.Errorf("while the queue fills: %d", got)
		}
	}
	for i := range honest {
		if got := d.loginFrom(t, fmt.Sprintf("127.1.0.%d", i+1), fmt.Sprint("7000000", i)); got != 0 {
			t.Errorf("honest customer %d gets %d", i, got)
		}
	}
	stop.Store(true)
	strangers.Wait()
	t.Logf("the stranger: %d evaluated, %d told to come again; %d of %d honest ones got in", evaluated.Load(), busy.Load(), honest, honest)
}
