package link

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
)

// Link is a core.Core that asks the firm's trading core. It is safe for concurrent use.
type Link struct {
	options  Options
	logger   *zap.Logger
	observer Observer
	now      func() time.Time // for what people read; durations are of time.Now, which no step of the calendar's clock changes
	began    time.Time
	random   *rand.Rand // as safe for concurrent use as Options.Random: it has no state of its own
	identity ftd.LinkIdentity

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	group  sync.WaitGroup // all goroutines

	table    *table
	codes    *codeRequests
	discards [discardCount]atomic.Int64 // nanoseconds from began until each had its last line; 0 for none

	held    atomic.Bool
	reading sync.RWMutex // held for reading while what the core sent is worked on; see Hold

	away   atomic.Uint32          // the reason.Reason of what finds no core
	tenure atomic.Pointer[tenure] // of the core in use; nil for none. Written under mu

	mu        sync.Mutex
	closed    bool
	endpoints []*endpoint
	machines  []*machine // of endpoints
	chooser   chooser
	grace     *time.Timer // runs while sessions wait and no core is in use
	graceEnd  time.Time   // by when one must be
	adopted   []*session  // of another process, whose terminals Start sends away
}

var _ core.Core = (*Link)(nil)

// New makes a Link that is not started.
func New(o Options) *Link {
	o.fill()
	l := &Link{
		options: o, logger: o.Logger, observer: o.Observer, now: o.Now, began: time.Now(), random: rand.New(o.Random), //nolint:gosec // a jitter is no secret
		table: newTable(o.MaxSessions), codes: newCodeRequests(),
		identity: ftd.LinkIdentity{
			Protocol: ftd.LinkProtocol, FrontID: o.FrontID, Process: []byte(o.Process), BrokerID: []byte(o.BrokerID),
			Version: []byte(clip(o.Version, 20)), MaxSessions: o.MaxSessions, Business: businessOf(o.Business),
		},
	}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	l.away.Store(uint32(reason.CoreAway))
	for i, e := range o.Endpoints {
		made := &endpoint{Endpoint: e, index: i, since: o.Now()}
		l.endpoints = append(l.endpoints, made)
		l.machines = append(l.machines, &made.machine)
	}
	return l
}

func businessOf(business bool) byte {
	if business {
		return '1'
	}
	return '0'
}

// Start dials all endpoints, again and again until Close.
func (l *Link) Start() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	for _, e := range l.endpoints {
		l.group.Go(func() { l.runEndpoint(e) })
	}
	l.sendAway(l.adopted)
	l.adopted = nil
}

// Close tells the core that all sessions are over (the front drains), and ends the links. The error is ctx's if the core
// did not take that in time. A second call does nothing.
func (l *Link) Close(ctx context.Context) (err error) {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return nil
	}
	l.closed = true
	l.stopGrace()
	conns := l.conns()
	l.mu.Unlock()

	for _, s := range l.table.ordered() {
		if now := s.stateNow(); now != verifying && now != verified {
			s.Close(ftd.ReasonDraining, "front stops")
		}
	}
	for _, c := range conns {
		if !c.leave(ctx) && err == nil {
			err = ctx.Err()
		}
	}
	l.cancel()
	l.group.Wait()
	return err
}

// conns are the connections that are up. mu is held.
func (l *Link) conns() (conns []*conn) {
	for _, e := range l.endpoints {
		if e.conn != nil {
			conns = append(conns, e.conn)
		}
	}
	return conns
}

// today is what the calendar says; 0 if nothing compares trading days.
func (l *Link) today() calendar.TradingDay {
	if l.options.TradingDay == nil {
		return 0
	}
	return l.options.TradingDay()
}

// current is the tenure of the core in use. With nil comes the reason for which there is none.
func (l *Link) current() (*tenure, reason.Reason) {
	if t := l.tenure.Load(); t != nil {
		return t, reason.OK
	}
	return nil, l.awayReason()
}

func (l *Link) awayReason() reason.Reason { return reason.Reason(l.away.Load()) }

// tag is a session's.
func (l *Link) tag(sessionID int32) ftd.SessionTag {
	return ftd.SessionTag{FrontID: l.options.FrontID, SessionID: sessionID}
}
