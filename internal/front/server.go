package front

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/panjf2000/gnet/v2"
	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/dialogue"
	"github.com/tradefront/tradefront/internal/session"
)

// Handler decides what the dialogues ask.
type Handler = dialogue.Handler

// Observer counts. Its methods are called on event loops.
type Observer interface {
	dialogue.Observer
	ConnectionOpened()
	ConnectionRefused(reason string)
}

// Config is what a Server needs to know.
type Config struct {
	Addresses      []string // host:port each; port 0 takes a free one
	MaxConnections int      // more are closed at accept
	MaxLogins      int      // in flight over all connections; more are answered 90
	MaxOutbound    int      // bytes a terminal may leave unread
	Session        session.Settings
}

const (
	sweepPeriod = 500 * time.Millisecond // how often the clocks of sessions are looked at
	readBuffer  = 64 << 10               // of each loop, not of each connection
	keepAlive   = 60 * time.Second       // TCP's own, finds peers that are gone without a word
)

// Server is the front. Make it with New, Start it once, end it with Drain.
type Server struct {
	gnet.BuiltinEventEngine

	cfg      Config
	driver   *dialogue.Driver
	observer Observer
	log      *zap.Logger

	engine  gnet.Engine
	addrs   []netip.AddrPort // set before started is closed
	loops   sync.Map         // gnet.EventLoop → *loop; a loop joins with its first connection
	started chan struct{}
	begin   sync.Once
	failed  chan error

	connections atomic.Int64
	lastID      atomic.Int32
	stopping    atomic.Bool
}

// New makes a server that does not listen yet.
func New(cfg Config, handler Handler, observer Observer, log *zap.Logger) *Server {
	s := &Server{
		cfg: cfg, observer: observer, log: log,
		started: make(chan struct{}),
		failed:  make(chan error, 1),
	}
	limits := dialogue.Limits{Logins: cfg.MaxLogins, Unsent: cfg.MaxOutbound}
	s.driver = dialogue.New(&s.cfg.Session, limits, handler, observer, log)
	return s
}

// Start binds the addresses and returns once connections are accepted, or with what
// kept it from that.
func (s *Server) Start() error {
	go s.run()
	select {
	case <-s.started:
		return nil
	case err := <-s.failed:
		return err
	}
}

func (s *Server) run() {
	urls := make([]string, len(s.cfg.Addresses))
	for i, a := range s.cfg.Addresses {
		urls[i] = "tcp://" + gnetAddress(a)
	}
	err := gnet.Rotate(s, urls,
		gnet.WithMulticore(true),
		gnet.WithReuseAddr(true),
		gnet.WithReadBufferCap(readBuffer),
		gnet.WithWriteBufferCap(s.cfg.MaxOutbound),
		gnet.WithTicker(true),
		gnet.WithLoadBalancing(gnet.LeastConnections),
		gnet.WithLogger(s.log.Named("gnet").WithOptions(zap.IncreaseLevel(zap.WarnLevel)).Sugar()),
	)
	switch {
	case err != nil:
		s.failed <- fmt.Errorf("front: listen on %v: %w", s.cfg.Addresses, err)
	case !s.stopping.Load():
		s.failed <- errors.New("front: the event loops ended unasked (out of file descriptors?)")
	default:
		close(s.failed)
	}
}

// Failed delivers the error that ended the front unasked, and is closed after Drain.
func (s *Server) Failed() <-chan error { return s.failed }

// Addrs are the addresses that are listened on, with the ports that port 0 became, in
// the order of Config.Addresses. They are known once Start has returned.
func (s *Server) Addrs() []netip.AddrPort { return s.addrs }

// Connections now open.
func (s *Server) Connections() int { return int(s.connections.Load()) }

// LoginsInFlight now.
func (s *Server) LoginsInFlight() int { return s.driver.LoginsInFlight() }

// Draining reports whether Drain was called.
func (s *Server) Draining() bool { return s.driver.Draining() }

// Drain stops the front: new connections and new logins are refused from here on, logins
// in flight are finished and answered until ctx ends, then all connections are closed.
// The error tells how many logins were left when ctx ended.
func (s *Server) Drain(ctx context.Context) error {
	left := s.driver.Drain(ctx)
	if left != nil {
		left = fmt.Errorf("front: %w", left)
	}
	s.stopping.Store(true)
	// Stop's context bounds only how long we wait for it; the loops end by themselves.
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := s.engine.Stop(stop); err != nil {
		return errors.Join(left, fmt.Errorf("front: stop event loops: %w", err))
	}
	return left
}

// OnBoot keeps the engine; the sockets listen, the loops do not run yet.
func (s *Server) OnBoot(engine gnet.Engine) gnet.Action {
	s.engine = engine
	return gnet.None
}

// OnTick runs on a goroutine of its own, so it hands each loop its own work.
func (s *Server) OnTick() (time.Duration, gnet.Action) {
	s.begin.Do(s.begun)
	s.loops.Range(func(_, l any) bool {
		s.orderSweep(l.(*loop))
		return true
	})
	return sweepPeriod, gnet.None
}

// begun runs once, when the loops run: it reads the listeners here because gnet closes
// them without a lock when the engine ends, which waits for this goroutine.
func (s *Server) begun() {
	for _, a := range s.cfg.Addresses {
		addr, err := s.boundAddr(a)
		if err != nil {
			s.log.Error("address of a listener", zap.String("listener", a), zap.Error(err))
		}
		s.addrs = append(s.addrs, addr)
	}
	close(s.started)
}
