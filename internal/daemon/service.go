package daemon

import (
	"context"
	"errors"
	"os/signal"
	"syscall"

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
// SIGHUP reloads from the beginning on; one that comes while the front starts is taken once it has.
func (s *Service) Run(ctx context.Context) error {
	hangups, release := catchHangups() // before anything that takes time
	defer release()
	cfg, err := s.Load()
	if err != nil {
		return assemble.WholeReport(cfg, err, assemble.ProbeListeners)
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
	failed := d.Wait(ctx)
	if failed == nil {
		d.logger.Info("stopping: no new logins, finishing those in flight")
	}
	endReloads() // a reload needs the parts that Stop ends
	return errors.Join(failed, d.Stop())
}
