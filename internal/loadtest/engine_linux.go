package loadtest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/loadtest/population"
	"github.com/tradefront/tradefront/internal/loadtest/result"
)

const (
	// burst is how many visits begin before the loop looks at answers.
	burst = 64
	// readRoom holds what a front sends at once to a terminal.
	readRoom = 16 << 10
	events   = 256
	// maxUnsent is how much may wait for a socket, in bytes.
	maxUnsent = 64 << 10
	period    = time.Second // of looks at heartbeats and patience, and of Watch
	timerTag  = -1          // of the timer among the visits of epoll
)

// engine is one run.
type engine struct {
	plan      *Plan
	strings   *stock
	hooks     Hooks
	apps      []client.Identity
	codes     []string
	operators []*population.Relay // of scenario relay
	random    *rand.Rand

	epoll, timer int
	start        time.Time
	now          time.Duration // after start
	ticked       time.Duration

	visitCount int // of this generator
	visits     []visit
	spare      []int32
	under      int // visits that are under way: begun, and not decided
	open       int
	begun      int // visits of this part of the run
	over       int // steps of the parts before
	// returning is the account that has just left, of scenario steady; -1: the next in order
	returning int
	later     later
	measured  *recorder
	failure   string // the first of a part that is not measured

	reporting  *reporting // nil but of operator relays, once they have logged in
	unanswered int        // orders that were sent and wait, or submissions
	lacking    error      // why the run cannot go on; nil while it can
	business   [orderLen]byte

	out, scratch []byte
}

// Run does what the plan says, and ends early if ctx does.
func Run(ctx context.Context, p *Plan, c *Ciphertexts, hooks Hooks) (*result.Result, error) {
	e := &engine{
		plan: p, strings: newStock(p, c), hooks: hooks, random: rand.New(rand.NewPCG(p.Seed, 1)), //nolint:gosec // which visitor does what
		visitCount: p.share(p.Visits), epoll: -1, timer: -1, returning: -1, start: time.Now(), scratch: make([]byte, readRoom), measured: newRecorder(),
	}
	if p.operators() {
		e.operators = p.relays()
	}
	for _, app := range p.apps() {
		e.apps = append(e.apps, identity(p.People.BrokerID, app))
		e.codes = append(e.codes, app.AuthCode.Reveal())
	}
	defer e.close()
	if err := e.prepare(); err != nil {
		return nil, fmt.Errorf("load test: %w", err)
	}
	ended, err := e.play(ctx)
	if err != nil {
		return nil, fmt.Errorf("load test: %w", err)
	}
	return e.measured.outcome(p, ended), nil
}

func (e *engine) prepare() (err error) {
	if e.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return fmt.Errorf("epoll_create1: %w", err)
	}
	if e.timer, err = unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC); err != nil {
		return fmt.Errorf("timerfd_create: %w", err)
	}
	return e.watchFor(e.timer, unix.EPOLLIN|unix.EPOLLET, timerTag, 0)
}

func (e *engine) watchFor(fd int, what uint32, slot, generation int32) error {
	if err := unix.EpollCtl(e.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: what, Fd: slot, Pad: generation}); err != nil {
		return fmt.Errorf("epoll_ctl: %w", err)
	}
	return nil
}

func (e *engine) close() {
	e.strings.sealer.end()
	for i := range e.visits {
		if e.visits[i].state != unused {
			_ = unix.Close(int(e.visits[i].fd))
		}
	}
	for _, fd := range []int{e.timer, e.epoll} {
		if fd >= 0 {
			_ = unix.Close(fd)
		}
	}
}

// until turns the loop until done says so: next is when something is due that begin is to begin, and whether something is.
func (e *engine) until(ctx context.Context, done func() bool, next func() (due time.Duration, some bool), begin func(due time.Duration) error) error {
	var ready [events]unix.EpollEvent
	for {
		e.now = time.Since(e.start)
		e.look()
		wait, err := e.startDue(next, begin)
		if err != nil {
			return err
		}
		if done() {
			return nil
		}
		if err := context.Cause(ctx); err != nil {
			return err
		}
		n, err := unix.EpollWait(e.epoll, ready[:], wait)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("epoll_wait: %w", err)
		}
		for i := range max(n, 0) {
			e.now = time.Since(e.start)
			e.ready(&ready[i])
		}
	}
}

