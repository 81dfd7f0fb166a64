package daemon

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"

	notify "github.com/coreos/go-systemd/v22/daemon"
	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/config"
)

// Service is a front as a process runs it: from the configuration that Load reads until its context ends.
type Service struct {
	Options
	// Load reads the configuration, at the start and at each SIGHUP.
	Load func() (*config.Config, error)
	// Started is called once terminals are accepted.
	Started func(*Daemon, *config.Config)
}

// ErrStoppedEarly says that the front was told to stop before it accepted terminals.
var ErrStoppedEarly = errors.New("stopped before it accepted connections")

// Run returns nil if ctx ended the front, ErrStoppedEarly, or what kept it from serving. A
// SIGHUP reloads from the beginning on; one that comes while the front starts is taken once it has. After a SIGUSR2 that handed
// the front over it returns nil, and the process is to end at once.
func (s *Service) Run(ctx context.Context) error {
	hangups, release := catchHangups() // before anything that takes time
	defer release()
	upgrades, release := catchUpgrades()
	defer release()
	cfg, err := s.Load()
	if err != nil {
		if s.Taker == nil {
			return assemble.WholeReport(cfg, err, assemble.ProbeListeners)
		}
		err = assemble.WholeReport(cfg, err, nil)
		s.Taker.Fail(err)
		return err
	}
	// The process that reads standard output or standard error may end before us: then a write fails,
	// and does not end us.
	signal.Ignore(syscall.SIGPIPE)
	d, err := Start(ctx, cfg, s.Options)
	switch {
	case err != nil && ctx.Err() != nil:
		return ErrStoppedEarly
	case err != nil:
		return err
	}
	endReloads := d.reloadOn(hangups, s.Load)
	s.Started(d, cfg)
	tellSystemd(notify.SdNotifyReady)
	failed := d.serve(ctx, upgrades)
	if errors.Is(failed, errHandedOver) {
		return nil // nothing is stopped: another process goes on with it
	}
	tellSystemd(notify.SdNotifyStopping)
	if failed == nil {
		d.logger.Info("stopping: no new logins, finishing those in flight")
	}
	endReloads() // a reload needs the parts that Stop ends
	return errors.Join(failed, d.Stop())
}

// serve is Wait, and hands over to a new process at each SIGUSR2 until one has taken over.
func (d *Daemon) serve(ctx context.Context, upgrades <-chan os.Signal) error {
	for {
		wait, cancel := context.WithCancelCause(ctx)
		asked := make(chan struct{})
		go func() {
			defer close(asked)
			select {
			case <-upgrades:
				cancel(errHandedOver)
			case <-wait.Done():
			}
		}()
		err := d.Wait(wait)
		upgrade := errors.Is(context.Cause(wait), errHandedOver) && ctx.Err() == nil
		cancel(nil)
		<-asked
		if err != nil || !upgrade {
			return err
		}
		if err = d.upgrade(ctx); errors.Is(err, errHandedOver) {
			return err
		}
		d.signals.add("the new process did not take over, the old one serves on: " + err.Error())
		d.logger.Error("SIGUSR2: the new process did not take over, this one serves on; what is wrong is in its lines above", zap.Error(err))
	}
}
