package client

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
)

// How a Relay connects again.
const (
	connectAgainFirst = 200 * time.Millisecond
	connectAgainLast  = 30 * time.Second
	provenAfter       = 10 * time.Second // a connection that lasted longer ended for a cause of its own
)

// fronts is where a Relay connects; the supervisor's.
type fronts struct {
	addrs  []string
	final  []error // of an address that is not tried again
	at     int
	failed int // connections that did not last, one after the other
}

func (f *fronts) addr() string { return f.addrs[f.at] }

// next goes on to the next address that is left.
func (f *fronts) next() {
	for range f.addrs {
		if f.at = (f.at + 1) % len(f.addrs); f.final[f.at] == nil {
			return
		}
	}
}

// refuse strikes the address off, and reports whether another is left.
func (f *fronts) refuse(err error) (left bool) {
	f.final[f.at] = fmt.Errorf("%s: %w", f.addr(), err)
	f.next()
	return f.final[f.at] == nil
}

// wait is how long to wait before the next connection. A whole round of addresses is tried before it grows.
func (f *fronts) wait() time.Duration {
	round := f.failed / len(f.addrs)
	if round == 0 {
		return time.Duration(rand.Int64N(int64(connectAgainFirst))) //nolint:gosec // spreads retries, guards nothing
	}
	return jitter(min(connectAgainFirst<<min(round, 10), connectAgainLast))
}

// run is the supervisor: one connection after the other until the Relay has ended.
func (r *Relay) run() {
	defer close(r.finished)
	defer r.firstOnce.Do(func() { close(r.first) })
	f := &fronts{addrs: r.o.Addresses, final: make([]error, len(r.o.Addresses))}
	for {
		lasted, err := r.serve(f.addr())
		switch {
		case r.Err() != nil:
			return
		case final(err):
			addr := f.addr()
			left := f.refuse(err)
			r.mu.Lock()
			r.addrs--
			r.mu.Unlock()
			r.tell(RelayEvent{Kind: RelayRefused, Addr: addr, Err: err})
			if !left {
				r.endWith(errors.Join(f.final...))
				r.tell(RelayEvent{Kind: RelayEnded, Err: r.Err()})
				return
			}
			continue
		case lasted >= provenAfter:
			f.failed = 0
		default:
			f.failed++
		}
		if lasted == 0 || leaves(err) {
			f.next()
		}
		r.pauseFor(f.wait())
	}
}

func (r *Relay) pauseFor(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.ctx.Done():
	}
}

// serve is one connection. It returns how long that worked, 0 if the front did not take the login, and why it ended.
func (r *Relay) serve(addr string) (lasted time.Duration, err error) {
	conn, login, err := r.connect(addr)
	if err != nil {
		r.mu.Lock()
		r.cause = fmt.Errorf("%s: %w", addr, err)
		r.mu.Unlock()
		if !final(err) {
			r.tell(RelayEvent{Kind: RelayUnreachable, Addr: addr, Err: err})
		}
		return 0, err
	}
	defer context.AfterFunc(r.ctx, func() { conn.end(context.Cause(r.ctx)) })()
	since := time.Now()
	r.up(conn, addr, login.Terms)
	r.tell(RelayEvent{Kind: RelayUp, Addr: addr, Login: login})
	r.firstOnce.Do(func() { close(r.first) })
	r.write(conn)
	<-conn.Done()
	<-conn.left // no answer is on its way to OnEvent any more
	err = conn.Err()
	r.down(fmt.Errorf("%s: %w", addr, err))
	r.tell(RelayEvent{Kind: RelayDown, Addr: addr, Err: err})
	return max(time.Since(since), 1), err
}

// connect connects, authenticates and logs the operator in.
func (r *Relay) connect(addr string) (*Conn, LoginResult, error) {
	ctx, cancel := context.WithTimeout(r.ctx, r.o.LoginTimeout)
	defer cancel()
	conn, err := Dial(ctx, addr, append(r.o.Dial[:len(r.o.Dial):len(r.o.Dial)], withRelay(r.receive))...)
	if err != nil {
		return nil, LoginResult{}, err
	}
	login, err := r.login(ctx, conn)
	if err != nil {
		_ = conn.Close()
		<-conn.left
		return nil, LoginResult{}, err
	}
	return conn, login, nil
}

// errNotOperator is final: no address of such a front takes submissions.
var errNotOperator = errors.New("client: the AppID is not that of an operator relay")

