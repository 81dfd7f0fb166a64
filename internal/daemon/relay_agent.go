package daemon

import (
	"context"
	"errors"
	"fmt"
	"os/signal"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/client/collect"
	"github.com/tradefront/tradefront/internal/agent"
	"github.com/tradefront/tradefront/internal/agent/registryfile"
	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/core/link"
	"github.com/tradefront/tradefront/internal/core/local"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/front"
	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/supplement"
)

// RelayAgent is a relay agent with all its parts: of a front's daemon those that it has too, a handler of its own, and no
// store of records. It is made by StartRelayAgent and ended by Stop.
type RelayAgent struct {
	*Daemon
	conf   *config.Agent
	agent  *agent.Agent
	relay  *client.Relay // nil of an investor agent
	source *registryfile.Source
	ring   atomic.Pointer[supplement.KeyRing]
	lacks  atomic.Uint32 // collect.Result.Missing of the operator's last login
}

// StartRelayAgent returns once terminals are accepted. A front need not be there: terminals are answered 8 until one is.
func StartRelayAgent(ctx context.Context, conf *config.Agent, opt Options) (*RelayAgent, error) {
	assets, err := assemble.LoadAgentAssets(conf)
	common := conf.AsFront()
	if opt.Listen == nil {
		err = assemble.JoinFaults(err, assemble.ProbeListeners(common))
	}
	if err != nil {
		return nil, err
	}
	r := &RelayAgent{Daemon: newDaemon(common, &assets.Assets, opt), conf: conf}
	r.ring.Store(assets.Keys)
	r.health.RegisterAtOnce(frontCheck, r.checkAgent)
	background, end := context.WithCancel(context.WithoutCancel(ctx))
	r.end = end
	if err := r.startParts(ctx, assets); err != nil {
		return nil, errors.Join(err, r.Stop())
	}
	r.serving.Store(true)
	r.watchAll(background, r.agentWatchers())
	return r, nil
}

// startParts starts each part after those that it needs. Of the path it fills in the parts that an agent has too: the audit log, the
// registry, the accounts or the link, and no store of records.
func (r *RelayAgent) startParts(ctx context.Context, assets *assemble.AgentAssets) error {
	r.path.opt = PathOptions{
		Config: r.cfg, Assets: r.atStart, Logger: r.logger, Now: r.now, AuditObservers: []logs.AuditObserver{r.metrics, auditAlarm{r.logger}},
	}
	if err := r.path.openAudit(ctx); err != nil {
		return err
	}
	if err := r.openRegistries(ctx, assets.Master); err != nil {
		return err
	}
	parts := agent.Parts{
		Registry: r.path.Registry, Keys: assets.Keys, Audit: r.path.Audit, Observer: r.metrics, Logger: r.logger, Now: r.now,
		Dial: assemble.UpstreamDial(&r.conf.Upstream),
	}
	if r.conf.Operator() {
		parts.Core = r.path.core()
	}
	r.agent = agent.New(assemble.AgentOptions(r.conf), parts)
	if r.conf.Operator() {
		options, err := assemble.RelayOptions(r.conf, r.agent.RelayEvent, r.noteMachine)
		if err != nil {
			return err
		}
		if r.relay, err = client.NewRelay(options); err != nil {
			return err
		}
		r.agent.Use(r.relay)
	}
	r.front = front.New(front.Config{
		Listeners: assemble.FrontListeners(r.cfg), Limits: assemble.FrontLimits(r.cfg, r.atStart.MaxConnections),
		Session: assemble.AgentSession(r.conf), Listen: r.listen,
	}, r.agent, r.metrics, r.logger)
	if err := r.bindAgentAdmin(); err != nil {
		return err
	}
	if err := r.bindHealth(ctx); err != nil {
		return err
	}
	if r.path.Link != nil {
		r.path.Link.Start()
	}
	return r.front.Start()
}