// startDue begins what is due, a burst of it, and says for how many milliseconds the loop may wait.
func (e *engine) startDue(next func() (time.Duration, bool), begin func(due time.Duration) error) (wait int, err error) {
	for range burst {
		due, some := next()
		if !some {
			return int((e.ticked + period - e.now).Milliseconds()) + 1, nil
		}
		if due > e.now {
			return int(period.Milliseconds()), e.wakeAt(min(due, e.ticked+period))
		}
		if err := begin(due); err != nil {
			return 0, err
		}
	}
	return 0, nil
}

// wakeAt sets the timer: epoll_wait alone would be late by up to a millisecond.
func (e *engine) wakeAt(at time.Duration) error {
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(max(int64(at-e.now), 1))}
	if err := unix.TimerfdSettime(e.timer, 0, &spec, nil); err != nil {
		return fmt.Errorf("timerfd_settime: %w", err)
	}
	return nil
}

// look goes over all visits once a period: which wait too long, and which must send a heartbeat.
func (e *engine) look() {
	seconds := (e.now - e.ticked) / period
	if seconds == 0 {
		return
	}
	e.ticked += seconds * period
	for i := range e.visits {
		v := &e.visits[i]
		switch {
		case v.state == unused:
		case v.state == staying:
			e.giveUp(v)
			e.keepAlive(v)
		case e.now-v.step > e.plan.Patience:
			if why := v.during(result.NoAnswer); !e.comesAgain(v, why) {
				e.fail(v, why)
			}
		default:
			e.dripOn(v)
		}
	}
	e.giveUpSubmissions()
	e.measured.tick(e.open, seconds)
	e.tell()
}

// tell says how far the run is.
func (e *engine) tell() {
	if e.hooks.Watch == nil {
		return
	}
	s := e.measured.status(e.now, e.open)
	s.Steps = e.steps()
	e.hooks.Watch(s)
}

// steps are those of Plan.Steps that are over.
func (e *engine) steps() int {
	n := e.over + e.measured.decidedVisits()
	if q := e.measured.r.Requests; q != nil {
		n += q.Sent - e.unanswered
	}
	return n
}

func (e *engine) keepAlive(v *visit) {
	every := v.machine.HeartbeatPeriod()
	if every > 0 && e.now-v.heard > client.SilencePeriods*every {
		e.fail(v, v.during(result.NoHeartbeat)) // and nothing else of the front for as long
		return
	}
	if every > 0 && e.now-v.sent > every-2*period {
		e.out = v.machine.AppendHeartbeat(e.out[:0])
		e.send(v)
	}
}

// ready is what epoll tells of one visit. What it tells of a visit that has ended meanwhile is of another generation.
func (e *engine) ready(event *unix.EpollEvent) {
	if event.Fd == timerTag {
		return
	}
	v := &e.visits[event.Fd]
	if v.state == unused || v.generation != event.Pad {
		return
	}
	if v.state == connecting {
		e.connected(v)
	} else if event.Events&unix.EPOLLOUT != 0 && len(v.unsent) > 0 {
		e.out = e.out[:0]
		e.send(v)
	}
	if v.state != unused && v.state != connecting && event.Events&^uint32(unix.EPOLLOUT) != 0 {
		e.read(v, event.Events&(unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0)
	}
}

// read takes all that has come: epoll tells of it once. Less than was asked for is all, unless the end is known to be behind it.
func (e *engine) read(v *visit, ended bool) {
	generation := v.generation
	for {
		n, err := unix.Read(int(v.fd), e.scratch)
		switch {
		case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
			return
		case err != nil || n == 0:
			e.closedByFront(v)
			return
		}
		v.heard = e.now
		e.receive(v, e.scratch[:n])
		if v.state == unused || v.generation != generation || n < len(e.scratch) && !ended {
			return
		}
	}
}

// send writes what the socket did not take before, and e.out.
func (e *engine) send(v *visit) {
	v.sent = e.now
	b := e.out
	if len(v.unsent) > 0 {
		v.unsent = append(v.unsent, e.out...)
		b = v.unsent
	}
	n, err := unix.Write(int(v.fd), b)
	switch {
	case err == nil && n == len(b):
		v.unsent = v.unsent[:0]
		return
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
		n = 0
	case v.kind != honest && resets(err):
		e.closedByFront(v)
		return
	case err != nil:
		e.fail(v, v.during(result.NotWritten))
		return
	}
	v.unsent = append(v.unsent[:0], b[n:]...)
	if len(v.unsent) > maxUnsent {
		e.fail(v, v.during(result.NotRead))
	}
}
