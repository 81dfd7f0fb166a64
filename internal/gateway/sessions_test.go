package gateway

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/session"
)

func atMost(n int) func(*setup) {
	return func(s *setup) { s.SessionsPerUser = n }
}

func as(user string) session.LoginAttempt {
	a := attempt()
	a.UserID = []byte(user)
	return a
}

func (h *house) want(a session.LoginAttempt, want reason.Reason) session.Outcome {
	h.t.Helper()
	outcome, _ := h.login(home, a)
	if outcome.Reason != want {
		h.t.Fatalf("%s: %v, want %v", a.UserID, outcome.Reason, want)
	}
	return outcome
}

func TestSessionsPerUser(t *testing.T) {
	h := newHouse(t, atMost(2))
	h.want(as("a"), reason.OK)
	h.want(as("a"), reason.OK)
	h.want(as("a"), reason.TooManySessions)
	h.want(as("b"), reason.OK) // others are not concerned
	h.Ended(home, []byte("a"), reason.PeerClosed)
	h.want(as("a"), reason.OK)
	h.want(as("a"), reason.TooManySessions)
	for _, user := range []string{"a", "a", "b"} {
		h.Ended(home, []byte(user), reason.PeerClosed)
	}
	if h.Online() != 0 || len(h.online.sessions) != 0 {
		t.Errorf("%d online, %v: something is left of users who are gone", h.Online(), h.online.sessions)
	}
}

func TestSessionsWithoutBound(t *testing.T) {
	h := newHouse(t, nil)
	for range 50 {
		h.want(as("a"), reason.OK)
	}
}

// A login whose terminal is gone stays recorded, is told to the audit log under its
// RecordID, and does not count as online.
func TestUnanswered(t *testing.T) {
	h := newHouse(t, atMost(1))
	outcome := h.want(as("a"), reason.OK)
	h.Unanswered(home, outcome)
	line := h.audit.entries[len(h.audit.entries)-1]
	if len(h.audit.entries) != 2 || line.Event != logs.EventUnanswered || line.RecordID != h.log.records[0].ID ||
		line.Account != "a" || line.Reason != "ok" || line.Ref != "" || line.Address != home.Addr.Addr() || line.Time.IsZero() {
		t.Errorf("%+v", h.audit.entries)
	}
	if line.RecordID == uuid.Nil || len(h.log.records) != 1 {
		t.Errorf("%d records, line %+v", len(h.log.records), line)
	}
	h.want(as("a"), reason.OK) // the place is free again
}

// TestNoRecordOfWhatHasGone: the terminal, or the core that verified it, is not there any more when the record would be made.
func TestNoRecordOfWhatHasGone(t *testing.T) {
	for _, c := range []struct {
		why   string
		code  int
		core  ftd.ReasonCode
		spoil func(*house, *session.LoginAttempt)
	}{
		{"terminal_gone", 90, ftd.ReasonGone, func(_ *house, a *session.LoginAttempt) { a.Gone.Store(true) }},
		{"core_away", 8, ftd.ReasonRecordFailed, func(h *house, _ *session.LoginAttempt) { h.core.lost = true }},
	} {
		h := newHouse(t, atMost(1))
		a := as("a")
		a.Gone = new(atomic.Bool)
		h.core.verify = func(at *core.Attempt) (core.User, error) {
			c.spoil(h, &a)
			return core.User{Account: at.Account, UserType: regulation.UserCustomer}, nil
		}
		outcome, line := h.login(home, a)
		if outcome.Reason.String() != c.why || outcome.Reason.Code() != c.code || outcome.Receipt != nil {
			t.Errorf("%s: %+v", c.why, outcome)
		}
		if len(h.log.records) != 0 || len(h.core.openings) != 0 || h.Online() != 0 {
			t.Errorf("%s: %d records, %d opened, %d online", c.why, len(h.log.records), len(h.core.openings), h.Online())
		}
		if !slices.Equal(h.core.aborted, []int32{home.SessionID}) || !slices.Equal(h.core.told, []ftd.ReasonCode{c.core}) {
			t.Errorf("%s: aborted %v for %c", c.why, h.core.aborted, h.core.told)
		}
		h.Unanswered(home, outcome) // as the front does without a terminal
		if len(h.audit.entries) != 1 || line.Reason != c.why || line.Event != "login" || line.Account != "a" || line.RecordID != uuid.Nil || line.Ref == "" {
			t.Errorf("%s: %+v", c.why, h.audit.entries)
		}
		h.core.verify, h.core.lost = nil, false
		h.want(as("a"), reason.OK) // the place is free
	}
}

// A refusal that no terminal receives was written down when it was decided, and held no place.
func TestUnansweredRefusal(t *testing.T) {
	h := newHouse(t, atMost(1))
	h.want(as("a"), reason.OK)
	refused := h.want(as("a"), reason.TooManySessions)
	h.Unanswered(home, refused)
	if len(h.audit.entries) != 2 || h.Online() != 1 {
		t.Errorf("%d lines, %d online", len(h.audit.entries), h.Online())
	}
	h.want(as("a"), reason.TooManySessions)
}

