package link

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
)

// TestAnswersToVerify: each answer that a core may give, right and wrong.
func TestAnswersToVerify(t *testing.T) {
	t.Parallel()
	result := func(change func(r *ftd.VerifyResult)) func(e *ftd.Encoder) {
		r := goodResult
		change(&r)
		return func(e *ftd.Encoder) { e.VerifyResult(&r) }
	}
	keep := result(func(*ftd.VerifyResult) {})
	restricted := result(func(r *ftd.VerifyResult) { r.Restriction = '1' })
	code := func(n int) func(e *ftd.Encoder) {
		return func(e *ftd.Encoder) { e.Error(&ftd.Error{Code: n, Text: []byte("text of the core")}) }
	}
	type fields []func(e *ftd.Encoder)
	for _, tt := range []struct {
		name     string
		fields   fields
		want     reason.Reason
		code     int
		mayPass  bool // the password may be changed
		badWords bool // counted as bad_verify, and aborted
	}{
		{"good", fields{keep, code(0)}, reason.OK, 0, false, false},
		{"operator", fields{result(func(r *ftd.VerifyResult) { r.UserType = '2' }), code(0)}, reason.OK, 0, false, false},
		{"wrong password", fields{code(3)}, reason.WrongPassword, 3, false, false},
		{"too many sessions", fields{code(60)}, reason.TooManySessions, 60, false, false},
		{"account locked", fields{code(75)}, reason.AccountLocked, 75, false, false},
		{"source locked", fields{code(143)}, reason.SourceLocked, 143, false, false},
		{"initialising", fields{code(7)}, reason.CoreInitialising, 7, false, false},
		{"away", fields{code(8)}, reason.CoreAway, 8, false, false},
		{"overloaded", fields{code(90)}, reason.Overloaded, 90, false, false},
		{"second factor", fields{code(6020)}, reason.CoreRefused, 6020, false, false},
		{"weak password", fields{restricted, code(131)}, reason.WeakPassword, 131, true, false},
		{"first login", fields{restricted, code(140)}, reason.FirstLogin, 140, true, false},
		{"expired", fields{restricted, code(141)}, reason.PasswordExpired, 141, true, false},
		{"expired, without a result", fields{code(141)}, reason.CoreRefused, 141, false, false},
		{"expired, without restriction", fields{keep, code(141)}, reason.CoreRefused, 141, false, false},
		{"wrong password, restricted", fields{restricted, code(3)}, reason.WrongPassword, 3, false, false},
		{"no error", fields{keep}, reason.CoreTimeout, 0, false, true},
		{"nothing", nil, reason.CoreTimeout, 0, false, true},
		{"no result", fields{code(0)}, reason.CoreTimeout, 0, false, true},
		{"another user", fields{result(func(r *ftd.VerifyResult) { r.UserID = []byte("u2") }), code(0)}, reason.CoreTimeout, 0, false, true},
		{"another user, expired", fields{result(func(r *ftd.VerifyResult) { r.UserID, r.Restriction = []byte("u2"), '1' }), code(141)}, reason.CoreTimeout, 0, false, true},
		{"unknown user type", fields{result(func(r *ftd.VerifyResult) { r.UserType = '3' }), code(0)}, reason.CoreTimeout, 0, false, true},
		{"unknown restriction", fields{result(func(r *ftd.VerifyResult) { r.Restriction = '2' }), code(0)}, reason.CoreTimeout, 0, false, true},
		{"restricted success", fields{restricted, code(0)}, reason.CoreTimeout, 0, false, true},
		{"short result", fields{func(e *ftd.Encoder) { e.Raw(ftd.FIDVerifyResult, []byte("u1")) }, code(0)}, reason.CoreTimeout, 0, false, true},
		{"short error", fields{keep, func(e *ftd.Encoder) { e.Raw(ftd.FIDError, []byte("0")) }}, reason.CoreTimeout, 0, false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			seen := newCounts()
			inBubble(t, 1, func(o *Options) { o.Observer = seen }, func(t *testing.T, l *Link, cores []*fakeCore) {
				k := cores[0].accept()
				k.greet(accept(ftd.CoreActive, instanceA, 1))
				synctest.Wait()
				answer := verify(t.Context(), l, attempt(t, 1, newTerminal()))
				k.next(ftd.TIDSessionVerify)
				k.send(message(ftd.TIDSessionVerify, tagOf(1), func(e *ftd.Encoder) {
					for _, f := range tt.fields {
						f(e)
					}
				}))
				got := <-answer
				if n := of(seen, seen.verified, tt.want); n != 1 {
					t.Errorf("%v was counted %d times", tt.want, n)
				}
				if tt.want == reason.OK {
					if got.err != nil {
						t.Error(got.err)
					}
					return
				}
				r := refusedAs(t, got.err, tt.want)
				if r.Code != tt.code || (r.Text == "text of the core") != (tt.code != 0) || (r.Session != nil) != tt.mayPass {
					t.Errorf("refused as %+v", r)
				}
				if n := seen.discarded(BadVerify); (n == 1) != tt.badWords {
					t.Errorf("bad_verify is %d", n)
				}
				if tt.badWords {
					k.next(ftd.TIDSessionAbort)
				}
				if want := map[bool]int{true: 1, false: 0}[tt.mayPass]; l.Status().Sessions != want {
					t.Errorf("%d sessions are left", l.Status().Sessions)
				}
			})
		})
	}
}

