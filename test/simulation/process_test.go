package simulation

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/daemon"
	"github.com/tradefront/tradefront/internal/dialogue"
	"github.com/tradefront/tradefront/internal/gateway"
	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/store/forward"
	"github.com/tradefront/tradefront/internal/store/journal"
)

// process is one process of the front, from its start to its stop or its kill.
type process struct {
	w      *world
	number int32 // also its front ID, so that (front ID, session ID) names a connection
	dir    string
	gate   *gate

	path    daemon.LoginPath
	dest    *destination
	driver  *dialogue.Driver
	scratch dialogue.Scratch
	ctx     context.Context // of stop
	abandon context.CancelFunc

	diskFull  atomic.Bool
	broken    atomic.Bool // an append returned store.ErrBroken
	releasing atomic.Bool
	before    image // of the disk before the commit that is under way; nil unless one was taken

	wires    []*wire // open ones, in the order in which they came
	sessions int32

	submits   atomic.Int32 // on their way
	mu        sync.Mutex
	closed    bool // the loops have ended: Later fails
	finished  []finish
	unwritten []logs.Entry // of the audit log

	stopping bool
	stopped  chan struct{} // closed when stop has returned
}

// finish is a login's outcome on its way back to its connection.
type finish struct {
	wire  *wire
	f     func()
	login bool // not of submissions
}

// start starts a process on the disk as it is: what a login passes in the front that ships, with models at
// its ends.
func (w *world) start() {
	w.processes++
	p := &process{w: w, number: int32(w.processes), gate: newGate(), stopped: make(chan struct{})}
	p.ctx, p.abandon = context.WithCancel(context.Background())
	p.dir = filepath.Join(w.dir, fmt.Sprint(w.processes))
	w.disk.write(p.dir)
	w.process = p
	// What migrations and the directory do is not part of what is simulated: nothing parks.
	if err := p.path.Start(context.Background(), p.options()); err != nil {
		w.violate("the front does not start on what is on the disk: %v", err)
		_ = p.path.Stop(context.Background())
		w.process = nil
		return
	}
	p.check()
	w.limitRelays()
	synctest.Wait() // the link dials meanwhile
}

// skewed keeps the forwarder's pauses from ending at the very instant of a probe: Go's select
// would choose one of them at random.
const skewed = 137 * time.Microsecond

func (p *process) options() daemon.PathOptions {
	w := p.w
	opt := daemon.PathOptions{
		Config: w.configuration(p), Logger: zap.NewNop(), Now: p.now, Observer: silent{},
		Assets: &assemble.Assets{Keys: w.policy.Keys, Calendar: w.policy.Calendar, Master: shared().master},
		Server: func(h dialogue.Handler) daemon.Server { return &loops{p, h} },
		Between: daemon.Between{JournalClosed: func() error {
			if !p.gate.isDead() {
				p.writeAudit()
			}
			return nil
		}},
		Models: daemon.Models{
			Journal: func(o *journal.Options) { o.QueueRows, o.Connector = w.plan.queueRows, p.connector },
			Forwarder: func(o *forward.Options) {
				o.Jitter = func(pause time.Duration) time.Duration { return pause + skewed }
			},
			Link:     p.linkOptions,
			Core:     p.gatedCore,
			Recorder: func(r gateway.Recorder) gateway.Recorder { return gatedRecorder{p, r} },
			Audit:    func(gateway.Audit) gateway.Audit { return lossyAudit{p} },
		},
	}
	if w.plan.postgres {
		p.dest = &destination{process: p}
		opt.Destination = p.dest
	}
	return opt
}

