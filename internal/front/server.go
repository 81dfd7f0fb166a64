package front

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/panjf2000/gnet/v2"
	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/admission"
	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/dialogue"
	"github.com/tradefront/tradefront/internal/session"
)

// Handler decides what the dialogues ask.
type Handler = dialogue.Handler

// Observer counts. Its methods are called on event loops, by acceptors and by goroutines of a core, at the same time; they must not block.
type Observer interface {
	dialogue.Observer
	ConnectionOpened()
	ConnectionRefused(reason string)
	// AcceptFailed counts a connection that could not be taken from the system; fault is
	// one of AcceptFaults.
	AcceptFailed(fault string)
	// LoopLag is how long work that was due waited for its loop: each part of a sweep is measured.
	LoopLag(d time.Duration)
}

// Config is what a Server needs to know.
type Config struct {
	Listeners []Listener
	Limits    Limits
	Session   session.Settings // but for Refusals, which Limits has
	// RelayConnections is how many connections relays may have from that address, together; nil for 0. It must not block.
	RelayConnections func(from netip.Addr) int
	// Listen binds an address; nil for Listen. A process that was handed its sockets gives them here.
	Listen func(address string) (*net.TCPListener, error)
	// Resumed is what another process gives to this one; nil for none. A server with it holds from
	// the beginning, until Release; Prepare is called before Start.
	Resumed *Handover
	// AtCore is the session of a SessionID at the trading core, of Resumed; nil without a trading core.
	AtCore func(sessionID int32) core.Session
}

// Listener is an address that terminals connect to.
type Listener struct {
	Address string     // host:port; port 0 takes a free one
	Proxy   *ProxyRule // nil: the peer is the terminal itself
	Relays  bool       // it admits relays and nothing else; see relays.go
}

const (
	readBuffer  = 64 << 10 // of each loop, not of each connection
	writeBuffer = 64 << 10 // of a connection that left so much unread; what is more lies in pieces
)

var (
	errStuck = errors.New("front: an event loop has ended, or has been stuck for a minute")
	errStop  = errors.New("front: the event loops did not end in time")
)

// Server is the front. Make it with New, Start it once, end it with Drain.
type Server struct {
	gnet.BuiltinEventEngine

	cfg       Config
	admission *admission.Control
	driver    *dialogue.Driver
	handler   Handler
	observer  Observer
	log       *zap.Logger
	period    time.Duration // of sweeps

	engine    *gnet.Client // the loops; gnet has engines without listeners only by this name
	loops     sync.Map     // gnet.EventLoop → *loop; a loop joins with its first connection
	listeners []*listener
	accepting sync.WaitGroup
	closing   chan struct{} // closed when acceptors are to end
	ticking   sync.WaitGroup
	failed    chan error

	handing sync.RWMutex  // held for reading while a loop is given work
	stopped bool          // under handing: the loops take no more
	ended   chan struct{} // closed when all loops have ended

	inboundLimit atomic.Int64
	mailLimit    atomic.Int64

	connections atomic.Int64
	halfOpen    *halfOpen // of relays
	lastID      atomic.Int32
	held        held
	bansSet     atomic.Uint32 // how often
	stopping    atomic.Bool
}

// New makes a server that does not listen yet.
func New(cfg Config, handler Handler, observer Observer, log *zap.Logger) *Server {
	s := &Server{
		cfg: cfg, handler: handler, observer: observer, log: log,
		admission: admission.New(cfg.Limits.Admission, rand.Float64), period: sweepPeriod,
		closing: make(chan struct{}), halfOpen: newHalfOpen(),
		failed: make(chan error, 1),
		ended:  make(chan struct{}),
	}
	s.setOwnLimits(&cfg.Limits)
	s.driver = dialogue.New(cfg.settings(), cfg.Limits.dialogue(), handler, observer, log)
	if cfg.Resumed != nil {
		s.driver.Hold(true)
	}
	return s
}

func (s *Server) listen(address string) (*net.TCPListener, error) {
	if s.cfg.Listen != nil {
		return s.cfg.Listen(address)
	}
	return Listen(address)
}

// Start binds the addresses and returns once connections are accepted, or with what
// kept it from that.
func (s *Server) Start() (err error) {
	for _, l := range s.cfg.Listeners {
		bound, err := s.listen(l.Address)
		if err != nil {
			s.closeListeners()
			return err
		}
		s.listeners = append(s.listeners, newListener(bound, &l))
	}
	if err := s.startLoops(); err != nil {
		s.closeListeners()
		return fmt.Errorf("front: start event loops: %w", err)
	}
	s.ticking.Go(s.tick)
	s.takeOver()
	for _, l := range s.listeners {
		for range acceptors {
			s.accepting.Go(func() { s.accept(l) })
		}
	}
	return nil
}

