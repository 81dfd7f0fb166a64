package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/dialogue"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/front"
	"github.com/tradefront/tradefront/internal/handover"
	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/tally"
	"github.com/tradefront/tradefront/internal/wiretrace"
)

// Daemon is a front with all its parts. It is made by Start and ended by Stop.
type Daemon struct {
	build   ops.Build
	now     func() time.Time // the wall clock
	listen  func(address string) (*net.TCPListener, error)
	traced  time.Duration    // as in Options
	taken   *taken           // of a process that takes the place of another; else nil
	cfg     *config.Config   // as it was at the start; inForce has what reloads took over, too
	atStart *assemble.Assets // what its files held then; the gateway has what is in force
	level   zap.AtomicLevel
	logger  *zap.Logger
	logOut  *logs.LogWriter // nil where no other process reads the log
	metrics *ops.Metrics
	tally   *tally.Tally
	health  *ops.Health

	path      LoginPath
	sole      *os.File        // held while this is the only front on the local store
	postgres  *postgres.Store // nil with the embedded driver, as the next three
	away      error           // why PostgreSQL was out of reach at the start
	mirror    *directory.Mirror
	banned    banned
	heartbeat heartbeatState
	online    *postgres.Online // nil where sessions are not counted over all fronts
	front     *front.Server
	admin     *ops.Admin // nil if there is none
	balancers *ops.Admin // the health listener; nil if there is none

	// What the watchers know, each in the file of its watcher.
	localHealth     localHealth
	capacity        capacity
	lateRecords     lateRecords
	lastReport      lastReport
	fronts          frontsKnown
	reportObstacles reportObstacles
	postgresExtras  postgresExtras
	mirrorState     stateLog
	countedAlone    stateLog
	forwarding      stateLog
	keyAlarm        keyAlarm
	reloaded        lastReload
	inForce         atomic.Pointer[config.Config]
	signals         signalOutcomes
	coreLink        coreLink
	tracer          wiretrace.Tracer

	began   time.Time
	serving atomic.Bool // front and gateway are there
	barred  atomic.Bool // sessions of disabled accounts are to be ended, see endBarred
	// withdrawn: connections of relays are to be ended that they may not have any more, see endWithdrawnRelays.
	withdrawn atomic.Bool

	background sync.WaitGroup
	end        context.CancelFunc // ends what runs in the background
	adminErr   chan error
}

// Options are what a front gets from its process.
type Options struct {
	Build ops.Build
	Log   io.Writer        // the application log; a *logs.LogWriter is watched
	Now   func() time.Time // the wall clock: login times and trading days; nil for time.Now
	// Listen binds an address for terminals; nil for front.Listen. With it, no address is tried before
	// the start: the sockets may be bound already.
	Listen func(address string) (*net.TCPListener, error)
	// Taker is the other end of a process whose place this one takes; nil for a start of its own.
	Taker *handover.Taker
	// Traced is how long a trace for a support bundle is recorded; 0 for tracedFor.
	Traced time.Duration
}

// Start returns once terminals are accepted. What is wrong with configuration, files and addresses is
// reported at once, before anything is opened.
func Start(ctx context.Context, cfg *config.Config, opt Options) (*Daemon, error) {
	assets, err := assemble.LoadAssets(cfg)
	if opt.Listen == nil && opt.Taker == nil {
		err = assemble.JoinFaults(err, assemble.ProbeListeners(cfg))
	}
	if err != nil {
		if opt.Taker != nil {
			opt.Taker.Fail(err)
		}
		return nil, err
	}
	d := newDaemon(cfg, assets, opt)
	background, end := context.WithCancel(context.WithoutCancel(ctx))
	d.end = end
	if err := d.startPath(ctx); err != nil {
		if d.taken != nil && !d.taken.isAlone() { // the old process has everything, and serves on
			opt.Taker.Fail(err)
			return nil, err
		}
		return nil, errors.Join(err, d.Stop())
	}
	d.serving.Store(true)
	if d.taken != nil {
		d.front.Release()
	}
	d.watch(background)
	d.warn()
	return d, nil
}

// newDaemon has opened nothing yet.
func newDaemon(cfg *config.Config, assets *assemble.Assets, opt Options) *Daemon {
	d := &Daemon{
		build: opt.Build, now: opt.Now, listen: opt.Listen, traced: opt.Traced, cfg: cfg, atStart: assets, level: zap.NewAtomicLevelAt(cfg.LogLevel),
		adminErr: make(chan error, 2), began: time.Now(),
	}
	if d.now == nil {
		d.now = time.Now
	}
	if opt.Taker != nil {
		d.taken = &taken{Taker: opt.Taker, alone: make(chan struct{})}
		d.listen = d.taken.listen
	}
	d.logger = logs.NewLogger(d.level, opt.Log)
	d.logOut, _ = opt.Log.(*logs.LogWriter)
	d.inForce.Store(cfg)
	d.metrics, d.health = ops.NewMetrics(opt.Build.Version, opt.Build.Commit), ops.NewHealth()
	d.metrics.Preset(labels())
	d.tally = tally.New(d.now, d.tradingDay)
	d.health.RegisterAtOnce(frontCheck, d.checkServing) // the admin listener answers before terminals are accepted
	return d
}