// configuration is that of the plan, with what no plan changes.
func (w *world) configuration(p *process) *config.Config {
	c := &config.Config{
		BrokerID: broker, VendorID: "TF01", SystemName: "模拟", Front: config.Front{ID: p.number},
		AuditLog: filepath.Join(p.dir, "audit.jsonl"), TerminalInfo: "lenient", ReplayedTerminalInfo: "flag",
		Core: config.Core{
			Driver:    assemble.DriverLocal,
			Argon2:    config.Argon2{MemoryKiB: argon2.MemoryKiB, Iterations: argon2.Iterations, Parallel: 2},
			HashQueue: 2, Remember: time.Minute, RememberAccounts: 2, SessionsPerUser: w.plan.sessionsPerUser,
			LockFailures: 4, LockSourceFailures: 12, LockDecay: 10 * time.Second,
		},
		Store: config.Store{
			Driver: "embedded", Path: filepath.Join(p.dir, "local.db"), AnswerAfter: string(w.plan.answerAfter),
			BatchRows: w.plan.batchRows, BatchDelay: w.plan.batchDelay,
		},
		Limits: config.Limits{SeenTerminals: 1000},
		Timers: config.Timers{Drain: 10 * time.Second},
	}
	if w.linked() {
		c.Core.Driver = assemble.DriverLink
	}
	if w.hasRelays() {
		c.Relay = config.Relay{
			Enabled: true, MaxTerminalAge: time.Hour, ClockAhead: time.Minute, SubmitIDAge: 15 * time.Minute, OperatorRecord: "report",
			MaxVisits: w.relays.visits,
		}
	}
	if w.policy.Strict {
		c.TerminalInfo = "strict"
	}
	if w.policy.RejectReplays {
		c.ReplayedTerminalInfo = "reject"
	}
	if w.plan.postgres {
		c.Store.Driver = "postgres"
	}
	return c
}

// now is the world's clock. A start does not move it.
func (p *process) now() time.Time {
	if p.driver == nil {
		return time.Now().Add(p.w.offset)
	}
	return p.w.now()
}

// loops are internal/front's without its sockets: terminals come by connect.
type loops struct {
	process *process
	handler dialogue.Handler
}

// Start is part of daemon.Server.
func (s *loops) Start() error {
	p := s.process
	p.driver = dialogue.New(&p.w.plan.settings, p.w.plan.limits, named{s.handler, p}, silent{}, p.w.logger())
	return nil
}

// Drain is part of daemon.Server. The gate lets the controller close the connections before it returns.
func (s *loops) Drain(ctx context.Context) error {
	_ = s.process.driver.Drain(ctx) // an error names logins that are left, and the next steps hold for them too
	if s.process.gate.pass("close") == dead {
		s.process.abandon() // there is no time any more for what would follow
	}
	return nil
}

// snapshot is the disk as it is now.
func (p *process) snapshot() image { return readImage(p.dir) }

// die ends the process between two steps. What is on the disk is what the next one finds.
func (p *process) die(disk image) {
	w := p.w
	w.disk, w.process = disk, nil
	if p.dest != nil && p.gate.holds("send") && w.random.IntN(2) == 0 {
		w.pg.late = append(w.pg.late, p.dest.next) // it left this machine before the process ended
	}
	for _, c := range p.wires {
		c.cut()
	}
	p.sever()
	p.teardown()
}

// teardown ends the goroutines that are left of a process, without any effect on the world.
func (p *process) teardown() {
	p.endLoops()
	p.gate.kill()
	if p.stopping {
		<-p.stopped
	}
	p.abandon()
	if p.path.Link != nil {
		_ = p.path.Link.Close(p.ctx)
	}
	if p.path.Forwarder != nil {
		p.path.Forwarder.Close()
	}
	_ = p.path.Journal.Close()
	_ = p.path.Audit.Close(context.Background())
	synctest.Wait()
	must(os.RemoveAll(p.dir))
}

func (p *process) endLoops() {
	p.mu.Lock()
	p.closed, p.finished = true, nil
	p.mu.Unlock()
}

// stop is what a SIGTERM makes of the process. It runs on a goroutine of its own.
func (p *process) stop() {
	defer close(p.stopped)
	err := p.path.Stop(p.ctx)
	if p.w.linked() && errors.Is(err, context.DeadlineExceeded) {
		err = nil // a core that reads nothing does not keep the front from stopping, and is told of
	}
	if err != nil && !p.gate.isDead() {
		p.w.violate("the front does not stop: %v", err)
	}
}