func (s *Server) startLoops() (err error) {
	s.engine, err = gnet.NewClient(s,
		gnet.WithMulticore(true),
		gnet.WithReadBufferCap(readBuffer),
		gnet.WithWriteBufferCap(writeBuffer),
		gnet.WithTCPNoDelay(gnet.TCPDelay), // Go has set TCP_NODELAY already
		gnet.WithLogger(s.gnetLog()),
	)
	if err != nil {
		return err
	}
	return s.engine.Start()
}

// gnetLog is for gnet's own lines, which are of no interest below a warning.
func (s *Server) gnetLog() *zap.SugaredLogger {
	log := s.log.Named("gnet")
	if log.Core().Enabled(zap.InfoLevel) { // zap complains of a level that would be lowered
		log = log.WithOptions(zap.IncreaseLevel(zap.WarnLevel))
	}
	return log.Sugar()
}

func (s *Server) closeListeners() {
	for _, l := range s.listeners {
		_ = l.Close() // it does not listen any more, with an error too
	}
}

// Failed delivers the error that ended the front without Drain, and is closed after Drain.
func (s *Server) Failed() <-chan error { return s.failed }

// Addrs are the addresses that are listened on, with the ports that port 0 became, in
// the order of Config.Listeners. They are known once Start has returned.
func (s *Server) Addrs() []netip.AddrPort {
	addrs := make([]netip.AddrPort, len(s.listeners))
	for i, l := range s.listeners {
		addrs[i] = l.Addr().(*net.TCPAddr).AddrPort()
	}
	return addrs
}

// Connections now open.
func (s *Server) Connections() int { return int(s.connections.Load()) }

// LoginsInFlight now.
func (s *Server) LoginsInFlight() int { return s.driver.LoginsInFlight() }

// Draining reports whether Drain was called.
func (s *Server) Draining() bool { return s.driver.Draining() }

// Admission is what admission counts now, with the top sources of each kind.
func (s *Server) Admission(top int) admission.Status { return s.admission.Status(top, time.Now()) }

// Drain stops the front. It stops listening at once, so that terminals and load balancers
// find another front; new logins are refused from here on, logins in flight are finished
// and answered until ctx ends, then relays are told by ForceExit, and all connections are closed. The error has the number of
// logins that were left when ctx ended.
func (s *Server) Drain(ctx context.Context) error {
	close(s.closing)
	s.closeListeners()
	left := s.driver.Drain(ctx)
	if left != nil {
		left = fmt.Errorf("front: %w", left)
	}
	s.sendRelaysAway()
	// Acceptors end before the loops do: a connection that is handed to a loop that has
	// ended would never end.
	return errors.Join(left, within(stopPatience, s.accepting.Wait), s.stopLoops())
}

// stopPatience is how long acceptors, and then the loops, may take to end.
const stopPatience = 5 * time.Second

func (s *Server) stopLoops() error {
	s.stopping.Store(true)
	s.handing.Lock()
	s.stopped = true
	s.handing.Unlock()
	return within(stopPatience, func() {
		if err := s.engine.Stop(); err != nil {
			s.log.Error("an event loop ended with an error", zap.Error(err))
		}
		close(s.ended)
		s.loops.Range(func(_, l any) bool {
			l.(*loop).mailbox.abandon(true)
			return true
		})
		s.ticking.Wait()
		close(s.failed)
	})
}

// within waits for work, but no longer than that: a loop that does not respond must not
// keep the process from ending.
func within(patience time.Duration, work func()) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		work()
	}()
	select {
	case <-done:
		return nil
	case <-time.After(patience):
		return errStop
	}
}

// execute gives a loop work, and reports whether it took it. gnet's own Execute may write
// while the engine ends to a descriptor that is closed, and that by then may be another file's.
func (s *Server) execute(el gnet.EventLoop, work func()) bool {
	return s.run(el, gnet.RunnableFunc(func(context.Context) error {
		defer s.rescueWork()
		work()
		return nil
	}))
}

// run is execute for work that was made before.
func (s *Server) run(el gnet.EventLoop, work gnet.Runnable) bool {
	s.handing.RLock()
	defer s.handing.RUnlock()
	return !s.stopped && el.Execute(context.Background(), work) == nil
}

// SetTap shows what is received from terminals and sent to them to a tap, or to none if it is nil.
func (s *Server) SetTap(tap dialogue.Tap) { s.driver.SetTap(tap) }
