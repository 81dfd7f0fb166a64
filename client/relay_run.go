package client

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
)

// How a Relay connects again.
const (
	connectAgainFirst = 200 * time.Millisecond
	connectAgainLast  = 30 * time.Second
	provenAfter       = 10 * time.Second // a connection that lasted longer ended for a cause of its own
	longestRest       = 10 * time.Minute // of a front that does not admit the relay
)

// fronts is where a Relay connects; the supervisor's.
type fronts struct {
	addrs  []front
	at     int
	failed int // connections that did not last, one after the other
}

// front is one address, and whether it refuses the relay.
type front struct {
	addr    string
	refusal error     // its last, of the relay itself; nil if it takes the relay
	gone    bool      // it refused for good: it is not tried again
	rests   time.Time // before which it is not tried
	row     int       // refusals after which it was given a rest, one after the other
}

func newFronts(addrs []string) *fronts {
	f := &fronts{addrs: make([]front, len(addrs))}
	for i, a := range addrs {
		f.addrs[i].addr = a
	}
	return f
}

func (f *fronts) here() *front { return &f.addrs[f.at] }

// next goes on to the next address that may be tried now, or else to that whose rest ends first.
func (f *fronts) next(now time.Time) {
	best := f.at
	for i := 1; i <= len(f.addrs); i++ {
		at := (f.at + i) % len(f.addrs)
		a, b := &f.addrs[at], &f.addrs[best]
		if !a.gone && !a.rests.After(now) {
			f.at = at
			return
		}
		if !a.gone && (b.gone || a.rests.Before(b.rests)) {
			best = at
		}
	}
	f.at = best
}

// usable is how many addresses may be tried at that time.
func (f *fronts) usable(now time.Time) (n int) {
	for i := range f.addrs {
		if a := &f.addrs[i]; !a.gone && !a.rests.After(now) {
			n++
		}
	}
	return n
}

// left reports whether an address is left that did not refuse for good.
func (f *fronts) left() bool {
	return slices.ContainsFunc(f.addrs, func(a front) bool { return !a.gone })
}

// refusals is why no address takes the relay.
func (f *fronts) refusals() error {
	var all []error
	for i := range f.addrs {
		if a := &f.addrs[i]; a.refusal != nil {
			all = append(all, fmt.Errorf("%s: %w", a.addr, a.refusal))
		}
	}
	return errors.Join(all...)
}

// rest lets the address alone for a time, longer each time.
func (a *front) rest(first time.Duration, err error) time.Duration {
	d := jitter(min(first<<min(a.row, 10), max(first, longestRest)))
	a.refusal, a.rests = err, time.Now().Add(d)
	a.row++
	return d
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
	f := newFronts(r.o.Addresses)
	for r.ctx.Err() == nil {
		a := f.here()
		lasted, err := r.serve(a.addr)
		if lasted > 0 {
			a.refusal, a.row = nil, 0
		}
		switch {
		case r.Err() != nil:
			return
		case r.refuses(err):
			if !r.turnedAway(f, err) {
				return
			}
			now := time.Now()
			f.next(now)
			r.pauseFor(f.here().rests.Sub(now))
			continue
		case lasted >= provenAfter:
			f.failed = 0
		default:
			f.failed++
		}
		if lasted == 0 || leaves(err) {
			f.next(time.Now())
		}
		r.pauseFor(f.wait())
	}
}

// refuses reports whether an address refuses the relay itself, for good or until the firm admits it again.
func (r *Relay) refuses(err error) bool { return final(err) || withdrawn(err) }

// turnedAway strikes the address off, or gives it a rest, and reports whether the Relay goes on.
func (r *Relay) turnedAway(f *fronts, err error) (goesOn bool) {
	a := f.here()
	e := RelayEvent{Kind: RelayRefused, Addr: a.addr, Err: err}
	if a.gone = final(err) || r.o.RefusedRetry < 0; a.gone {
		a.refusal = err
	} else {
		e.Kind, e.RetryIn = RelayRests, a.rest(r.o.RefusedRetry, err)
	}
	r.mu.Lock()
	r.away(f)
	r.mu.Unlock()
	r.tell(e)
	switch {
	case !f.left():
		r.endWith(f.refusals())
		r.tell(RelayEvent{Kind: RelayEnded, Err: r.Err()})
		return false
	case f.usable(time.Now()) == 0:
		r.refusedOnce.Do(func() {
			r.refusal = f.refusals()
			close(r.refusedAll)
		})
	}
	return true
}

// away notes until when the addresses are not tried; r.mu is held.
func (r *Relay) away(f *fronts) {
	for i := range f.addrs {
		if r.rests[i] = f.addrs[i].rests; f.addrs[i].gone {
			r.rests[i] = farAway
		}
	}
}

// others reports whether the relay has another address to go to; r.mu is held.
func (r *Relay) others(now time.Time) bool {
	n := 0
	for _, until := range r.rests {
		if !until.After(now) {
			n++
		}
	}
	return n > 1
}

// farAway is until when an address is not tried that refused for good.
var farAway = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

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
		if !r.refuses(err) {
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
	code := r.o.AuthCode
	if r.o.ReadAuthCode != nil {
		var err error
		if code, err = r.o.ReadAuthCode(ctx); err != nil {
			return LoginResult{}, fmt.Errorf("client: the authcode: %w", err)
		}
	}
	auth, err := conn.Authenticate(ctx, r.o.Identity, code)
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
		case 2, 3, 9, 15, 27, 131, 140, 141:
			return true
		}
		return false
	}
	return errors.Is(err, errNotOperator)
}

// withdrawn reports whether the firm does not admit the relay: until it does again, a front gives the same answer. Asking
// now and then locks nothing.
func withdrawn(err error) bool {
	if refused, ok := errors.AsType[*Error](err); ok {
		return refused.Code == 63
	}
	exit, ok := errors.AsType[*ForceExit](err)
	return ok && exit.Code == exitByOperator
}

// exitByOperator is the ForceExitCode after which a program does not log in again at once.
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
	r.ends, r.endsOut, r.endsFull = nil, 0, false
	r.stats.Unanswered = 0
	for id, t := range r.terminals {
		if id == t.id { // and not by its other name
			r.lost(t)
		}
	}
	r.noteDrained()
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
