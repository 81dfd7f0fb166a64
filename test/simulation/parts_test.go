package simulation

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/dialogue"
	"github.com/tradefront/tradefront/internal/gateway"
	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/internal/store"
)

// named gives the parts below the name of a login's attempt.
type named struct {
	dialogue.Handler
	process *process
}

type sessionKey struct{}

func (n named) Login(ctx context.Context, peer session.Peer, a *session.LoginAttempt) session.Outcome {
	n.process.wireOf(peer.SessionID).loginsOut.Add(1)
	return n.Handler.Login(context.WithValue(ctx, sessionKey{}, fmt.Sprintf("%03d", peer.SessionID)), peer, a)
}

// Submit parks before each submission: several may begin in one step.
func (n named) Submit(ctx context.Context, peer session.Peer, a *session.SubmitAttempt) session.Outcome {
	c := n.process.wireOf(peer.SessionID)
	c.owed.Add(1)
	n.process.submits.Add(1)
	defer c.back.Add(1)
	defer n.process.submits.Add(-1)
	digest := sha256.Sum256(a.Content)
	name := fmt.Sprintf("%03d %s/%c/%x", peer.SessionID, a.Request.SubmitID, a.Request.Attempt, digest[:4])
	if n.process.gate.pass("submit "+name) == dead {
		return session.Outcome{Reason: reason.Draining}
	}
	return n.Handler.Submit(context.WithValue(ctx, sessionKey{}, name), peer, a)
}

func who(ctx context.Context, what string) string {
	return fmt.Sprintf("%s %s", what, ctx.Value(sessionKey{}))
}

// knowingCore is a gatedCore that can be asked whether there is an account, as the one under it.
type knowingCore struct {
	gatedCore
	known interface {
		Known(account []byte) (known, disabled bool)
	}
}

func (c knowingCore) Known(account []byte) (known, disabled bool) { return c.known.Known(account) }

func (p *process) gatedCore(c core.Core) core.Core {
	gated := gatedCore{p, c}
	if known, can := c.(interface {
		Known(account []byte) (known, disabled bool)
	}); can {
		return knowingCore{gated, known}
	}
	return gated
}

// gatedCore parks before each verification.
type gatedCore struct {
	process *process
	core.Core
}

func (c gatedCore) Verify(ctx context.Context, a *core.Attempt) (core.User, error) {
	switch c.process.gate.pass(who(ctx, "verify")) {
	case dead:
		return core.User{}, errDead
	case failed:
		return core.User{}, errors.New("the core is away")
	}
	if !c.process.w.linked() {
		return c.Core.Verify(ctx, a)
	}
	user, err := c.Core.Verify(ctx, a)
	if c.process.gate.pass(who(ctx, "verified")) == dead {
		return core.User{}, errDead
	}
	return user, err
}

// wireOf is the connection of a session.
func (p *process) wireOf(session int32) *wire {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.w.wires[wireKey{p.number, session}]
}

// gatedRecorder parks before a record is handed over and after its fate is known, so that
// neither order depends on the scheduler.
type gatedRecorder struct {
	process  *process
	recorder gateway.Recorder
}

func (g gatedRecorder) Append(ctx context.Context, rec *store.Record) error {
	return g.gated(ctx, rec, func() error { return g.recorder.Append(ctx, rec) })
}

func (g gatedRecorder) Submit(ctx context.Context, rec *store.Record, again bool) (earlier *store.Earlier, err error) {
	err = g.gated(ctx, rec, func() (err error) {
		earlier, err = g.recorder.Submit(ctx, rec, again)
		return err
	})
	return earlier, err
}

func (g gatedRecorder) gated(ctx context.Context, rec *store.Record, put func() error) error {
	g.process.w.made(rec)
	if g.process.gate.pass(who(ctx, "append")) == dead {
		return errDead
	}
	err := put()
	switch {
	case errors.Is(err, store.ErrBroken):
		g.process.broken.Store(true)
	case errors.Is(err, store.ErrDiskFull):
		g.process.w.counts.diskFull++
	}
	if g.process.gate.pass(who(ctx, "stored")) == dead {
		return errDead
	}
	if a := g.process.w.byID[rec.ID]; a != nil && err != nil && !errors.Is(err, store.ErrInDoubt) && !errors.Is(err, store.ErrUnconfirmed) {
		a.absent = true
	}
	return err
}

// lossyAudit is the audit log of a process that may end at any step: what was logged and not
// waited for reaches the real one when the controller lets it, and is lost if the process ends
// before.
type lossyAudit struct{ process *process }

func (a lossyAudit) Log(e logs.Entry) {
	a.process.mu.Lock()
	defer a.process.mu.Unlock()
	a.process.unwritten = append(a.process.unwritten, e)
}

func (a lossyAudit) LogWritten(ctx context.Context, e logs.Entry) error {
	if a.process.gate.pass(fmt.Sprintf("audit %03d%s%s", e.SessionID, e.SubmitID, e.Attempt)) == dead {
		return errDead
	}
	a.process.writeAudit()
	return a.process.path.Audit.LogWritten(context.WithoutCancel(ctx), e)
}

// hasUnwritten is asked between steps; a process that stops writes meanwhile.
func (p *process) hasUnwritten() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.unwritten) > 0
}

func (p *process) writeAudit() string {
	p.mu.Lock()
	entries := p.unwritten
	p.unwritten = nil
	p.mu.Unlock()
	for _, e := range entries {
		p.path.Audit.Log(e)
	}
	return "the audit log is written"
}

// silent observes nothing.
type silent struct{}

func (silent) BusinessPassed(int)                 {}
func (silent) BusinessDelivered(int)              {}
func (silent) BusinessRefused(string)             {}
func (silent) BusinessPaused()                    {}
func (silent) Authenticated(string)               {}
func (silent) CodeUsed(string)                    {}
func (silent) CameFrom(_, _ netip.Addr, _ string) {}
func (silent) LoggedIn(string)                    {}
func (silent) Flagged(string, bool)               {}
func (silent) Stage(string, time.Duration)        {}
func (silent) ConnectionClosed(string)            {}
func (silent) Malformed(string)                   {}
func (silent) Discarded(string)                   {}
