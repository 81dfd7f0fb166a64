package gateway

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/dialogue"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/test/terminaltest"
)

const loginWork = 20 * time.Second

// TestHungPart: whichever part hangs, a login is answered by its deadline, its place among the
// logins in flight is free, and once the part works again logins are accepted.
func TestHungPart(t *testing.T) {
	late := context.DeadlineExceeded
	for _, c := range []struct {
		name    string
		hang    func(*house)
		want    reason.Reason
		code    int
		mayStay bool // the record may be there: the audit line names it
	}{
		{"core", func(h *house) { h.core.hang = fmt.Errorf("no answer: %w", late) }, reason.LoginDeadline, 90, false},
		{"core's queue", func(h *house) { h.core.hang = &core.Refused{Reason: reason.Overloaded} }, reason.LoginDeadline, 90, false},
		{"core refuses at last", func(h *house) { h.core.hang = &core.Refused{Reason: reason.WrongPassword} }, reason.WrongPassword, 3, false},
		{"store's queue", func(h *house) { h.log.hang = fmt.Errorf("not taken: %w", late) }, reason.LoginDeadline, 90, false},
		{"store's commit", func(h *house) { h.log.hang = store.ErrInDoubt }, reason.StoreInDoubt, 8, true},
		{"store's confirmation", func(h *house) {
			h.log.hang = fmt.Errorf("%w: %w: %w", store.ErrUnavailable, store.ErrUnconfirmed, late)
		}, reason.StoreUnconfirmed, 8, true},
		{"audit log", func(h *house) { h.audit.hang = true }, reason.OK, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHouse(t, func(s *setup) { s.LoginWork, s.SessionsPerUser = loginWork, 1 })
				driver := dialogue.New(&session.Settings{
					AuthTimeout: time.Hour, LoginTimeout: time.Hour, ChallengeTTL: time.Minute,
					PendingFrames: 4, Refusals: 4, BodyBeforeAuth: 512,
				}, dialogue.Limits{Logins: 1, Unsent: 1 << 16}, h.Gateway, uncounted{}, zap.NewNop())
				c.hang(h)
				began := time.Now()
				code := logInOver(t, driver, home)
				if took := time.Since(began); took > loginWork+auditPatience || code != c.code {
					t.Errorf("answered %d after %v, want %d", code, took, c.code)
				}
				if n := driver.LoginsInFlight(); n != 0 {
					t.Errorf("%d logins are in flight", n)
				}
				if c.want != reason.OK {
					line := h.audit.entries[len(h.audit.entries)-1]
					if line.Event != logs.EventLogin || line.Reason != c.want.String() || (line.RecordID != uuid.Nil) != c.mayStay {
						t.Errorf("audit line %+v", line)
					}
				}
				h.core.hang, h.log.hang, h.audit.hang = nil, nil, false
				if c.want == reason.OK {
					h.Ended(home, []byte(account), reason.PeerClosed) // its place is the next login's
				}
				if code := logInOver(t, driver, home); code != 0 {
					t.Errorf("after the hang: answered %d", code)
				}
			})
		})
	}
}

// TestHungStoreInDoubt: a login whose record may exist counts as the first with its ciphertext.
func TestHungStoreInDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newSeenHouse(t, func(s *setup) { s.LoginWork = loginWork })
		a := sent("1.0", '0', 256)
		h.log.hang = store.ErrInDoubt
		if outcome, _ := h.login(home, *a.Clone()); outcome.Reason != reason.StoreInDoubt {
			t.Fatal(outcome.Reason)
		}
		h.log.hang = nil
		if _, line := h.login(home, *a.Clone()); line.TerminalProblem != "terminal_info_replayed" {
			t.Errorf("the second login with it: %+v", line)
		}
	})
}

// TestSlowIsNotLate: a login that ends a moment before its deadline is accepted, and so are the
// ones after it: each has the whole time.
func TestSlowIsNotLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, func(s *setup) { s.LoginWork = loginWork })
		for range 3 {
			h.log.seen = func() { time.Sleep(loginWork - time.Millisecond) }
			if outcome, _ := h.login(home, attempt()); outcome.Reason != reason.OK {
				t.Fatal(outcome.Reason)
			}
		}
	})
}

// tape is a connection that keeps what was written to it. later has what a login brings back.
type tape struct {
	written bytes.Buffer
	later   chan func()
}

func (*tape) Unsent() int             { return 0 }
func (w *tape) Write(b []byte)        { w.written.Write(b) }
func (*tape) Terminal() core.Terminal { return nil }
func (*tape) NextID() int32           { return 2 }
func (w *tape) Later(f func(bool))    { w.later <- func() { f(false) } }

// logInOver authenticates and logs in on a connection of its own; it returns the code of the
// answer to the login.
func logInOver(t *testing.T, driver *dialogue.Driver, peer session.Peer) int {
	t.Helper()
	w := &tape{later: make(chan func(), 1)}
	d := driver.Begin(w, new(dialogue.Scratch), peer, time.Now())
	d.Receive(terminaltest.Ask(terminalID), time.Now())
	d.Receive(terminaltest.Answer(terminalID, [ftd.ChallengeLen]byte{}), time.Now())
	w.written.Reset()
	d.Receive(terminaltest.Login(client.LoginRequest{
		BrokerID: broker, UserID: account, Password: password,
		KeyVersion: "1.0", AbnormalFlag: '0', Ciphertext: make([]byte, 256),
	}), time.Now())
	(<-w.later)()
	var inbox terminaltest.Inbox
	inbox.Add(w.written.Bytes())
	answer, ok, err := inbox.Next()
	if !ok || err != nil {
		t.Fatalf("answered % x: %v", w.written.Bytes(), err)
	}
	return answer.Code
}
