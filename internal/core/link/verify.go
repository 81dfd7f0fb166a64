package link

import (
	"context"
	"errors"
	"time"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
)

// errSessionInUse says that a caller verifies a session that is verified already.
var errSessionInUse = errors.New("a login is verified already, or on its way, in this session")

// verifyAnswer is what became of a SessionVerify.
type verifyAnswer struct {
	user    core.User
	refused *core.Refused // nil: let in
	abort   bool          // the core may have reserved the session all the same, and is to be told
	told    bool          // it was told
}

func refusedFor(r reason.Reason) verifyAnswer { return verifyAnswer{refused: &core.Refused{Reason: r}} }

// Verify is core.Core's.
func (l *Link) Verify(ctx context.Context, a *core.Attempt) (core.User, error) {
	began := time.Now()
	got, err := l.verify(ctx, a)
	if err != nil {
		return core.User{}, err
	}
	r := reason.OK
	if got.refused != nil {
		r = got.refused.Reason
	}
	l.observer.Verified(r, time.Since(began))
	if got.refused != nil {
		return core.User{}, got.refused
	}
	return got.user, nil
}

func (l *Link) verify(ctx context.Context, a *core.Attempt) (verifyAnswer, error) {
	t, away := l.current()
	if t == nil {
		return refusedFor(away), nil
	}
	s := newVerifying(l, t, a)
	if r, err := l.enter(s); err != nil || r != reason.OK {
		l.endReplaced(s, t)
		return refusedFor(r), err
	}
	return l.ask(ctx, t, s, a)
}

func newVerifying(l *Link, t *tenure, a *core.Attempt) *session {
	return &session{
		link: l, id: a.SessionID, account: a.Account, terminal: a.Terminal, tenure: t, state: verifying,
		answered: make(chan verifyAnswer, 1),
	}
}

// ask asks the core for the login of a session that is in the table.
func (l *Link) ask(ctx context.Context, t *tenure, s *session, a *core.Attempt) (verifyAnswer, error) {
	r, err := l.putVerify(t, s, a)
	if r != reason.OK || err != nil {
		l.drop(s)
		l.endReplaced(s, t)
		return refusedFor(r), err
	}
	t.conn.out.flush()
	if t.over.Load() && s.loseVerify() { // release may have passed before the session was there
		l.endVerifies(t.conn, []*session{s})
	}
	return l.await(ctx, s, t), nil
}

// putVerify queues the question, unless release has answered s already: the core was told then that s is over, and a question
// behind that would have it reserve a session that nothing ends.
func (l *Link) putVerify(t *tenure, s *session, a *core.Attempt) (reason.Reason, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != verifying {
		return reason.OK, nil
	}
	return t.conn.out.put(func(dst []byte) ([]byte, error) { return l.sessionVerify(dst, a) })
}

// enter puts a session into the table. A session that could only change its password gives way.
func (l *Link) enter(s *session) (reason.Reason, error) {
	if before := l.table.get(s.id); before != nil {
		switch before.stateNow() {
		case passwordOnly:
			s.replaces = true
			l.drop(before)
		case closed:
			l.drop(before)
		case leaving: // its password could be changed until the core changed: the terminal logs in before it is sent away
			before.Close(ftd.ReasonGone, "the terminal logs in again")
		default:
			return reason.OK, errSessionInUse
		}
	}
	switch there, full := l.table.add(s); {
	case there:
		return reason.OK, errSessionInUse
	case full:
		return reason.Overloaded, nil
	}
	return reason.OK, nil
}

// drop ends a session of which the core is told nothing.
func (l *Link) drop(s *session) {
	s.mu.Lock()
	s.state = closed
	s.mu.Unlock()
	l.table.remove(s)
}

// loseVerify ends a login whose core went away before it answered, and reports whether it had not.
func (s *session) loseVerify() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != verifying {
		return false
	}
	s.state, s.tenure = closed, nil
	return true
}

// endVerifies answers logins whose core went away. One that only changed its Term, over a connection that is up, reads
// their SessionVerify and reserves the sessions: it is told here, so that what it is told is in one order and not in that in
// which the logins wake.
func (l *Link) endVerifies(c *conn, sessions []*session) {
	for _, s := range sessions {
		l.abortVerify(c, s.id, reason.CoreAway)
		s.answered <- verifyAnswer{refused: &core.Refused{Reason: reason.CoreAway}, told: true}
	}
	c.out.flush()
}

// abortVerify queues the end of a login of which the core may have reserved the session.
func (l *Link) abortVerify(c *conn, id int32, why reason.Reason) {
	l.end(c, id, ftd.TIDSessionAbort, ftd.ReasonGone, "verify: "+why.String())
}

// sessionVerify appends the message for an attempt.
func (l *Link) sessionVerify(dst []byte, a *core.Attempt) ([]byte, error) {
	var ip [regulation.MaxAddrLen]byte
	var instant [regulation.TimeLen]byte
	var appID, via [regulation.MaxAppIDLen]byte
	e := ftd.BeginSession(dst, ftd.TIDSessionVerify, l.tag(a.SessionID))
	e.Raw(ftd.FIDLoginRequest, a.Request)
	e.SessionContext(&ftd.SessionContext{
		AppID: append(appID[:0], a.AppID...), AppType: a.AppType,
		PublicIP: regulation.AppendAddr(ip[:0], a.Source.Addr()), PublicPort: int(a.Source.Port()),
		Instant: a.Instant.In(regulation.Zone).AppendFormat(instant[:0], regulation.TimeLayout), RelayAppID: append(via[:0], a.Via...),
	})
	if a.Relayed != nil {
		e.Raw(ftd.FIDRelayedTerminal, a.Relayed)
	}
	return e.End()
}

