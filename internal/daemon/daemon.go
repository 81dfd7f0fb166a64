package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/front"
	"github.com/tradefront/tradefront/internal/gateway"
	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/internal/store"
)

// forwardGrace is how long a stopping front tries to hand PostgreSQL what it still has.
// What is left then is sent after the next start.
const forwardGrace = 5 * time.Second

// auditGrace is how long the audit log may take to end, or to be reopened: its file may
// hang, and a front must be able to stop all the same.
const auditGrace = 5 * time.Second

// Daemon is a front with all its parts. It is made by Start and ended by Stop.
type Daemon struct {
	build   ops.Build
	cfg     *config.Config   // as it was at the start
	atStart *assemble.Assets // what its files held then; the gateway has what is in force
	level   zap.AtomicLevel
	logger  *zap.Logger
	logOut  *ops.LogWriter // nil where no other process reads the log
	metrics *ops.Metrics
	health  *ops.Health

	audit     *ops.Audit
	sole      *os.File // held while this is the only front on the local store
	local     *store.Local
	postgres  *store.Postgres // nil with the embedded driver, as the next four
	away      error           // why PostgreSQL was out of reach at the start
	mirror    *store.Mirror
	forwarder *store.Forwarder
	heartbeat heartbeat
	recorder  *store.Log
	registry  *auth.Registry
	core      *core.Local
	gateway   *gateway.Gateway
	front     *front.Server
	admin     *ops.Admin // nil if there is none
	balancers *ops.Admin // the health listener; nil if there is none

	// What the watchers know, each in the file of its watcher.
	localHealth     localHealth
	capacity        capacity
	lateRecords     lateRecords
	reportObstacles reportObstacles
	postgresExtras  postgresExtras
	directoryStates directoryStates
	forwarding      stateLog
	keyAlarm        keyAlarm
	reloaded        lastReload

	began   time.Time
	serving atomic.Bool // front and gateway are there

	background sync.WaitGroup
	end        context.CancelFunc // ends what runs in the background
	adminErr   chan error
}

// Start returns once terminals are accepted. The steps stand in the order in which
// each needs the ones before; what is wrong with configuration, files and addresses is
// reported at once, before anything is opened.
func Start(ctx context.Context, cfg *config.Config, logTo io.Writer, build ops.Build) (*Daemon, error) {
	assets, err := assemble.LoadAssets(cfg)
	if err := assemble.JoinFaults(err, assemble.ProbeListeners(cfg)); err != nil {
		return nil, err
	}
	d := newDaemon(cfg, assets, cfg.LogLevel, logTo, build)
	background, end := context.WithCancel(context.WithoutCancel(ctx))
	d.end = end
	for _, step := range []func(context.Context) error{
		d.openAudit, d.openStores, d.loadDirectory, d.bindAdmin, d.bindHealth, d.startForwarder, d.firstHeartbeat, d.startFront,
	} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, d.Stop())
		}
	}
	d.watch(background)
	d.warn()
	return d, nil
}

// newDaemon has opened nothing yet.
func newDaemon(cfg *config.Config, assets *assemble.Assets, level zapcore.Level, logTo io.Writer, build ops.Build) *Daemon {
	d := &Daemon{build: build, cfg: cfg, atStart: assets, level: zap.NewAtomicLevelAt(level), adminErr: make(chan error, 2), began: time.Now()}
	d.logger = ops.NewLoggerAt(d.level, logTo)
	d.logOut, _ = logTo.(*ops.LogWriter)
	d.metrics, d.health = ops.NewMetrics(build.Version, build.Commit), ops.NewHealth()
	d.health.RegisterAtOnce(frontCheck, d.checkServing) // the admin listener answers before terminals are accepted
	return d
}

func (d *Daemon) openStores(ctx context.Context) (err error) {
	if d.cfg.Store.Driver == assemble.DriverPostgres {
		if d.postgres, err = assemble.PreparePostgres(ctx, d.cfg); err != nil {
			return err
		}
	}
	if d.sole, err = assemble.SoleFront(d.cfg.Store.Path); err != nil {
		return err
	}
	if err := d.soundLocal(ctx); err != nil {
		return err
	}
	if d.local, err = store.OpenLocal(ctx, d.cfg.Store.Path, store.LocalOptions{
		Observer: storeObserver{d.metrics, d.logger, &d.localHealth, nil}, Bounds: assemble.BoundsOf(&d.cfg.Store),
		BusyTimeout: store.FrontBusyTimeout,
	}); err != nil {
		return fmt.Errorf("store.path: %s: %w", d.cfg.Store.Path, err)
	}
	d.localHealth.heldUp = d.local.HeldUp
	return d.adopt(ctx)
}

func (d *Daemon) bindAdmin(context.Context) (err error) {
	if !d.cfg.Admin.Address.Given() {
		return nil
	}
	d.admin, err = ops.NewAdmin(d.cfg.Admin.Address.String(), d.metrics.Registry(), d.health, d.cfg.Admin.Pprof, d.logger)
	if err != nil {
		return fmt.Errorf("admin.address: %w", err)
	}
	d.admin.Page("status", "who is connected from where, and whom the front refuses, JSON", func() any { return d.status(masked) })
	d.admin.Page("status/full", "the same with whole addresses", func() any { return d.status(inFull) })
	d.admin.Page("apps", "when each AppID's authcodes were last used, JSON", func() any { return shownUses(d.registry.Uses()) })
	d.answer(d.admin)
	return nil
}

