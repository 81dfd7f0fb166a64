package front

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/dialogue"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
)

// SessionInfo is how one session is.
type SessionInfo struct {
	SessionID int32
	State     session.State
	AppID     string         // empty before the terminal asked for a challenge
	Account   string         // empty unless a login is on its way or done
	Address   netip.AddrPort // the terminal's; invalid while it is not known
	Proxy     netip.Addr     // the load balancer that told Address; invalid if there is none
	Since     time.Time      // accepted
	LoggedIn  time.Time      // zero before the login was answered
	Frames    dialogue.Frames
	Relays    bool // it came to a listener that admits relays
}

// Sessions are those that are open, in no order. The error says that the front stops, or ctx ended.
func (s *Server) Sessions(ctx context.Context) ([]SessionInfo, error) {
	var all []SessionInfo
	err := s.onLoops(ctx, func(l *loop) {
		for _, c := range l.conns {
			all = append(all, c.info())
		}
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

func (c *conn) info() SessionInfo {
	defer c.unlock(c.lock())
	peer := c.Peer()
	return SessionInfo{
		SessionID: peer.SessionID, State: c.State(), AppID: string(c.AppID()), Account: string(c.UserID()),
		Address: peer.Addr, Proxy: peer.Proxy, Since: c.Began(), LoggedIn: c.LoggedIn(), Frames: c.Frames(),
		Relays: peer.Relays,
	}
}

// EndSession sends ForceExit with text to the terminal of a session and ends it. A login that is on its way is
// answered first. It is false if there is no such session. The error says that the front stops, or ctx ended: the session was not found by
// then, and may be there.
func (s *Server) EndSession(ctx context.Context, id int32, text string) (found bool, err error) {
	exit := dialogue.AppendExit(nil, session.AppendForceExit(nil, session.ExitByOperator, text), reason.EndedByOperator)
	return s.onSession(ctx, id, func(c *conn) bool {
		c.Take(exit, time.Now())
		c.closeIfOver()
		return true
	})
}

// onSession calls f with the connection of a session, on its loop and under its lock, and returns what f does. It is false if there is no
// such session. The error says that the front stops, or ctx ended, before the session was found.
func (s *Server) onSession(ctx context.Context, id int32, f func(*conn) bool) (done bool, err error) {
	found := false
	look := func(l *loop) {
		for _, c := range l.conns {
			if c.Peer().SessionID == id {
				defer c.unlock(c.lock())
				found, done = true, f(c)
				return
			}
		}
	}
	s.loops.Range(func(_, l any) bool {
		if err = ctx.Err(); err == nil {
			err = s.onLoop(ctx, l.(*loop), look)
		}
		return err == nil && !found // what the other loops would answer does not matter any more
	})
	return done, err
}

// EndSessions sends ForceExit with text to the terminal of each session whose account is meant, and ends it; it returns their number.
// A login that is on its way is answered first. The error says that the front stops, or ctx ended: some may be left.
func (s *Server) EndSessions(ctx context.Context, meant func(account []byte) bool, text string) (ended int, err error) {
	exit := dialogue.AppendExit(nil, session.AppendForceExit(nil, session.ExitByOperator, text), reason.EndedByOperator)
	return s.endConns(ctx, exit, func(c *conn) bool {
		defer c.unlock(c.lock())
		account := c.UserID()
		return len(account) > 0 && meant(account)
	})
}

// endConns ends the connections that are meant, and returns their number.
func (s *Server) endConns(ctx context.Context, exit dialogue.Mail, meant func(*conn) bool) (ended int, err error) {
	err = s.onLoops(ctx, func(l *loop) {
		var some []*conn // closing a connection moves others within conns
		for _, c := range l.conns {
			if meant(c) {
				some = append(some, c)
			}
		}
		for _, c := range some {
			if c.end(exit) {
				ended++
			}
		}
	})
	return ended, err
}

// EndTerminal tells the operator relay of a session to end the terminal of a submission, by ForceExit with text, and takes
// the terminal out here. It is false if there is no such session, or its relay was not told
// at its login that this may come. The error says that the front stops, or ctx ended: the relay was not asked.
func (s *Server) EndTerminal(ctx context.Context, id int32, submitID uuid.UUID, text string) (told bool, err error) {
	var ref [36]byte
	copy(ref[:], submitID.String())
	exit := dialogue.AppendTerminalExit(nil, ref, session.AppendForceExit(nil, session.ExitByOperator, text))
	return s.onSession(ctx, id, func(c *conn) bool {
		if !c.EndsOne() {
			return false
		}
		c.Take(exit, time.Now())
		c.closeIfOver()
		return true
	})
}

var errStopping = errors.New("front: the front stops")

// onLoops runs f on each loop in its turn.
func (s *Server) onLoops(ctx context.Context, f func(*loop)) error {
	var err error
	s.loops.Range(func(_, l any) bool {
		if err = ctx.Err(); err == nil {
			err = s.onLoop(ctx, l.(*loop), f)
		}
		return err == nil
	})
	return err
}

// onLoop runs f on a loop, and returns once f has run, or never will. If ctx ends before, f runs and does nothing.
func (s *Server) onLoop(ctx context.Context, l *loop, f func(*loop)) error {
	begun, done := make(chan struct{}, 1), make(chan struct{})
	begun <- struct{}{} // who takes it decides: the loop runs f, or this goroutine gives up
	if !s.execute(l.el, func() {
		defer close(done)
		select {
		case <-begun:
			f(l)
		default:
		}
	}) {
		return errStopping
	}
	var why error
	select {
	case <-done:
		return nil
	case <-s.ended:
		why = errStopping
	case <-ctx.Done():
		why = ctx.Err()
	}
	select {
	case <-begun:
		return why
	case <-done:
		return nil
	}
}
