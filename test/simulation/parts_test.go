package simulation

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/gateway"
	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/forward"
)

// named tells the parts below whose login it is.
type named struct{ *gateway.Gateway }

type sessionKey struct{}

func (n named) Login(ctx context.Context, peer session.Peer, a session.LoginAttempt) session.Outcome {
	return n.Gateway.Login(context.WithValue(ctx, sessionKey{}, peer.SessionID), peer, a)
}

func who(ctx context.Context, what string) string {
	return fmt.Sprintf("%s %03d", what, ctx.Value(sessionKey{}))
}

// gatedCore parks before each verification.
type gatedCore struct {
	life  *life
	local *core.Local
}

func (c gatedCore) Verify(ctx context.Context, a core.Attempt) (core.User, error) {
	switch c.life.gate.pass(who(ctx, "verify")) {
	case dead:
		return core.User{}, errDead
	case failed:
		return core.User{}, errors.New("the core is away")
	}
	return c.local.Verify(ctx, a)
}

// gatedLog parks before a record is handed over and after its fate is known, so that
// neither order depends on the scheduler.
type gatedLog struct {
	life *life
	log  *forward.Recorder
}

func (g gatedLog) Append(ctx context.Context, rec *store.Record) error {
	g.life.w.made(rec)
	if g.life.gate.pass(who(ctx, "append")) == dead {
		return errDead
	}
	err := g.log.Append(ctx, rec)
	switch {
	case errors.Is(err, store.ErrBroken):
		g.life.broken.Store(true)
	case errors.Is(err, store.ErrDiskFull):
		g.life.w.counts.diskFull++
	}
	if g.life.gate.pass(who(ctx, "stored")) == dead {
		return errDead
	}
	return err
}

// mortalAudit is the audit log of a process that may die: what was logged and not waited
// for reaches the real one when the controller lets it, and is lost if the process dies
// before.
type mortalAudit struct{ life *life }

func (a mortalAudit) Log(e ops.Entry) {
	a.life.mu.Lock()
	defer a.life.mu.Unlock()
	a.life.unwritten = append(a.life.unwritten, e)
}

func (a mortalAudit) LogWritten(ctx context.Context, e ops.Entry) error {
	if a.life.gate.pass(fmt.Sprintf("audit %03d", e.SessionID)) == dead {
		return errDead
	}
	a.life.writeAudit()
	return a.life.audit.LogWritten(context.WithoutCancel(ctx), e)
}

func (l *life) writeAudit() string {
	l.mu.Lock()
	entries := l.unwritten
	l.unwritten = nil
	l.mu.Unlock()
	for _, e := range entries {
		l.audit.Log(e)
	}
	return "the audit log is written"
}

// silent observes nothing.
type silent struct{}

func (silent) Authenticated(string)               {}
func (silent) CodeUsed(string)                    {}
func (silent) CameFrom(_, _ netip.Addr, _ string) {}
func (silent) LoggedIn(string)                    {}
func (silent) Flagged(string)                     {}
func (silent) Stage(string, time.Duration)        {}
func (silent) ConnectionClosed(string)            {}
func (silent) Malformed(string)                   {}
func (silent) Discarded(string)                   {}
