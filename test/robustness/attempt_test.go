package robustness

import (
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/demo"
	"github.com/tradefront/tradefront/internal/regulation"
)

// attempt is one login request: what the terminal was, and what it was answered. Each has a
// connection of its own.
type attempt struct {
	number  int   // in the ledger
	front   int32 // that the terminal connected to; 0 if a load balancer chose it
	local   netip.AddrPort
	app     regulation.AppID
	account demo.Account
	flag    regulation.AbnormalFlag // that the record must have
	version string                  // as sent
	sealed  []byte                  // the terminal's ciphertext, as sent
	via     *via                    // the relay that it came through; nil in direct mode

	sent time.Time // before the request
	// Guarded by the ledger.
	done   time.Time // when the outcome was known; zero until then
	result *client.LoginResult
}

// String is what an attempt was, in short.
func (a *attempt) String() string {
	outcome := "not answered"
	if a.result != nil {
		outcome = fmt.Sprintf("answered %s for %s at %s", a.result.RecordID, a.result.TradingDay, a.result.LoginTime)
	}
	return fmt.Sprintf("request %d: %s of %s at %s, flag %c, sent %s, done %s, %s", a.number, a.account.Account, a.app, a.local,
		a.flag, a.sent.Format(time.StampMilli), a.done.Format(time.StampMilli), outcome)
}

// codes of outcomes without an answer of the front.
const (
	answered = 0
	cutOff   = -1 // the connection ended, or could not be made
)

// ledger remembers every attempt and every outcome.
type ledger struct {
	mu       sync.Mutex
	changed  chan struct{} // closed and replaced at each outcome
	attempts []*attempt
	codes    map[int]int // outcomes
	row      int         // answered logins in a row
	wrong    []string    // outcomes that no fault excuses

	ways   map[way]int                            // answered logins, by how they came
	excuse func(a *attempt, w way, code int) bool // more outcomes that are excused; nil for none
}

func newLedger() *ledger {
	return &ledger{changed: make(chan struct{}), codes: map[int]int{}, ways: map[way]int{}}
}

// open notes an attempt before its request is sent.
func (l *ledger) open(a *attempt) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a.number, a.sent = len(l.attempts), time.Now()
	l.attempts = append(l.attempts, a)
}

// close notes what came of a visit; a is nil if it did not get to the login.
func (l *ledger) close(a *attempt, result *client.LoginResult, err error) {
	l.closeBy(direct, a, result, err)
}

// closeBy is close of one that came that way.
func (l *ledger) closeBy(w way, a *attempt, result *client.LoginResult, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	code := codeOf(err)
	l.codes[code]++
	l.row++
	if code != answered {
		l.row = 0
	}
	if code == answered {
		l.ways[w]++
	}
	if !excused(code) && (l.excuse == nil || !l.excuse(a, w, code)) && len(l.wrong) < maxExamples {
		l.wrong = append(l.wrong, fmt.Sprintf("%s: %v", w, err))
	}
	if a != nil {
		a.done = time.Now()
		if code == answered {
			a.result = result
		}
	}
	close(l.changed)
	l.changed = make(chan struct{})
}

// maxExamples bounds how many findings of each sort are printed.
const maxExamples = 5

// excused are the outcomes that a fault may have for an honest terminal.
func excused(code int) bool {
	switch code {
	case answered, cutOff, 7, 8, 90:
		return true
	}
	return false
}

// codeOf is the code that the front answered, or cutOff.
func codeOf(err error) int {
	var refused *client.Error
	switch {
	case err == nil:
		return answered
	case errors.As(err, &refused):
		return refused.Code
	}
	return cutOff
}

// counts are numbers of outcomes.
type counts struct{ answered, refused, cut int }

func (l *ledger) counts() (c counts) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for code, n := range l.codes {
		switch code {
		case answered:
			c.answered += n
		case cutOff:
			c.cut += n
		default:
			c.refused += n
		}
	}
	return c
}

// snapshot is all attempts begun until now, as they are now.
func (l *ledger) snapshot() []attempt {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make([]attempt, len(l.attempts))
	for i, a := range l.attempts {
		all[i] = *a
	}
	return all
}

// await calls ok at each outcome and returns true once ok does; false after d.
func (l *ledger) await(d time.Duration, ok func(*ledger) bool) bool {
	deadline := time.NewTimer(d)
	defer deadline.Stop()
	for {
		l.mu.Lock()
		good, changed := ok(l), l.changed
		l.mu.Unlock()
		if good {
			return true
		}
		select {
		case <-changed:
		case <-deadline.C:
			return false
		}
	}
}
