package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// Relay reports the terminals of an operator relay (AppOperatorRelay) over one connection at a time. It connects,
// authenticates and logs in by itself, again after a connection ended, and paces what it sends by the front's terms.
// Its methods may be called from any number of goroutines.
type Relay struct {
	o      RelayOptions
	broker string
	ctx    context.Context // ends by Close
	cancel context.CancelCauseFunc

	finished  chan struct{} // the supervisor has returned: no goroutine of the Relay is left
	first     chan struct{} // closed once the first login was accepted, or the relay has ended
	firstOnce sync.Once

	refusedAll  chan struct{} // closed once each address refused the relay, one of them not for good
	refusedOnce sync.Once
	refusal     error // why; set before refusedAll is closed

	wake chan struct{} // capacity 1: the writer has something to look at

	mu        sync.Mutex
	ended     *EndedError // why; nil while it works
	closing   bool        // Shutdown: no more submissions
	drained   chan struct{}
	cause     error // why there is no connection
	refusing  bool  // the grace of a connection that is not there has passed
	grace     *time.Timer
	graceEnds time.Time

	conn     *Conn // nil while there is none
	addr     string
	rests    []time.Time // by address: until when it is not tried
	terms    RelayTerms  // lowered to this side's bounds
	moveAt   time.Time   // when the connection is given up for another front, unless all is answered before; zero for not
	lastMove time.Time

	terminals map[SubmitID]*terminal // by the SubmitID on the wire, and by the terminal's where that is another
	urgent    queue                  // a Submit waits for them
	again     queue                  // live terminals to be reported again
	turn      int                    // how many urgent ones went since the last of the others
	ends      []SubmitID             // TerminalEnds to be sent
	endsOut   int                    // and those that are not answered
	endsFull  bool                   // one more waited than maxEndsWaiting
	pace      pace
	pause     pause
	calls     int // Submits that wait

	stats RelayStats
}

// RelayStats is a Relay at one moment. Counters are since it was made.
type RelayStats struct {
	Up         bool
	Down       error      // why there is no connection; nil while there is one
	Addr       string     // of the connection
	Terms      RelayTerms // as they hold on the connection
	Live       int        // terminals that the front recorded and that have not ended
	Waiting    int        // submissions that wait to be sent
	Unanswered int        // submissions that were sent

	Logins    uint64 // of the operator, accepted
	Sent      uint64 // submissions, each time
	SentAgain uint64 // of these, with Attempt '1'
	Recorded  uint64 // answers with 0
	Refused   uint64 // other answers, those that were sent again after among them
	Exits     uint64 // terminals that the front ended
	Unmatched uint64 // answers to no submission of this relay
}

// NewRelay makes a Relay that connects in the background. An error is about an option.
func NewRelay(o RelayOptions) (*Relay, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	r := &Relay{
		o: o, broker: o.Login.BrokerID, rests: make([]time.Time, len(o.Addresses)),
		finished: make(chan struct{}), first: make(chan struct{}), refusedAll: make(chan struct{}), wake: make(chan struct{}, 1),
		terminals: make(map[SubmitID]*terminal),
		cause:     errors.New("it has not connected yet"),
	}
	r.ctx, r.cancel = context.WithCancelCause(context.Background())
	r.startGrace()
	go r.run()
	return r, nil
}

// DialRelay makes a Relay and returns it once a front accepted its login. The error is *EndedError if each front
// refused the relay, also if asking later could help, or the context's cause with why the last attempt failed.
func DialRelay(ctx context.Context, o RelayOptions) (*Relay, error) {
	r, err := NewRelay(o)
	if err != nil {
		return nil, err
	}
	select {
	case <-r.first:
	case <-r.refusedAll:
		r.endWith(r.refusal)
	case <-ctx.Done():
		r.mu.Lock()
		cause := r.cause
		r.mu.Unlock()
		_ = r.Close()
		return nil, fmt.Errorf("client: %w: %w", context.Cause(ctx), cause)
	}
	r.mu.Lock()
	ended := r.ended
	r.mu.Unlock()
	if ended != nil {
		_ = r.Close()
		return nil, ended
	}
	return r, nil
}

// Submit reports a terminal's login and waits until the front recorded it, for as long as the context lasts: give it
// a deadline. Only then may the relay answer its terminal. The terminal is live from then until End, or until an event
// says that it must leave; Receipt.SubmitID is its name.
//
// A submission that is refused by 90 or 8 is sent again, more slowly, and so is one whose answer was lost, under the same
// SubmitID: the front records it once. Errors: *Error, the front's refusal; *ForceExit, the front ended the terminal at
// once; *DownError, not sent; ErrInDoubt, and with it why; ErrRelayFull; ErrSubmitIDTaken; *EndedError; the context's
// cause; any other is about s.
func (r *Relay) Submit(ctx context.Context, s Submission) (Receipt, error) {
	if ctx.Err() != nil {
		return Receipt{}, fmt.Errorf("client: %w", context.Cause(ctx))
	}
	t, err := newTerminal(r.broker, &s)
	if err != nil {
		return Receipt{}, err
	}
	call := t.call
	if err := r.enqueue(t); err != nil {
		return Receipt{}, err
	}
	select {
	case <-call.done:
		return call.receipt, call.err
	case <-ctx.Done():
		return r.abandon(t, call, context.Cause(ctx))
	}
}