// The front catches a panic and ends the connection, without Ended and without
// Unanswered: the place and the password must go all the same.
func TestPanicGivesThePlaceBack(t *testing.T) {
	for name, spoil := range map[string]func(*house){
		"core":  func(h *house) { h.core.verify = func(*core.Attempt) (core.User, error) { panic("core") } },
		"store": func(h *house) { h.log.fail = func() error { panic("store") } },
	} {
		h := newHouse(t, atMost(1))
		spoil(h)
		a := attempt()
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: the panic did not reach the front", name)
				}
			}()
			h.Login(context.Background(), home, &a)
		}()
		if string(a.Password) != string(make([]byte, len(password))) || h.Online() != 0 {
			t.Errorf("%s: password %q, %d online", name, a.Password, h.Online())
		}
		h.heal()
		h.want(attempt(), reason.OK)
	}
}

func TestSessionsAreCountedUnderConcurrency(t *testing.T) {
	const limit, crowd = 5, 40
	h := newHouse(t, atMost(limit))
	var (
		wg    sync.WaitGroup
		in    atomic.Int32
		start = make(chan struct{})
	)
	for range crowd {
		wg.Go(func() {
			<-start
			if h.Login(context.Background(), home, new(attempt())).Reason == reason.OK {
				in.Add(1)
			}
		})
	}
	close(start)
	wg.Wait()
	if in.Load() != limit || h.Online() != limit || len(h.log.records) != limit || len(h.audit.entries) != crowd {
		t.Errorf("%d in, %d online, %d records, %d lines", in.Load(), h.Online(), len(h.log.records), len(h.audit.entries))
	}
	ids := make(map[uuid.UUID]bool)
	for _, r := range h.log.records {
		ids[r.ID] = true
	}
	if len(ids) != limit {
		t.Error("a RecordID appears twice")
	}
}

// coreSession is one at the core; it counts how often it was closed.
type coreSession struct{ closed int }

func (*coreSession) Wait() bool                            { return false }
func (*coreSession) Pass(ftd.Header, []byte) reason.Reason { return reason.OK }

func (*coreSession) Refused(_ ftd.Header, why reason.Reason) reason.Reason { return why }
func (*coreSession) Flush()                                                {}
func (s *coreSession) Close(ftd.ReasonCode, string)                        { s.closed++ }

// brokenAudit panics at the line of a login.
type brokenAudit struct{ *fakeAudit }

func (brokenAudit) LogWritten(context.Context, logs.Entry) error { panic("audit") }

// TestPanicClosesTheSession: a login that panics behind SessionOpen leaves no session at the core.
func TestPanicClosesTheSession(t *testing.T) {
	h := newHouse(t, atMost(1))
	opened := &coreSession{}
	h.core.open = func() (core.Session, error) { return opened, nil }
	h.Gateway.audit = brokenAudit{h.audit}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic did not reach the front")
			}
		}()
		h.Login(context.Background(), home, new(attempt()))
	}()
	if opened.closed != 1 || h.Online() != 0 {
		t.Errorf("closed %d times, %d online", opened.closed, h.Online())
	}
	h.Gateway.audit = h.audit
	if outcome := h.want(attempt(), reason.OK); outcome.Session != opened || opened.closed != 1 {
		t.Errorf("session %v was closed %d times", outcome.Session, opened.closed)
	}
}

// allFronts says what the other fronts allow, and counts what it is told.
type allFronts struct {
	full  bool
	taken int
}

func (f *allFronts) Take(context.Context, regulation.Account) bool {
	if f.full {
		return false
	}
	f.taken++
	return true
}

func (f *allFronts) Resume(regulation.Account)  { f.taken++ }
func (f *allFronts) Release(regulation.Account) { f.taken-- }

// TestSessionsAtAllFronts: a login that this front would take is refused where the account has its sessions at others, before anything is
// recorded; and each session that was taken is given back once, at each way out.
func TestSessionsAtAllFronts(t *testing.T) {
	fronts := &allFronts{}
	h := newHouse(t, func(s *setup) { s.SessionsPerUser, s.AllFronts = 2, fronts })
	is := func(when string, taken int) {
		t.Helper()
		if fronts.taken != taken || h.Online() != taken {
			t.Fatalf("%s: %d sessions at all fronts, %d here, want %d", when, fronts.taken, h.Online(), taken)
		}
	}
	fronts.full = true
	h.want(as("a"), reason.TooManySessions)
	is("refused by the others", 0)
	if len(h.log.records) != 0 {
		t.Fatal("a login was recorded before it was refused")
	}
	fronts.full = false
	h.want(as("a"), reason.OK)
	is("logged in", 1)
	h.Ended(home, []byte("a"), reason.PeerClosed)
	is("ended", 0)
	h.Resumed("a")
	h.want(as("a"), reason.OK)
	is("resumed, and logged in", 2)
	h.want(as("a"), reason.TooManySessions)
	is("refused here, and not asked for at the others", 2)
	h.Ended(home, []byte("a"), reason.PeerClosed)
	h.Ended(home, []byte("a"), reason.PeerClosed)
	h.Unanswered(home, h.want(as("a"), reason.OK))
	is("gone before its answer", 0)
	gone := as("a")
	gone.Gone = new(atomic.Bool)
	gone.Gone.Store(true)
	h.want(gone, reason.TerminalGone)
	is("gone before its record", 0)
	h.log.fail = func() error { return errors.New("disk") }
	h.want(as("a"), reason.StoreFailed)
	is("not recorded", 0)
	h.log.fail, h.log.seen = func() error { panic("store") }, nil
	func() {
		defer func() { _ = recover() }()
		h.Login(context.Background(), home, new(as("a")))
	}()
	is("a part panicked", 0)
}
