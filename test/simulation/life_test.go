package simulation

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/dialogue"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/gateway"
	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/store/forward"
	"github.com/tradefront/tradefront/internal/store/journal"
)

// life is one process of the front, from its start to its stop or its death.
type life struct {
	w      *world
	number int32 // also its front ID, so that (front ID, session ID) names a connection
	dir    string
	gate   *gate

	audit     *ops.Audit
	local     *journal.Journal
	dest      *destination
	forwarder *forward.Forwarder // nil with the embedded driver
	gateway   *gateway.Gateway
	driver    *dialogue.Driver
	scratch   dialogue.Scratch

	diskFull  atomic.Bool
	broken    atomic.Bool // an append was told so
	releasing atomic.Bool
	before    image // of the disk before the commit that is under way; nil unless one was taken

	wires    []*wire // open ones, in the order in which they came
	sessions int32

	mu        sync.Mutex
	closed    bool // the loops have ended: Later fails
	finished  []finish
	unwritten []ops.Entry // of the audit log

	stopping bool
	stopped  chan struct{} // closed when stop has returned
}

// finish is a login's outcome on its way back to its connection.
type finish struct {
	wire *wire
	f    func()
}

// start starts a process on the disk as it is, as cmd/tradefront does.
func (w *world) start() {
	w.lives++
	l := &life{w: w, number: int32(w.lives), gate: newGate(), stopped: make(chan struct{})}
	l.dir = filepath.Join(w.dir, fmt.Sprint(w.lives))
	w.disk.write(l.dir)
	w.life = l
	var err error
	l.audit, err = ops.OpenAudit(filepath.Join(l.dir, "audit.jsonl"))
	must(err)
	// What migrations and the directory do is not part of what is simulated: nothing parks.
	l.local, err = journal.Open(context.Background(), filepath.Join(l.dir, "local.db"), journal.Options{
		QueueRows: w.plan.queueRows, Connector: l.connector,
	})
	if err != nil {
		w.violate("the front does not start on what is on the disk: %v", err)
		must(l.audit.Close(context.Background()))
		w.life = nil
		return
	}
	l.openGateway()
	l.check()
}

// oddly keeps the forwarder's pauses from ending at the very instant of a probe: Go's select
// would toss a coin between them.
const oddly = 137 * time.Microsecond

func (l *life) openGateway() {
	w, ctx := l.w, context.Background()
	if w.plan.postgres {
		l.dest = &destination{life: l}
		l.forwarder = forward.New(l.local, l.dest, forward.Options{
			BatchRows: w.plan.batchRows, BatchDelay: w.plan.batchDelay,
			Jitter: func(pause time.Duration) time.Duration { return pause + oddly },
		})
		l.forwarder.Start()
		l.forwarder.AwaitProbe(ctx)
	}
	log, err := forward.NewRecorder(l.local, l.forwarder, forward.RecorderOptions{AnswerAfter: w.plan.answerAfter})
	must(err)
	registry, err := auth.NewRegistry(directory.New(l.local.Tables()), shelf().master)
	must(err)
	accounts, err := core.NewLocal(directory.New(l.local.Tables()), core.Options{
		Params: argon2, Parallel: 2, HashQueue: 2, Remember: time.Minute, RememberAccounts: 2,
		LockFailures: 4, LockSourceFailures: 12, LockDecay: 10 * time.Second,
	})
	must(err)
	if _, err := registry.Refresh(ctx); err != nil {
		w.violate("the AppIDs cannot be read: %v", err)
	}
	if _, err := accounts.Refresh(ctx); err != nil {
		w.violate("the accounts cannot be read: %v", err)
	}
	l.gateway = gateway.New(gateway.Options{
		Firm:            gateway.Firm{BrokerID: broker, VendorID: "TF01", SystemName: "模拟", FrontID: l.number},
		SessionsPerUser: w.plan.sessionsPerUser,
		SeenTerminals:   1000,
	}, w.policy, gateway.Parts{
		Core: gatedCore{l, accounts}, Registry: registry,
		Recorder: gatedLog{l, log}, Audit: mortalAudit{l}, Observer: silent{}, Logger: zap.NewNop(), Now: w.now,
	})
	l.loadSeen()
	l.driver = dialogue.New(&w.plan.settings, w.plan.limits, named{l.gateway}, silent{}, w.logger())
}

// loadSeen is what cmd/tradefront does after a start: the day's terminal ciphertexts.
func (l *life) loadSeen() {
	day, _ := l.gateway.Policy().Calendar.TradingDayOf(time.Now().Add(l.w.offset))
	if err := l.local.SeenTerminals(context.Background(), day, l.gateway.LoadSeen); err != nil {
		l.w.violate("the terminal ciphertexts of the day cannot be read: %v", err)
	}
}

// snapshot is the disk as it is now.
func (l *life) snapshot() image { return readImage(l.dir) }

// die ends the process between two steps. What is on the disk is what the next one finds.
func (l *life) die(disk image) {
	w := l.w
	w.disk, w.life = disk, nil
	if l.dest != nil && l.gate.holds("send") && w.random.IntN(2) == 0 {
		w.pg.late = append(w.pg.late, l.dest.next) // it left this machine before we died
	}
	for _, c := range l.wires {
		c.cut()
	}
	l.bury()
}

// bury takes down what is left of a process, without any effect on the world.
func (l *life) bury() {
	l.endLoops()
	l.gate.kill()
	if l.stopping {
		<-l.stopped
	}
	if l.forwarder != nil {
		l.forwarder.Close()
	}
	_ = l.local.Close()
	_ = l.audit.Close(context.Background())
	synctest.Wait()
	must(os.RemoveAll(l.dir))
}

func (l *life) endLoops() {
	l.mu.Lock()
	l.closed, l.finished = true, nil
	l.mu.Unlock()
}

// stop is what a SIGTERM makes of the process, in the order of cmd/tradefront. It runs on a
// goroutine of its own; the gate lets the controller close the connections in between.
func (l *life) stop() {
	defer close(l.stopped)
	drain, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_ = l.driver.Drain(drain) // an error names logins that are left, and the next steps hold for them too
	if l.gate.pass("close") == dead {
		return
	}
	if l.forwarder != nil {
		grace, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = l.forwarder.Drain(grace) // the rest is sent after the next start
		l.forwarder.Close()
	}
	if err := l.local.Close(); err != nil && !l.gate.isDead() {
		l.w.violate("the local store does not close: %v", err)
	}
	if l.gate.isDead() {
		return
	}
	l.writeAudit()
	if err := l.audit.Close(context.Background()); err != nil {
		l.w.violate("the audit log does not close: %v", err)
	}
}
