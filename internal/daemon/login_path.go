package daemon

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/core/link"
	"github.com/tradefront/tradefront/internal/core/local"
	"github.com/tradefront/tradefront/internal/dialogue"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/gateway"
	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/relay"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/forward"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/online"
)

const (
	// forwardGrace is how long a stopping front tries to hand PostgreSQL what it still has.
	// What is left then is sent after the next start.
	forwardGrace = 5 * time.Second
	// settleGrace is how long a stopping front waits for the commit that is under way. A record that is
	// committed later is sent after the next start.
	settleGrace = 2 * time.Second
	// linkGrace is how long the last messages to a trading core may take, which end the sessions there.
	linkGrace = 2 * time.Second
	// auditGrace is how long the audit log may take to end, or to be reopened: its file may
	// hang, and a front must be able to stop all the same.
	auditGrace = 5 * time.Second
)

// LoginPath is what a login passes from its connection to PostgreSQL, put together and started in one
// order and stopped in another. A Daemon has one; the simulation has one with models at its ends. Its
// parts are there after Start and do not change.
type LoginPath struct {
	Audit     *logs.Audit
	Journal   *journal.Journal
	Forwarder *forward.Forwarder // nil with the embedded driver
	Registry  *auth.Registry
	Verifiers *directory.Verifiers // nil without a local core
	Relays    *relay.Table
	Core      *local.Core     // nil with a trading core
	Link      *link.Link      // to the trading core; nil with the local one
	Online    *online.Counter // nil where no sessions are counted over all fronts
	Gateway   *gateway.Gateway

	opt      PathOptions
	recorder *forward.Recorder
	server   Server
	apps     stateLog // reading AppIDs
	accounts stateLog // reading accounts

	verifiers stateLog // writing verifiers of passwords
	relays    stateLog // reading relays
}

// Server accepts terminals and drives their sessions; *front.Server does.
type Server interface {
	// Start returns once terminals are accepted, or with what keeps it from that.
	Start() error
	// Drain refuses new logins and returns once those in flight are answered. An error tells of logins
	// that are left.
	Drain(ctx context.Context) error
}

// DirectorySource is where AppIDs, accounts and relays are read.
type DirectorySource interface {
	auth.Source
	local.Source
	RelaySource() relay.Source
}

// PathOptions are what a LoginPath is made of.
type PathOptions struct {
	Config *config.Config
	Assets *assemble.Assets
	Logger *zap.Logger
	Now    func() time.Time // the wall clock: login times and trading days

	AuditObservers  []logs.AuditObserver
	JournalObserver store.Observer // may be nil
	ForwardObserver store.Observer // may be nil
	Observer        gateway.Observer
	LinkObserver    link.Observer // may be nil
	Version         string        // of the program; a trading core is told

	Destination forward.Destination // nil with the embedded driver
	// Sessions is where the sessions of all fronts are known; nil where nothing counts them.
	Sessions online.Register
	// Directory is asked once the local store is open; nil for the AppIDs and accounts in it.
	Directory func(context.Context) (DirectorySource, error)
	Server    func(dialogue.Handler) Server

	Between Between
	Models  Models

	// TakeOver is called by a process that takes another's place, once nothing is left that could fail, with the Server that has
	// not started. It returns once the other process has ended; before that nothing is forwarded and no core is dialled. Nil
	// for a start of its own.
	TakeOver func(context.Context) error
	// Process is the UUID under which trading cores know the front; "" for one of its own. It is asked when the link is made.
	Process func() string
}

// Between is what the owner of a path does between two steps of it; each may be nil.
type Between struct {
	BeforeJournal, AfterJournal, AfterDirectory, AfterForwarder func(context.Context) error

	// HandedOver runs in Stop once no record is forwarded any more. drained: no login is left that could
	// append one.
	HandedOver func(drained bool)
	// JournalClosed runs in Stop before the audit log is closed.
	JournalClosed func() error
}

