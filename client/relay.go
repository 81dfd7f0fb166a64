package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"
)

// Bounds and times of a Relay.
const (
	DefaultMaxTerminals = 100_000         // live terminals and waiting submissions together
	DefaultDownGrace    = 2 * time.Second // how long Submit waits for a connection that is not there
	DefaultLoginTimeout = 30 * time.Second
	DefaultRefusedRetry = 30 * time.Second // until a front is asked again that did not admit the relay
	SubmitIDLife        = 10 * time.Minute // then a submission that a front may have is no longer sent again

	maxWriteLen = 64 << 10 // bytes of submissions that are written at once
	maxEnds     = 256      // unanswered TerminalEnds
)

// Resubmit is what a Relay reports again after it connected again. What was not answered is always sent again.
type Resubmit uint8

// The two ways.
const (
	ResubmitLive       Resubmit = iota // each live terminal, by a submission of its own
	ResubmitUnanswered                 // only what was not answered; live terminals are then unknown to the front
)

// RelayOptions is how a Relay connects and what it may hold. Addresses, Identity, AuthCode and Login are needed.
type RelayOptions struct {
	Addresses []string // host:port of the fronts, in the order of preference
	Identity  Identity // the RelayAppID
	AuthCode  string   // of the RelayAppID; kept until Close, since each connection authenticates
	// ReadAuthCode, if it is not nil, is asked for each connection instead: a code that the firm changed is then in
	// force without another Relay. Its error is as a connection that failed.
	ReadAuthCode func(context.Context) (string, error)

	// Login is the operator's, with the terminal information of the relay's own machine.
	Login LoginRequest
	// BeforeLogin, if it is not nil, may change a copy of Login before each login: a front flags terminal
	// information that comes twice, so collect it again. Its error is as a connection that failed.
	BeforeLogin func(context.Context, *LoginRequest) error

	Resubmit Resubmit

	// Window, Rate and Burst are bounds of this side; those of the front hold if they are lower. 0 for the front's.
	Window, Rate, Burst int

	MaxTerminals int           // 0 for DefaultMaxTerminals
	DownGrace    time.Duration // 0 for DefaultDownGrace; below 0 for none
	LoginTimeout time.Duration // from connecting to logged in; 0 for DefaultLoginTimeout

	// RefusedRetry is after how long at the latest a front is asked again that did not admit the relay (63), or ended its
	// session by order of the firm; after twice as long the next time, 10 minutes at most. 0 for DefaultRefusedRetry; below
	// 0 for never: such a front is then as one that refused the operator's login.
	RefusedRetry time.Duration

	// OnEvent is called for each event, one at a time and in their order, on goroutines of the Relay: it must not
	// wait, and may call End and Stats, no other method. nil for none.
	OnEvent func(RelayEvent)

	Dial []Option // of each connection, WithDialFunc for TLS among them; not WithConn
}

// Errors of a Relay beside *Error, the front's refusal of a submission.
var (
	// ErrRelayFull: MaxTerminals are live or wait.
	ErrRelayFull = errors.New("client: the relay holds as many terminals as it may")
	// ErrSubmitIDTaken: a submission that was passed on has the SubmitID of one whose terminal is live, or whose answer is
	// on its way.
	ErrSubmitIDTaken = errors.New("client: a submission with that SubmitID is live or on its way")
	// ErrInDoubt: the submission was sent, and its answer did not come in time. The front may have recorded it. The
	// terminal was not let in: it logs in again, and is another record.
	ErrInDoubt = errors.New("client: the submission may have been recorded")
)

// DownError means that there is no connection to a front and that the submission was not sent. A relay lets its
// terminal in after the front's answer only, so the terminal must try later (code 8).
type DownError struct{ Cause error }

func (e *DownError) Error() string { return "no connection to a front: " + e.Cause.Error() }
func (e *DownError) Unwrap() error { return e.Cause }

// EndedError means that the Relay works no longer: each address refused it for good, or it was closed.
type EndedError struct{ Cause error }

func (e *EndedError) Error() string { return "the relay has ended: " + e.Cause.Error() }
func (e *EndedError) Unwrap() error { return e.Cause }

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
	switch {
	case len(o.Addresses) == 0:
		return nil, errors.New("client: a relay needs the address of a front")
	case o.ReadAuthCode == nil && len(o.AuthCode) != AuthCodeLen:
		return nil, fmt.Errorf("client: authcode is %d bytes, want %d", len(o.AuthCode), AuthCodeLen)
	case o.Resubmit > ResubmitUnanswered:
		return nil, fmt.Errorf("client: resubmit %d, want ResubmitLive or ResubmitUnanswered", o.Resubmit)
	case o.Window < 0 || o.Rate < 0 || o.Burst < 0 || o.MaxTerminals < 0:
		return nil, errors.New("client: a bound of a relay is below 0")
	}
	o.Addresses = slices.Clone(o.Addresses)
	o.MaxTerminals = orDefault(o.MaxTerminals, DefaultMaxTerminals)
	o.DownGrace = max(orDefault(o.DownGrace, DefaultDownGrace), 0)
	o.LoginTimeout = orDefault(o.LoginTimeout, DefaultLoginTimeout)
	o.RefusedRetry = orDefault(o.RefusedRetry, DefaultRefusedRetry)
	if err := checkRelayLogin(&o); err != nil {
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

// checkRelayLogin finds what cannot be sent before anything is.
func checkRelayLogin(o *RelayOptions) error {
	var m Machine
	if _, err := m.AppendAsk(nil, &o.Identity); err != nil {
		return err
	}
	m = Machine{}
	_, err := m.AppendLogin(nil, &o.Login)
	return err
}

func orDefault[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
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