func (r *Relay) login(ctx context.Context, conn *Conn) (LoginResult, error) {
	auth, err := conn.Authenticate(ctx, r.o.Identity, r.o.AuthCode)
	switch {
	case err != nil:
		return LoginResult{}, err
	case auth.AppType != AppOperatorRelay:
		return LoginResult{}, fmt.Errorf("%w: the front says type %q", errNotOperator, auth.AppType)
	}
	req := r.o.Login
	if r.o.BeforeLogin != nil {
		if err := r.o.BeforeLogin(ctx, &req); err != nil {
			return LoginResult{}, fmt.Errorf("client: before the login: %w", err)
		}
	}
	login, err := conn.Login(ctx, req)
	if err == nil && login.Terms.Window == 0 {
		err = violation(fmt.Errorf("the login of an operator relay is answered without %v", ftd.FIDRelayTerms))
	}
	return login, err
}

// final reports whether a front would give the same answer again: it is asked no more, so that nothing is locked.
func final(err error) bool {
	if refused, ok := errors.AsType[*Error](err); ok {
		switch refused.Code {
		case 2, 3, 9, 15, 27, 63, 131, 140, 141:
			return true
		}
		return false
	}
	exit, ok := errors.AsType[*ForceExit](err)
	return ok && exit.Code == exitByOperator || errors.Is(err, errNotOperator)
}

// exitByOperator is the ForceExitCode after which a program does not log in again by itself.
const exitByOperator = '3'

// leaves reports whether a connection ended so that another front is tried first.
func leaves(err error) bool {
	_, exit := errors.AsType[*ForceExit](err)
	return exit || errors.Is(err, errMoved)
}

// up takes over a connection that is logged in.
func (r *Relay) up(conn *Conn, addr string, terms RelayTerms) {
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	terms.Window = lower(terms.Window, r.o.Window)
	terms.Rate = lower(terms.Rate, r.o.Rate)
	terms.Burst = lower(terms.Burst, r.o.Burst)
	r.conn, r.addr, r.terms = conn, addr, terms
	r.refusing = false
	r.grace.Stop()
	r.pace.set(terms.Rate, terms.Burst, now)
	r.pause.until = now
	r.stats.Logins++
	r.poke()
}

// lower is the front's bound, or this side's where that is lower.
func lower(theirs, ours int) int {
	if ours > 0 {
		return min(theirs, ours)
	}
	return theirs
}

// down gives up a connection that has ended: every visit of it has ended with it, and what was not answered may have
// been recorded or not.
func (r *Relay) down(cause error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.conn, r.addr, r.terms, r.cause = nil, "", RelayTerms{}, cause
	r.moveAt = time.Time{}
	r.ends, r.endsOut = nil, 0
	r.stats.Unanswered = 0
	for id, t := range r.terminals {
		if id == t.id { // and not by its other name
			r.lost(t)
		}
	}
	r.startGrace()
}

func (r *Relay) lost(t *terminal) {
	t.reported = false
	switch {
	case t.state == sent && t.call == nil && !t.live:
		r.forget(t)
	case t.state == sent:
		t.again, t.doubt = true, true
		if t.live {
			r.again.push(t)
		} else {
			r.urgent.push(t)
		}
	case t.state == idle && r.o.Resubmit == ResubmitLive:
		t.redraw = true
		r.again.push(t)
	}
}

// startGrace begins the time in which Submit waits for a connection.
func (r *Relay) startGrace() {
	if r.refusing = r.o.DownGrace == 0; r.refusing {
		r.refuseUnsent()
	}
	r.graceEnds = time.Now().Add(r.o.DownGrace)
	if r.grace == nil {
		r.grace = time.AfterFunc(r.o.DownGrace, r.graceOver)
		return
	}
	r.grace.Reset(r.o.DownGrace)
}

func (r *Relay) graceOver() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.conn != nil || r.ended != nil || time.Now().Before(r.graceEnds) {
		return
	}
	r.refusing = true
	r.refuseUnsent()
}

// refuseUnsent lets the Submits return of which no front can have a record.
func (r *Relay) refuseUnsent() {
	for t := r.urgent.head; t != nil; {
		next := t.next
		if !t.doubt {
			r.finish(t, Receipt{}, t.inDoubt(&DownError{r.cause}))
			r.forget(t)
		}
		t = next
	}
}