// Models are what a simulation puts between the parts of a path or in their place; the zero value is none.
type Models struct {
	Journal   func(*journal.Options)
	Forwarder func(*forward.Options)
	Link      func(*link.Options)
	Core      func(core.Core) core.Core
	Recorder  func(gateway.Recorder) gateway.Recorder
	Audit     func(gateway.Audit) gateway.Audit
}

// Start opens and starts the parts, each after those that it needs. After an error Stop must be called too.
func (p *LoginPath) Start(ctx context.Context, opt PathOptions) error {
	p.opt = opt
	b := &opt.Between
	for _, step := range []func(context.Context) error{
		p.openAudit, b.BeforeJournal, p.openJournal, b.AfterJournal, p.openDirectory, b.AfterDirectory,
		p.startForwarder, b.AfterForwarder, p.makeLink, p.startServer,
	} {
		if step == nil {
			continue
		}
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (p *LoginPath) openAudit(context.Context) (err error) {
	cfg := p.opt.Config
	p.Audit, err = logs.OpenAudit(cfg.AuditLog, p.opt.AuditObservers...)
	if err != nil {
		return fmt.Errorf("audit_log: %w", err)
	}
	p.Audit.SetLimits(assemble.AuditLimits(cfg, &cfg.Limits))
	return nil
}

func (p *LoginPath) openJournal(ctx context.Context) (err error) {
	cfg := &p.opt.Config.Store
	opt := journal.Options{
		Observer: p.opt.JournalObserver, Bounds: assemble.BoundsOf(cfg), BusyTimeout: journal.FrontBusyTimeout,
	}
	if model := p.opt.Models.Journal; model != nil {
		model(&opt)
	}
	if p.Journal, err = journal.Open(ctx, cfg.Path, opt); err != nil {
		return fmt.Errorf("store.path: %s: %w", cfg.Path, err)
	}
	return nil
}

func (p *LoginPath) openDirectory(ctx context.Context) (err error) {
	var source DirectorySource = directory.New(p.Journal.Tables())
	if p.opt.Directory != nil {
		if source, err = p.opt.Directory(ctx); err != nil {
			return err
		}
	}
	if p.Registry, err = auth.NewRegistry(source, p.opt.Assets.Master); err != nil {
		return err
	}
	p.Relays = relay.NewTable(source.RelaySource())
	if p.opt.Config.Core.Driver == assemble.DriverLocal {
		p.Verifiers = directory.NewVerifiers(p.Journal)
		opt := assemble.CoreOptions(p.opt.Config)
		opt.Verifiers = p.Verifiers
		if p.Core, err = local.New(source, opt); err != nil {
			return err
		}
		p.UseVerifierKeys(p.opt.Assets.Master)
	}
	p.takeDirectory(ctx)
	if !p.Registry.Loaded() || !p.Relays.Loaded() || p.Core != nil && !p.Core.Loaded() {
		return errors.New("AppIDs, accounts and relays could not be read; the log says why")
	}
	return nil
}

// UseVerifierKeys derives the keys of verifiers from the master key. Verifiers under other keys are deleted, and
// all where core.verifier_kib is 0.
func (p *LoginPath) UseVerifierKeys(master *auth.MasterKey) {
	if p.Core == nil || p.Verifiers == nil {
		return
	}
	var keys []local.VerifierKey
	var ids []string
	for _, k := range master.VerifierKeys() {
		keys = append(keys, local.VerifierKey{ID: k.Fingerprint, Secret: k.Secret})
		ids = append(ids, k.Fingerprint)
	}
	if p.opt.Config.Core.VerifierKiB == 0 {
		keys, ids = nil, []string{"none"}
	}
	p.Core.SetVerifierKeys(keys...)
	p.Verifiers.SetKeys(ids)
}

func (p *LoginPath) startForwarder(ctx context.Context) (err error) {
	cfg := &p.opt.Config.Store
	if p.opt.Destination != nil {
		opt := forward.Options{BatchRows: cfg.BatchRows, BatchDelay: cfg.BatchDelay, Observer: p.opt.ForwardObserver}
		if model := p.opt.Models.Forwarder; model != nil {
			model(&opt)
		}
		p.Forwarder = forward.New(p.Journal, p.opt.Destination, opt)
		if p.opt.TakeOver == nil {
			p.Forwarder.Start()
			p.Forwarder.AwaitProbe(ctx)
		}
	}
	p.recorder, err = forward.NewRecorder(p.Journal, p.Forwarder, forward.RecorderOptions{
		AnswerAfter: forward.AnswerAfter(cfg.AnswerAfter), Patience: cfg.Patience,
	})
	return err
}

// makeLink makes the link to the trading cores, which startServer starts: it asks the gateway for the trading day. Terminals are accepted
// without a core: their logins are answered 8 until one is active.
func (p *LoginPath) makeLink(context.Context) error {
	if p.opt.Config.Core.Driver != assemble.DriverLink {
		return nil
	}
	opt := assemble.CoreLink(p.opt.Config, p.opt.Assets, p.opt.Version)
	opt.Observer, opt.Logger, opt.Now = p.opt.LinkObserver, p.opt.Logger, p.opt.Now
	if p.opt.Process != nil {
		opt.Process = p.opt.Process()
	}
	opt.TradingDay = func() calendar.TradingDay {
		day, _ := p.Gateway.Policy().Calendar.TradingDayOf(p.opt.Now())
		return day
	}
	if model := p.opt.Models.Link; model != nil {
		model(&opt)
	}
	p.Link = link.New(opt)
	return nil
}

// core is what the gateway asks: the local core, or the link.
func (p *LoginPath) core() core.Core {
	if p.Link != nil {
		return p.Link
	}
	return p.Core
}

// startServer makes the gateway and starts what needs it: the link dials, sessions are counted with the other fronts, and at last
// terminals are accepted.
func (p *LoginPath) startServer(ctx context.Context) error {
	cfg := p.opt.Config
	if p.opt.Sessions != nil {
		p.Online = online.New(p.opt.Sessions, cfg.Core.SessionsPerUser)
	}
	p.Gateway = gateway.New(gateway.Options{
		Firm: gateway.Firm{
			BrokerID: cfg.BrokerID, VendorID: cfg.VendorID, SystemName: cfg.SystemName, FrontID: cfg.Front.ID,
		},
		SessionsPerUser: cfg.Core.SessionsPerUser,
		SeenTerminals:   cfg.Limits.SeenTerminals,
		LoginWork:       cfg.Timers.LoginWork,
		TellLastLogin:   p.Link == nil,
		Relay:           assemble.GatewayRelays(cfg),
	}, p.opt.Assets.Policy(cfg), p.gatewayParts())
	if err := p.loadReplays(ctx); err != nil {
		return err
	}
	if p.opt.TakeOver != nil {
		return p.takeOver(ctx)
	}
	if p.Link != nil {
		p.Link.Start()
	}
	server := p.opt.Server(p.Gateway)
	if p.Forwarder != nil && p.Forwarder.Healthy() {
		p.startOnline(ctx, onlinePatience)
	} else {
		p.startOnline(ctx, 0)
	}
	if err := server.Start(); err != nil {
		return err
	}
	p.server = server
	return nil
}

// onlinePatience is how long a start waits until sessions are counted over all fronts, if PostgreSQL answers. Logins before that would be
// counted at this front alone.
const onlinePatience = 2 * time.Second

// startOnline begins to count sessions with the other fronts.
func (p *LoginPath) startOnline(ctx context.Context, patience time.Duration) {
	if p.Online == nil {
		return
	}
	p.Online.Start()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	p.Online.Await(ctx)
}

// corePatience is how long a process that took another's place waits for a core before it takes logins.
const corePatience = 3 * time.Second

// takeOver is the end of startServer in a process that takes another's place. The server takes connections before the link can
// have anything for them.
func (p *LoginPath) takeOver(ctx context.Context) error {
	server := p.opt.Server(p.Gateway)
	if err := p.opt.TakeOver(ctx); err != nil {
		return err
	}
	if p.Forwarder != nil {
		p.Forwarder.Start()
	}
	p.startOnline(ctx, online.Patience) // terminals are unread meanwhile
	if err := server.Start(); err != nil {
		return err
	}
	p.server = server
	if p.Link != nil {
		p.Link.Start()
		wait, cancel := context.WithTimeout(ctx, corePatience)
		defer cancel()
		p.Link.AwaitCore(wait)
	}
	return nil
}

func (p *LoginPath) gatewayParts() gateway.Parts {
	parts := gateway.Parts{
		Core: p.core(), Registry: p.Registry, Relays: p.Relays, Recorder: p.recorder, Audit: p.Audit,
		Observer: p.opt.Observer, Logger: p.opt.Logger, Now: p.opt.Now, Addresses: p.opt.Assets.Master,
	}
	if p.Online != nil {
		parts.AllFronts = p.Online
	}
	m := &p.opt.Models
	if m.Core != nil {
		parts.Core = m.Core(parts.Core)
	}
	if m.Recorder != nil {
		parts.Recorder = m.Recorder(parts.Recorder)
	}
	if m.Audit != nil {
		parts.Audit = m.Audit(parts.Audit)
	}
	return parts
}

// loadReplays gives the gateway the terminal ciphertexts that this front recorded for the
// current trading day before it was restarted.
func (p *LoginPath) loadReplays(ctx context.Context) error {
	day, _ := p.Gateway.Policy().Calendar.TradingDayOf(p.opt.Now())
	room := true
	err := p.Journal.SeenTerminals(ctx, day, func(day calendar.TradingDay, hash store.SeenHash, visit store.VisitHash) bool {
		room = p.Gateway.LoadSeen(day, hash, visit)
		return room
	})
	if err != nil {
		return fmt.Errorf("terminal ciphertexts of the day: %w", err)
	}
	if !room {
		p.opt.Logger.Warn("limits.seen_terminals is smaller than what the local store remembers of the day: replays of the rest pass as first")
	}
	return nil
}

// Stop ends the parts in the order in which they feed each other: no new logins, those in flight
// finished, what they recorded handed on, then the stores. It waits for logins and for PostgreSQL until
// ctx ends, and no longer than their bounds. If we crash in here, the records are in the local store.
func (p *LoginPath) Stop(ctx context.Context) error {
	var errs []error
	drained := true
	if p.server != nil {
		drain, cancel := context.WithTimeout(ctx, p.opt.Config.Timers.Drain)
		defer cancel()
		err := p.server.Drain(drain)
		errs, drained = append(errs, err), err == nil
	}
	if p.Link != nil {
		grace, cancel := context.WithTimeout(ctx, linkGrace)
		defer cancel()
		errs = append(errs, p.Link.Close(grace))
	}
	if p.Online != nil {
		p.Online.Close()
	}
	if p.Journal != nil {
		// A login in doubt was answered, and its record may still come: it is forwarded, or the last
		// heartbeat must not say that nothing is left.
		grace, cancel := context.WithTimeout(ctx, settleGrace)
		defer cancel()
		if err := p.Journal.Settle(grace); err != nil {
			drained = false
			p.opt.Logger.Warn("a commit to the local store has not returned, or failed after it may have written; look at the disk; "+
				"its records are sent after the next start",
				zap.Error(err))
		} else if p.Verifiers != nil {
			_ = p.Verifiers.Flush(grace) // what is not written costs argon2 after the next start
		}
	}
	if p.Forwarder != nil {
		grace, cancel := context.WithTimeout(ctx, forwardGrace)
		defer cancel()
		if err := p.Forwarder.Drain(grace); err != nil {
			p.opt.Logger.Warn("PostgreSQL does not have all records yet; the rest is sent after the next start", zap.Error(err))
		}
		p.Forwarder.Close()
	}
	if p.opt.Between.HandedOver != nil {
		p.opt.Between.HandedOver(drained)
	}
	if p.Journal != nil {
		errs = append(errs, p.Journal.Close())
	}
	if p.opt.Between.JournalClosed != nil {
		errs = append(errs, p.opt.Between.JournalClosed())
	}
	if p.Audit != nil {
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), auditGrace)
		defer cancel()
		errs = append(errs, p.Audit.Close(grace))
	}
	return errors.Join(errs...)
}