// await waits for the core's answer.
func (l *Link) await(ctx context.Context, s *session, t *tenure) verifyAnswer {
	deadline := time.NewTimer(l.options.VerifyTimeout)
	defer deadline.Stop()
	var got verifyAnswer
	select {
	case got = <-s.answered:
	case <-deadline.C:
		got = l.giveUp(s)
	case <-ctx.Done():
		got = l.giveUp(s)
	}
	if got.refused != nil && got.refused.Session == nil {
		l.drop(s)
		switch {
		case got.told:
		case got.abort:
			l.abortVerify(t.conn, s.id, got.refused.Reason)
			t.conn.out.flush()
		default:
			l.endReplaced(s, t)
		}
	}
	return got
}

// endReplaced tells the core, after it refused s, that the session is over in whose place s was asked for: the refusal does not say
// whether it kept that.
func (l *Link) endReplaced(s *session, t *tenure) {
	if s.replaces {
		l.end(t.conn, s.id, ftd.TIDSessionClose, ftd.ReasonGone, "the next login was refused")
		t.conn.out.flush()
	}
}

// giveUp ends the wait, unless the answer is there at the same moment.
func (l *Link) giveUp(s *session) verifyAnswer {
	s.mu.Lock()
	pending := s.state == verifying
	if pending {
		s.state = closed
	}
	s.mu.Unlock()
	if pending {
		return verifyAnswer{refused: &core.Refused{Reason: reason.CoreTimeout}, abort: true}
	}
	return <-s.answered
}

// verifyAnswered takes an answer to SessionVerify.
func (c *conn) verifyAnswered(t *tenure, s *session, msg *ftd.Message) {
	s.mu.Lock()
	if s.state != verifying || s.tenure != t {
		late := s.state == closed
		s.mu.Unlock()
		if late {
			c.link.discard(LateVerify, c, s.id, msg.TID, nil)
		} else {
			c.link.discard(SecondAnswer, c, s.id, msg.TID, nil)
		}
		return
	}
	got, err := readVerify(msg, s.account)
	switch {
	case err != nil:
		got = verifyAnswer{refused: &core.Refused{Reason: reason.CoreTimeout}, abort: true}
		s.state = closed
	case got.refused == nil:
		s.state = verified
	case passwordMayChange(got.refused.Reason):
		got.refused.Session = s
		s.state = passwordOnly
	default:
		s.state = closed
	}
	s.mu.Unlock()
	if err != nil {
		c.link.discard(BadVerify, c, s.id, msg.TID, err)
	}
	s.answered <- got
}

// passwordMayChange reports whether a login that was refused for that reason leaves a session in which the password can be changed.
func passwordMayChange(r reason.Reason) bool {
	return r == reason.WeakPassword || r == reason.FirstLogin || r == reason.PasswordExpired
}

// readVerify is what a core's answer about account says.
func readVerify(msg *ftd.Message, account regulation.Account) (verifyAnswer, error) {
	var result ftd.Error
	data, there := msg.Field(ftd.FIDError)
	if !there {
		return verifyAnswer{}, errors.New("the answer has no Error")
	}
	if err := result.Decode(data); err != nil {
		return verifyAnswer{}, err
	}
	var who ftd.VerifyResult
	data, named := msg.Field(ftd.FIDVerifyResult)
	if named {
		if err := who.Decode(data); err != nil {
			return verifyAnswer{}, err
		}
		if err := checkResult(&who, account); err != nil {
			return verifyAnswer{}, err
		}
	}
	if result.Code != 0 {
		return refusedBy(&result, named && who.Restriction == ftd.RestrictionPasswordOnly), nil
	}
	switch {
	case !named:
		return verifyAnswer{}, errors.New("the answer has Error 0 and no VerifyResult")
	case who.Restriction != ftd.RestrictionNone:
		return verifyAnswer{}, errors.New("VerifyResult has a Restriction beside Error 0")
	}
	return verifyAnswer{user: core.User{
		Account: account, UserType: regulation.UserType(who.UserType),
		LastLogin: string(who.LastLogin), LastIP: string(who.LastIP), Notice: string(who.Notice),
	}}, nil
}

func checkResult(who *ftd.VerifyResult, account regulation.Account) error {
	switch {
	case string(who.UserID) != string(account):
		return errors.New("VerifyResult is about another UserID than the request")
	case !regulation.UserType(who.UserType).Valid():
		return errors.New("VerifyResult's UserType is neither 1 nor 2")
	case who.Restriction != ftd.RestrictionNone && who.Restriction != ftd.RestrictionPasswordOnly:
		return errors.New("VerifyResult's Restriction is neither 0 nor 1")
	}
	return nil
}

// Codes by which a core refuses a login and which have a reason of their own here.
var reasonsOfCodes = map[int]reason.Reason{
	3: reason.WrongPassword, 60: reason.TooManySessions, 75: reason.AccountLocked, 143: reason.SourceLocked,
	7: reason.CoreInitialising, 8: reason.CoreAway, 90: reason.Overloaded,
}

// Codes that let a customer change the password, if VerifyResult says so.
var passwordReasons = map[int]reason.Reason{
	131: reason.WeakPassword, 140: reason.FirstLogin, 141: reason.PasswordExpired,
}

func refusedBy(e *ftd.Error, mayChange bool) verifyAnswer {
	r, known := reasonsOfCodes[e.Code]
	if mayChange && !known {
		r, known = passwordReasons[e.Code]
	}
	if !known {
		r = reason.CoreRefused
	}
	return verifyAnswer{refused: &core.Refused{Reason: r, Code: e.Code, Text: string(e.Text)}}
}