// startPath starts what a login passes, and between its steps what only a real front has: the lock of its
// local store, the search for damage, the admin listener, which answers while the front waits for
// PostgreSQL, and the first heartbeat.
func (d *Daemon) startPath(ctx context.Context) (err error) {
	opt := PathOptions{
		Config: d.cfg, Assets: d.atStart, Logger: d.logger, Now: d.now,
		AuditObservers:  []logs.AuditObserver{d.metrics, auditAlarm{d.logger}},
		JournalObserver: storeObserver{d.metrics, d.logger, &d.localHealth, nil},
		ForwardObserver: storeObserver{d.metrics, d.logger, &d.localHealth, d.noteForwarding},
		Observer:        tallied{d.metrics, d.tally},
		LinkObserver:    &d.coreLink,
		Version:         d.build.Version,
		Directory:       d.directory,
		Server:          d.server,
		Between: Between{
			BeforeJournal: d.prepareJournal, AfterJournal: d.adopt,
			AfterDirectory: d.bindListeners, AfterForwarder: d.firstHeartbeat,
			HandedOver: d.endWatching, JournalClosed: d.closeStores,
		},
	}
	if d.cfg.Store.Driver == assemble.DriverPostgres {
		if d.postgres, err = assemble.PreparePostgres(ctx, d.cfg); err != nil {
			return err
		}
		opt.Destination = d.postgres
		if countsAllFronts(d.cfg) {
			d.online = d.postgres.Online()
			opt.Sessions = d.online
		}
	}
	if d.taken != nil {
		d.takeOver(&opt)
	}
	return d.path.Start(ctx, opt)
}

// prepareJournal makes this the only front on the local store, and moves a damaged store away.
func (d *Daemon) prepareJournal(ctx context.Context) (err error) {
	if d.sole, err = assemble.SoleFront(d.cfg.Store.Path); err != nil {
		return err
	}
	return d.soundLocal(ctx)
}

func (d *Daemon) server(handler dialogue.Handler) Server {
	d.front = front.New(front.Config{
		Listeners: assemble.FrontListeners(d.cfg),
		Limits:    assemble.FrontLimits(d.cfg, d.atStart.MaxConnections),
		Session:   assemble.SessionSettings(d.cfg),
		Listen:    d.listen,
		Resumed:   d.taken.front(),
		AtCore:    d.atCore,

		RelayConnections: d.path.Relays.ConnectionsFrom,
	}, handler, d.metrics, d.logger)
	ctx, cancel := context.WithTimeout(context.Background(), directoryPatience)
	defer cancel()
	d.followBans(ctx) // before the first connection
	d.warnOfBans()
	return d.front
}

// bindListeners binds those that people and machines ask.
func (d *Daemon) bindListeners(ctx context.Context) error {
	if err := d.bindAdmin(ctx); err != nil {
		return err
	}
	return d.bindHealth(ctx)
}

func (d *Daemon) bindAdmin(context.Context) error {
	if !d.cfg.Admin.Address.Given() {
		return nil
	}
	if err := d.newAdmin(); err != nil {
		return err
	}
	d.admin.Page("status", "who is connected from where, and whom the front refuses, JSON", func() any { return d.status(masked) })
	d.admin.Page("status/full", "the same with whole addresses", func() any { return d.status(inFull) })
	d.admin.Page("apps", "when each AppID's authcodes were last used, JSON", func() any { return shownUses(d.path.Registry.Uses()) })
	d.serveStatusPage()
	d.serveSessions()
	d.serveTrace()
	d.serveSupport()
	d.answer(d.admin)
	return nil
}

// newAdmin has no pages of its own yet, and does not answer.
func (d *Daemon) newAdmin() (err error) {
	d.admin, err = ops.NewAdminOn(d.taken.listener(takenAdmin), d.cfg.Admin.Address.String(), d.metrics.Registry(), d.health, d.cfg.Admin.Pprof, d.logger)
	if err != nil {
		return fmt.Errorf("admin.address: %w", err)
	}
	if file := d.cfg.Admin.WebConfigFile.Path; file != "" {
		if err := d.admin.Protect(file); err != nil {
			return fmt.Errorf("admin.web_config_file: %w", err)
		}
	}
	d.admin.Operators(d.cfg.Admin.Operators)
	return nil
}

// bindHealth makes the listener that load balancers ask.
func (d *Daemon) bindHealth(context.Context) (err error) {
	if !d.cfg.Admin.HealthAddress.Given() {
		return nil
	}
	if d.balancers, err = ops.NewHealthListenerOn(d.taken.listener(takenHealth), d.cfg.Admin.HealthAddress.String(), d.health, d.logger); err != nil {
		return fmt.Errorf("admin.health_address: %w", err)
	}
	d.answer(d.balancers)
	return nil
}

// answer serves what people, machines and load balancers ask, until stop.
func (d *Daemon) answer(listener *ops.Admin) {
	d.background.Go(func() {
		if d.taken != nil {
			<-d.taken.alone // until then the old process answers
		}
		if err := listener.Serve(); err != nil {
			d.adminErr <- err
		}
	})
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

// Stop ends the front as LoginPath.Stop says. It is called once, also for a front that did not start whole.
func (d *Daemon) Stop() error {
	err := d.path.Stop(context.Background())
	d.end() // of a start that failed before its path had options
	return err
}

// endWatching ends what runs in the background, then tells PostgreSQL that this front has stopped.
func (d *Daemon) endWatching(drained bool) {
	d.end()
	for _, listener := range []*ops.Admin{d.admin, d.balancers} {
		if listener != nil {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			_ = listener.Shutdown(ctx) // a scrape that is cut off is repeated
		}
	}
	d.background.Wait()
	if d.heartbeat.sender != nil {
		d.reportStop(drained)
	}
}

// closeStores lets go of the local store's lock and of PostgreSQL.
func (d *Daemon) closeStores() error {
	var errs []error
	if d.sole != nil {
		errs = append(errs, d.sole.Close())
	}
	if d.postgres != nil {
		errs = append(errs, d.postgres.Close())
	}
	return errors.Join(errs...)
}