// noteMachine logs which items of this machine the operator's login lacks, once until others are missing.
func (r *RelayAgent) noteMachine(found *collect.Result) {
	missing := found.Missing()
	if r.lacks.Swap(missing) == missing || missing == 0 {
		return
	}
	var items []string
	for _, item := range found.Items {
		if item.State.Missing() {
			items = append(items, item.Word+" "+item.State.String())
		}
	}
	r.logger.Warn("this machine's terminal information lacks items: the front records the operator's login with that flag, and with terminal_info: strict "+
		"refuses it; run tradefront collect check as the agent's user", zap.Strings("items", items), zap.String("flag", string(rune(found.Flag()))))
}

// makeLink is the way to an operator agent's trading core, which is dialled once all else has started. No trading days are compared:
// an agent has no calendar, and reports under the front's day.
func (r *RelayAgent) makeLink() {
	opt := assemble.CoreLink(r.cfg, r.atStart, r.build.Version)
	opt.Observer, opt.Logger, opt.Now = &r.coreLink, r.logger, r.now
	r.path.Link = link.New(opt)
}

// openRegistries reads the terminals' AppIDs and, for an operator agent with accounts of its own, those.
func (r *RelayAgent) openRegistries(ctx context.Context, master *auth.MasterKey) (err error) {
	r.source = registryfile.NewSource(r.conf.Registry.File.Path, func() *auth.MasterKey { return master })
	if r.path.Registry, err = auth.NewRegistry(r.source, master); err != nil {
		return err
	}
	switch {
	case r.conf.Operator() && r.cfg.Core.Driver == assemble.DriverLink:
		r.makeLink()
	case r.conf.Operator():
		if r.path.Journal, err = assemble.OpenLocal(ctx, r.cfg); err != nil {
			return fmt.Errorf("accounts: %w", err)
		}
		if r.path.Core, err = local.New(directory.New(r.path.Journal.Tables()), assemble.CoreOptions(r.cfg)); err != nil {
			return err
		}
	}
	r.path.takeDirectory(ctx)
	if !r.path.Registry.Loaded() || r.path.Core != nil && !r.path.Core.Loaded() {
		return errors.New("AppIDs and accounts could not be read; the log says why")
	}
	return nil
}

func (r *RelayAgent) bindAgentAdmin() error {
	if !r.cfg.Admin.Address.Given() {
		return nil
	}
	if err := r.newAdmin(); err != nil {
		return err
	}
	r.admin.Page("relay", "how the relay agent is, JSON", func() any { return r.RelayStatus() })
	r.admin.PageOf("relay/terminals", "the terminals that are logged in, JSON", func(ctx context.Context) (any, error) { return r.terminals(ctx, masked) })
	r.admin.PageOf("relay/terminals/full", "the same with whole addresses", func(ctx context.Context) (any, error) { return r.terminals(ctx, inFull) })
	r.serveSessions()
	r.serveTrace()
	r.answer(r.admin)
	return nil
}

func (r *RelayAgent) checkAgent() (bool, string) {
	switch {
	case !r.serving.Load():
		return false, "the relay agent is starting"
	case r.front.Draining():
		return false, "the relay agent is stopping"
	}
	return true, fmt.Sprintf("%d connections, %d terminals logged in", r.front.Connections(), r.agent.Online())
}

// Banner is the one line that says that terminals are accepted.
func (r *RelayAgent) Banner() string {
	addresses := make([]string, 0, 1)
	for _, a := range r.front.Addrs() {
		addresses = append(addresses, a.String())
	}
	admin := r.AdminURL()
	if admin == "" {
		admin = "none"
	}
	return fmt.Sprintf("tradefront %s: relay agent %d (%s) accepts connections on %s; admin %s; fronts %v",
		r.build.Version, r.cfg.Front.ID, r.conf.Mode, strings.Join(addresses, ", "), admin, r.conf.Upstream.Addresses)
}

// shutdownGrace is how long an operator agent's last messages may take.
const shutdownGrace = 5 * time.Second