// bindHealth makes the listener that load balancers ask.
func (d *Daemon) bindHealth(context.Context) (err error) {
	if !d.cfg.Admin.HealthAddress.Given() {
		return nil
	}
	if d.balancers, err = ops.NewHealthListener(d.cfg.Admin.HealthAddress.String(), d.health, d.logger); err != nil {
		return fmt.Errorf("admin.health_address: %w", err)
	}
	d.answer(d.balancers)
	return nil
}

// answer serves what people, machines and load balancers ask, until stop.
func (d *Daemon) answer(listener *ops.Admin) {
	d.background.Go(func() {
		if err := listener.Serve(); err != nil {
			d.adminErr <- err
		}
	})
}

func (d *Daemon) startForwarder(ctx context.Context) (err error) {
	if d.postgres != nil {
		d.forwarder = store.NewForwarder(d.local, d.postgres, store.ForwarderOptions{
			BatchRows: d.cfg.Store.BatchRows, BatchDelay: d.cfg.Store.BatchDelay,
			Observer: storeObserver{d.metrics, d.logger, &d.localHealth, d.noteForwarding},
		})
		d.forwarder.Start()
		d.forwarder.AwaitProbe(ctx)
	}
	d.recorder, err = store.NewLog(d.local, d.forwarder, store.LogOptions{
		AnswerAfter: store.AnswerAfter(d.cfg.Store.AnswerAfter), Patience: d.cfg.Store.Patience,
	})
	return err
}

func (d *Daemon) startFront(ctx context.Context) error {
	d.gateway = gateway.New(gateway.Options{
		Firm: gateway.Firm{
			BrokerID: d.cfg.BrokerID, VendorID: d.cfg.VendorID, SystemName: d.cfg.SystemName, FrontID: d.cfg.Front.ID,
		},
		SessionsPerUser: d.cfg.Core.SessionsPerUser,
		SeenTerminals:   d.cfg.Limits.SeenTerminals,
		LoginWork:       d.cfg.Timers.LoginWork,
	}, d.atStart.Policy(d.cfg), gateway.Parts{
		Core: d.core, Registry: d.registry,
		Recorder: d.recorder, Audit: d.audit, Observer: d.metrics, Logger: d.logger, Now: wallClock,
	})
	if err := d.loadSeen(ctx); err != nil {
		return err
	}
	d.front = front.New(front.Config{
		Listeners: assemble.FrontListeners(d.cfg),
		Limits:    assemble.FrontLimits(d.cfg, d.atStart.MaxConnections),
		Session: session.Settings{
			AuthTimeout: d.cfg.Timers.Authenticate, LoginTimeout: d.cfg.Timers.Login,
			ChallengeTTL: d.cfg.Timers.Challenge, BodyBeforeAuth: d.cfg.Limits.BodyBeforeAuth,
			PendingFrames: d.cfg.Limits.PendingFrames,
		},
	}, d.gateway, d.metrics, d.logger)
	if err := d.front.Start(); err != nil {
		d.front = nil
		return err
	}
	d.serving.Store(true)
	return nil
}

// Wait returns nil when ctx ends, or what kept the front from serving.
func (d *Daemon) Wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-d.front.Failed():
		return err
	case err := <-d.adminErr:
		return err
	}
}

// Stop ends the parts in the order in which they feed each other: no new logins, those
// in flight finished, what they recorded handed on, then the stores. If we crash in
// here, the records are in the local store.
func (d *Daemon) Stop() error {
	var errs []error
	drained := true
	if d.front != nil {
		ctx, cancel := context.WithTimeout(context.Background(), d.cfg.Timers.Drain)
		defer cancel()
		err := d.front.Drain(ctx)
		errs, drained = append(errs, err), err == nil
	}
	if d.forwarder != nil {
		ctx, cancel := context.WithTimeout(context.Background(), forwardGrace)
		defer cancel()
		if err := d.forwarder.Drain(ctx); err != nil {
			d.logger.Warn("PostgreSQL does not have all records yet; the rest is sent after the next start", zap.Error(err))
		}
		d.forwarder.Close()
	}
	d.end()
	for _, listener := range []*ops.Admin{d.admin, d.balancers} {
		if listener != nil {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			_ = listener.Shutdown(ctx) // a scrape that is cut off hurts nobody
		}
	}
	d.background.Wait()
	if d.heartbeat.presence != nil {
		d.reportStop(drained)
	}
	for _, c := range []io.Closer{closer(d.local), closer(d.sole), closer(d.postgres)} {
		if c != nil {
			errs = append(errs, c.Close())
		}
	}
	if d.audit != nil {
		ctx, cancel := context.WithTimeout(context.Background(), auditGrace)
		defer cancel()
		errs = append(errs, d.audit.Close(ctx))
	}
	return errors.Join(errs...)
}

// closer is nil for a part that was never opened.
func closer[T any, P interface {
	*T
	io.Closer
}](p P) io.Closer {
	if p == nil {
		return nil
	}
	return p
}