// TestPasswordOnly: such a session passes the new password, and nothing else in either direction.
func TestPasswordOnly(t *testing.T) {
	seen := newCounts()
	inBubble(t, 1, func(o *Options) { o.Observer = seen }, func(t *testing.T, l *Link, cores []*fakeCore) {
		k := cores[0].accept()
		k.greet(accept(ftd.CoreActive, instanceA, 1))
		synctest.Wait()
		terminal := newTerminal()
		answer := verify(t.Context(), l, attempt(t, 1, terminal))
		k.next(ftd.TIDSessionVerify)
		r := goodResult
		r.Restriction = '1'
		k.send(message(ftd.TIDSessionVerify, tagOf(1), func(e *ftd.Encoder) { e.VerifyResult(&r); e.Error(&ftd.Error{Code: 140}) }))
		s := refusedAs(t, (<-answer).err, reason.FirstLogin).Session

		h, body := business(3, 0, 1, "order")
		if got := s.Pass(h, body); got != reason.PasswordFirst {
			t.Error(got)
		}
		k.send(toSession(1, body))
		synctest.Wait()
		if seen.discarded(NotOpen) != 1 || len(terminal.bodies()) != 0 {
			t.Error("an order's answer was delivered")
		}
		h, body = business(ftd.TIDPasswordUpdate, 0, 1, "old and new")
		if got := s.Pass(h, body); got != reason.OK {
			t.Error(got)
		}
		s.Flush()
		k.next(ftd.TIDPasswordUpdate)
		k.send(toSession(1, body))
		synctest.Wait()
		if len(terminal.bodies()) != 1 {
			t.Error("the answer was not delivered")
		}

		// The next login of the connection has the same SessionID.
		answer = verify(t.Context(), l, attempt(t, 1, terminal))
		k.next(ftd.TIDSessionVerify)
		k.send(verifyOK(1))
		if got := <-answer; got.err != nil {
			t.Fatal(got.err)
		}
		if _, err := l.Verify(t.Context(), attempt(t, 1, terminal)); !errors.Is(err, errSessionInUse) {
			t.Errorf("a second login of a verified session: %v", err)
		}
		l.Abort(1, ftd.ReasonRecordFailed, "disk full")
		l.Abort(1, ftd.ReasonRecordFailed, "disk full")
		k.next(ftd.TIDSessionAbort)
		s.Close(ftd.ReasonLogout, "") // the session before: it is over
		synctest.Wait()
		if len(k.frames) != 0 || l.Status().Sessions != 0 {
			t.Error("more was sent, or a session is left")
		}
	})
}

// TestRequestCode: a request for a code passes before a login, and its answer comes back once.
func TestRequestCode(t *testing.T) {
	seen := newCounts()
	inBubble(t, 1, func(o *Options) { o.Observer = seen }, func(t *testing.T, l *Link, cores []*fakeCore) {
		k := cores[0].accept()
		a := accept(ftd.CoreActive, instanceA, 1)
		a.Credit = 0 // it costs none
		k.greet(a)
		synctest.Wait()
		terminal := newTerminal()
		_, body := business(ftd.TIDRequestCode, 0, 0, "mobile")
		if r := l.RequestCode(5, terminal, body); r != reason.OK {
			t.Fatal(r)
		}
		if g := k.next(ftd.TIDRequestCode); g.tag.SessionID != 5 || string(g.body) != string(body) {
			t.Errorf("the core got %+v", g)
		}
		k.send(toSession(5, body), toSession(5, body))
		synctest.Wait()
		if len(terminal.bodies()) != 1 || seen.discarded(LateCode) != 1 {
			t.Error("the answer was not delivered once")
		}
		// More than the bound: the oldest is forgotten.
		for id := range int32(maxCodeRequests + 1) {
			if r := l.RequestCode(100+id, terminal, body); r != reason.OK {
				t.Fatal(r)
			}
		}
		_, refusal := business(ftd.TIDError, 0, 0, "too many codes") // the first request was forgotten, this one waits
		k.send(toSession(101, refusal), toSession(101, refusal))
		synctest.Wait()
		want := slices.Clone(refusal)
		binary.BigEndian.PutUint32(want[1:], uint32(ftd.TIDRequestCode))
		if got := terminal.bodies(); len(got) != 2 || !bytes.Equal(got[1], want) || seen.discarded(UnknownSession) != 1 {
			t.Errorf("an Error was not delivered once as the answer: % x", got)
		}
		if l.codes.take(100) != nil || l.codes.take(102) == nil || len(l.codes.order) != maxCodeRequests {
			t.Error("the bound does not hold")
		}
	})
}