func (r *Relay) enqueue(t *terminal) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.ended != nil:
		return r.ended
	case r.closing:
		return &EndedError{net.ErrClosed}
	case r.conn == nil && r.refusing:
		return &DownError{r.cause}
	case r.stats.Live+r.calls >= r.o.MaxTerminals:
		return ErrRelayFull
	case t.passed && r.terminals[t.id] != nil:
		return ErrSubmitIDTaken
	}
	r.calls++
	r.terminals[t.id] = t
	r.urgent.push(t)
	r.poke()
	return nil
}

// abandon ends the wait for t, unless its answer has come meanwhile.
func (r *Relay) abandon(t *terminal, call *call, cause error) (Receipt, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if t.call != call {
		return call.receipt, call.err
	}
	err := t.inDoubt(cause)
	r.finish(t, Receipt{}, err)
	if t.state == queued {
		r.forget(t)
	}
	return Receipt{}, err
}

// finish lets the Submit that waits for t return.
func (r *Relay) finish(t *terminal, receipt Receipt, err error) {
	t.call.receipt, t.call.err = receipt, err
	close(t.call.done)
	t.call = nil
	r.calls--
	if r.conn == nil {
		r.noteDrained()
	}
	r.poke() // the writer notes it, behind what it writes
}

// noteDrained lets Shutdown go on if no submission waits and no TerminalEnd is unwritten. mu is held, by the writer between two
// writes or where there is no connection.
func (r *Relay) noteDrained() {
	if r.drained != nil && r.calls == 0 && len(r.ends) == 0 {
		close(r.drained)
		r.drained = nil
	}
}

// End says that a live terminal has gone: its name is the SubmitID of Submit's Receipt. It does not wait, and does
// nothing for a terminal that is not live.
func (r *Relay) End(name SubmitID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.terminals[name]
	if t == nil || !t.live || t.name != name {
		return
	}
	t.live = false
	r.stats.Live--
	switch {
	case t.state == sent: // its answer tells whether there is something to end
	case t.state == idle && t.reported:
		r.end(t.id)
		r.forget(t)
	default:
		r.forget(t)
	}
}

// end sends a TerminalEnd. Where one more waits than can have gone at once, the front does not answer them: the connection
// ends, and with it each visit that it still had.
func (r *Relay) end(id SubmitID) {
	if len(r.ends) < r.maxEndsWaiting() {
		r.ends = append(r.ends, id)
	} else {
		r.endsFull = true
	}
	r.poke()
}

// maxEndsWaiting bounds the TerminalEnds that wait: of each live terminal, and of each submission that was given up and then recorded.
func (r *Relay) maxEndsWaiting() int { return r.o.MaxTerminals + r.terms.Window }

func (r *Relay) forget(t *terminal) {
	t.leave()
	delete(r.terminals, t.id)
	if t.name != t.id {
		delete(r.terminals, t.name)
	}
}

// Stats is the Relay at this moment.
func (r *Relay) Stats() RelayStats {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.stats
	s.Up, s.Addr, s.Terms = r.conn != nil, r.addr, r.terms
	if !s.Up {
		s.Down = r.cause
	}
	s.Waiting = r.urgent.len + r.again.len
	return s
}

// Done is closed once the Relay has ended and no goroutine of it is left; Err is then why.
func (r *Relay) Done() <-chan struct{} { return r.finished }

// Err is nil while the Relay works, else *EndedError.
func (r *Relay) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended == nil {
		return nil
	}
	return r.ended
}

// Shutdown takes no more submissions, waits until those that wait are answered and each TerminalEnd is written, logs the operator
// out and closes. If the context ends before, it closes at once and returns its cause.
func (r *Relay) Shutdown(ctx context.Context) error {
	defer r.Close()
	r.mu.Lock()
	r.closing = true
	if r.drained == nil && (r.calls > 0 || r.conn != nil) {
		r.drained = make(chan struct{})
	}
	drained := r.drained
	r.poke()
	r.mu.Unlock()
	if drained != nil {
		select {
		case <-drained:
		case <-r.finished:
			return r.Err()
		case <-ctx.Done():
			return fmt.Errorf("client: %w", context.Cause(ctx))
		}
	}
	r.mu.Lock()
	conn := r.conn
	if r.ended == nil {
		r.ended = &EndedError{net.ErrClosed} // and no other connection follows
	}
	r.mu.Unlock()
	if conn == nil {
		return nil
	}
	return conn.Logout(ctx)
}

// Close ends the connection and every wait, and returns when no goroutine of the Relay is left. It may be called more
// than once.
func (r *Relay) Close() error {
	r.endWith(net.ErrClosed)
	<-r.finished
	return nil
}

// endWith makes cause the end of the Relay, unless it has ended before.
func (r *Relay) endWith(cause error) {
	r.mu.Lock()
	if r.ended == nil {
		r.ended = &EndedError{cause}
		for _, t := range r.terminals {
			if t.call != nil {
				r.finish(t, Receipt{}, t.inDoubt(r.ended))
			}
		}
		clear(r.terminals)
		r.urgent, r.again, r.stats.Live = queue{}, queue{}, 0
	}
	r.grace.Stop()
	r.mu.Unlock()
	r.cancel(cause)
}

// poke lets the writer look again.
func (r *Relay) poke() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}
