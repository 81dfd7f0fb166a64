package agent

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/ftd"
)

// fronts is which front an investor agent's next connection goes to first, and what became of the last.
type fronts struct {
	first atomic.Int32
	up    atomic.Bool
	trial atomic.Pointer[string] // why the last connection failed; nil after one that did not
}

// leave lets the next connection go to the front behind that of index at first, of n, unless another one has said so.
func (f *fronts) leave(at, n int) { f.first.CompareAndSwap(int32(at), int32((at+1)%n)) }

// upstream is one connection to a front, on which this relay has authenticated.
type upstream struct {
	conn net.Conn
	at   int    // of Options.Addresses
	buf  []byte // received and not used
	used int    // of buf, by the frame that next returned last
}

// errNotRelay is of a front to which this AppID is no investor relay.
type errNotRelay struct{ appType byte }

func (e errNotRelay) Error() string {
	return fmt.Sprintf("the front says that upstream.app_id has type %q, want an investor relay's, '2'", e.appType)
}

// connect opens a connection to the first front that takes this relay.
func (a *Agent) connect(ctx context.Context) (*upstream, error) {
	code, err := a.opt.AuthCode()
	if err != nil {
		return nil, a.connected(err)
	}
	var failed []error
	first := int(a.fronts.first.Load())
	for i := range a.opt.Addresses {
		at := (first + i) % len(a.opt.Addresses)
		u, err := a.connectTo(ctx, a.opt.Addresses[at], code)
		if err == nil {
			u.at = at
			return u, a.connected(nil)
		}
		a.fronts.leave(at, len(a.opt.Addresses))
		failed = append(failed, fmt.Errorf("%s: %w", a.opt.Addresses[at], err))
		if over(ctx) {
			break
		}
	}
	return nil, a.connected(errors.Join(failed...))
}

// over reports whether ctx has no time left. A connection with its deadline fails before ctx itself ends.
func over(ctx context.Context) bool {
	deadline, has := ctx.Deadline()
	return ctx.Err() != nil || has && !time.Now().Before(deadline)
}

// connected notes what became of a connection, and logs a change.
func (a *Agent) connected(err error) error {
	if up := err == nil; a.fronts.up.Swap(up) != up || !up && a.fronts.trial.Load() == nil {
		if up {
			a.parts.Logger.Info("a front takes this relay's connections")
		} else {
			a.parts.Logger.Error("no front takes this relay's connections: terminals are answered 8", zap.Error(err))
		}
	}
	if err == nil {
		a.fronts.trial.Store(nil)
		return nil
	}
	text := strings.ReplaceAll(err.Error(), "\n", "; ")
	a.fronts.trial.Store(&text)
	return err
}

func (a *Agent) connectTo(ctx context.Context, address, code string) (*upstream, error) {
	ctx, cancel := context.WithTimeout(ctx, a.opt.ConnectTimeout)
	defer cancel()
	conn, err := a.parts.Dial(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	u := &upstream{conn: conn}
	defer u.until(ctx)()
	if err := u.authenticate(&a.opt.Identity, code); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return u, nil
}

// until makes what waits on the connection fail once ctx ends; the result takes that back.
func (u *upstream) until(ctx context.Context) (stop func()) {
	if deadline, has := ctx.Deadline(); has {
		_ = u.conn.SetDeadline(deadline)
	}
	end := context.AfterFunc(ctx, func() { _ = u.conn.SetDeadline(time.Unix(1, 0)) })
	return func() {
		if end() {
			_ = u.conn.SetDeadline(time.Time{})
		}
	}
}

// authenticate takes steps 1 to 4 of docs/protocol.md.
func (u *upstream) authenticate(id *client.Identity, code string) error {
	var m client.Machine
	out, err := m.AppendAsk(nil, id)
	if err != nil {
		return err
	}
	e, err := u.exchange(&m, out)
	if err != nil {
		return err
	}
	challenge := e.Challenge()
	if out, err = m.AppendAnswer(out[:0], id, code, &challenge); err != nil {
		return err
	}
	if e, err = u.exchange(&m, out); err != nil {
		return err
	}
	if kind := e.AuthResult().AppType; kind != client.AppInvestorRelay {
		return errNotRelay{kind}
	}
	return nil
}

// exchange sends a request of m's and returns its answer.
func (u *upstream) exchange(m *client.Machine, out []byte) (client.Event, error) {
	if _, err := u.conn.Write(out); err != nil {
		return client.Event{}, err
	}
	for {
		u.discard()
		n, e, err := m.Receive(u.buf)
		switch {
		case err != nil:
			return client.Event{}, err
		case n == 0:
			if err := u.fill(); err != nil {
				return client.Event{}, err
			}
			continue
		}
		u.used = n
		switch e.Kind {
		case client.Ignored:
		case client.Refused:
			return client.Event{}, e.Refusal
		default:
			return e, nil
		}
	}
}

// next is the body of the next message, valid until the next call.
func (u *upstream) next() ([]byte, error) {
	for {
		f, err := u.frame()
		if err != nil || f.Type == ftd.FrameFTDC {
			return f.Body, err
		}
	}
}

// frame is the next frame, a heartbeat too, valid until the next call.
func (u *upstream) frame() (ftd.Frame, error) {
	for {
		u.discard()
		f, n, err := ftd.DecodeFrame(u.buf, ftd.MaxBodyLen)
		if err != nil || n > 0 {
			u.used = n
			return f, err
		}
		if err := u.fill(); err != nil {
			return ftd.Frame{}, err
		}
	}
}

// discard gives up what was used.
func (u *upstream) discard() {
	u.buf = u.buf[:copy(u.buf, u.buf[u.used:])]
	u.used = 0
}

// relax gives up a buffer that was needed for more than an idle connection gets.
func (u *upstream) relax() {
	if u.discard(); len(u.buf) == 0 && cap(u.buf) > firstBuffer {
		u.buf = nil
	}
}

const (
	firstBuffer = 512 // an idle connection's
	fullBuffer  = ftd.FrameHeaderLen + ftd.MaxExtLen + ftd.MaxBodyLen
)

// fill reads more, into a buffer of at most one frame.
func (u *upstream) fill() error {
	if len(u.buf) == cap(u.buf) {
		size := fullBuffer
		if cap(u.buf) == 0 {
			size = firstBuffer
		}
		u.buf = append(make([]byte, 0, size), u.buf...)
	}
	n, err := u.conn.Read(u.buf[len(u.buf):cap(u.buf)])
	u.buf = u.buf[:len(u.buf)+n]
	if n > 0 {
		return nil
	}
	return err
}