// Stop refuses new logins, sends terminals away, spread as far as timers.drain allows, and ends the parts. It is called
// once, also for an agent that did not start whole.
func (r *RelayAgent) Stop() error {
	var errs []error
	drain, cancel := context.WithTimeout(context.Background(), r.cfg.Timers.Drain)
	defer cancel()
	if r.serving.Load() {
		r.agent.Drain(drain)
		errs = append(errs, r.front.Drain(drain))
	}
	if r.relay != nil {
		grace, cancel := context.WithTimeout(context.Background(), shutdownGrace)
		defer cancel()
		if err := r.relay.Shutdown(grace); err != nil {
			r.logger.Warn("the operator was not logged out: the front ends its session by itself", zap.Error(err))
		}
	}
	if r.path.Link != nil {
		grace, cancel := context.WithTimeout(context.Background(), linkGrace)
		defer cancel()
		errs = append(errs, r.path.Link.Close(grace))
	}
	r.endWatching(true)
	if r.agent != nil {
		r.agent.Close()
	}
	if r.path.Journal != nil {
		errs = append(errs, r.path.Journal.Close())
	}
	if r.path.Audit != nil {
		grace, cancel := context.WithTimeout(context.Background(), auditGrace)
		defer cancel()
		errs = append(errs, r.path.Audit.Close(grace))
	}
	return errors.Join(errs...)
}

// RelayService is a relay agent as a process runs it.
type RelayService struct {
	Options
	// Load reads the configuration, at the start and at each SIGHUP.
	Load func() (*config.Agent, error)
	// Started is called once terminals are accepted.
	Started func(*RelayAgent)
}

// Run is Service.Run of a relay agent.
func (s *RelayService) Run(ctx context.Context) error {
	hangups, release := catchHangups()
	defer release()
	conf, err := s.Load()
	if err != nil {
		return WholeAgentReport(conf, err)
	}
	signal.Ignore(syscall.SIGPIPE)
	r, err := StartRelayAgent(ctx, conf, s.Options)
	switch {
	case err != nil && ctx.Err() != nil:
		return ErrStoppedEarly
	case err != nil:
		return err
	}
	reloads, endReloads := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-reloads.Done():
				return
			case <-hangups:
				r.reloadAgent(s.Load)
			}
		}
	}()
	s.Started(r)
	failed := r.Wait(ctx)
	if failed == nil {
		r.logger.Info("stopping: no new logins, terminals are sent away")
	}
	endReloads()
	<-ended
	return errors.Join(failed, r.Stop())
}

// WholeAgentReport is the faults of a configuration and of all that it names, as far as it could be read.
func WholeAgentReport(conf *config.Agent, faults error) error {
	if conf == nil {
		return faults
	}
	_, files := assemble.LoadAgentAssets(conf)
	return assemble.JoinFaults(faults, files)
}

// ReloadsAgent reports whether it is a key that a reload of a relay agent takes over.
func ReloadsAgent(path string) bool {
	return path == "log_level" || path == "keys" || path == "front.listeners[].trusted_proxies" || slices.Contains(frontLimitKeys, path)
}

// reloadAgent reopens the audit log and takes a changed configuration over, all or nothing. The registry file needs none.
func (r *RelayAgent) reloadAgent(load func() (*config.Agent, error)) {
	_ = reopen(r.path.Audit, r.logger) // an agent's signals have no outcome but its log
	var assets *assemble.AgentAssets
	next, err := load()
	if err == nil {
		assets, err = assemble.LoadAgentAssets(next)
	}
	if err != nil {
		r.logger.Error("SIGHUP: the configuration has faults; nothing was taken over, everything stays in force as it was",
			zap.Strings("faults", faultLines(err)))
		return
	}
	restart := r.conf.NeedRestart(next, ReloadsAgent)
	r.agent.SetKeys(assets.Keys)
	r.ring.Store(assets.Keys)
	cfg := next.AsFront()
	r.front.SetLimits(assemble.FrontLimits(cfg, assets.MaxConnections))
	r.path.Audit.SetLimits(assemble.AuditLimits(r.cfg, &cfg.Limits))
	if !slices.Contains(restart, "front.listeners") { // else they belong to listeners that are not these
		r.front.SetTrusted(trustedProxies(cfg))
	}
	r.level.SetLevel(next.LogLevel)
	r.logger.Info("SIGHUP: the configuration was reloaded", zap.Strings("need_restart", restart))
}
