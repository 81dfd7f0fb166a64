package front

import (
	"context"
	"runtime/debug"
	"time"

	"github.com/panjf2000/gnet/v2"
	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/session"
)

// step feeds one event to a session and does what follows, until nothing is left to do
// or a login has left the loop.
func (s *Server) step(c *conn, ev *session.Event) {
	var (
		challenge [ftd.ChallengeLen]byte
		reply     session.Reply
	)
	for {
		fx := &c.loop.fx
		fx.Reset()
		c.session.Step(ev, fx)
		c.loop.out = append(c.loop.out, fx.Wire...)
		if fx.Close != session.StayOpen {
			if fx.Close == session.Malformed {
				s.observer.Malformed(fx.Fault.Word())
			}
			c.closing = fx.Close
			return
		}
		switch fx.Do {
		case session.DoNothing:
			return
		case session.DoChallenge:
			s.handler.Challenge(&challenge)
			ev = &session.Event{Kind: session.ChallengeDrawn, Now: ev.Now, Challenge: &challenge}
			continue
		case session.DoVerify:
			reply = s.handler.Verify(c.peer, &fx.Auth)
		case session.DoConclude:
			reply = s.handler.Conclude(c.peer, fx.Op, fx.Reason, fx.AppID, fx.UserID)
		case session.DoLogin:
			reason := s.admitLogin()
			if reason == session.OK {
				s.startLogin(c, fx.Login.Clone())
				return
			}
			reply = s.handler.Conclude(c.peer, fx.Op, reason, fx.Login.AppID, fx.Login.UserID)
		}
		ev = &session.Event{Kind: session.VerdictReached, Now: ev.Now, Do: fx.Do, Op: fx.Op, Reply: &reply}
	}
}

// admitLogin counts a login in, or says why not. The count comes first: Drain must see
// every login that it did not refuse.
func (s *Server) admitLogin() session.Reason {
	n := s.logins.Add(1)
	switch {
	case s.draining.Load():
		s.loginEnded()
		return session.Draining
	case n > int64(s.cfg.MaxLogins):
		s.loginEnded()
		return session.Overloaded
	}
	return session.OK
}

func (s *Server) loginEnded() {
	if s.logins.Add(-1) == 0 && s.draining.Load() {
		select {
		case s.loginsDone <- struct{}{}:
		default:
		}
	}
}

// startLogin leaves the loop. The login's own goroutine comes back to it with the
// outcome, even if the terminal is gone by then: only the loop may know that.
func (s *Server) startLogin(c *conn, attempt session.LoginAttempt) {
	peer, el := c.peer, c.loop.el
	go func() {
		reply, alive := s.runLogin(peer, attempt)
		err := el.Execute(context.Background(), gnet.RunnableFunc(func(context.Context) error {
			s.finishLogin(c, reply, alive)
			return nil
		}))
		if err != nil { // the engine has stopped: no terminal to tell
			if alive {
				s.handler.Unanswered(peer, reply)
			}
			s.loginEnded()
		}
	}()
}

// runLogin is false if the login panicked: then nobody knows what was recorded, and the
// terminal gets no answer.
func (s *Server) runLogin(peer session.Peer, attempt session.LoginAttempt) (reply session.Reply, alive bool) {
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("panic in a login, connection closed", zap.Any("panic", p), zap.ByteString("stack", debug.Stack()))
		}
	}()
	return s.handler.Login(context.Background(), peer, attempt), true
}

// finishLogin runs on the loop.
func (s *Server) finishLogin(c *conn, reply session.Reply, alive bool) {
	defer s.loginEnded()
	if c.closed {
		if alive {
			s.handler.Unanswered(c.peer, reply)
		}
		return
	}
	s.onLoop(c, func(c *conn) {
		if !alive {
			c.closing = session.FrontPanic
			return
		}
		c.answered = reply.Reason == session.OK
		s.step(c, &session.Event{
			Kind: session.VerdictReached, Now: time.Now(),
			Do: session.DoLogin, Op: session.OpLogin, Reply: &reply,
		})
	})
}
