package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/gateway"
	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/supplement"
)

// A reload (SIGHUP) takes over a changed configuration without losing a connection.
//
// The audit log is reopened first, also when the configuration is refused: log rotation sends
// the same signal, and entries must not go on into a file that is about to be packed.
// Then the configuration and all its files are loaded and judged as at a start. If anything is
// wrong, the log gets one report and everything stays in force as it was. Else the settings are
// taken over one after the other. If a listener has changed in anything else, its change and its
// trusted proxies wait for the restart together.
//
// The TRADEFRONT_ variables are those of the start: a process's environment never changes.
//
// Nothing is written. A crash in here leaves what a crash elsewhere leaves; the next start
// takes the files as they then are, and refuses to start with what a reload refuses.

// catchHangups keeps SIGHUP from ending the process, from now until release. Several that
// come while one is being worked on are one: the files are read after it was taken.
func catchHangups() (hangups <-chan os.Signal, release func()) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGHUP)
	return c, func() { signal.Stop(c) }
}

// reloadGrace is how long a stopping front waits for a reload that is under way: its files
// may hang.
const reloadGrace = 5 * time.Second

// reloadOn reloads at each hangup, one after the other, until stop, which waits for the
// one that runs; that one does not wait for PostgreSQL any more.
func (d *Daemon) reloadOn(hangups <-chan os.Signal, load func() (*config.Config, error)) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-ctx.Done():
				return
			case <-hangups:
			}
			if ctx.Err() != nil {
				return // both came
			}
			d.hangup(ctx, load)
		}
	}()
	return func() {
		cancel()
		select {
		case <-ended:
		case <-time.After(reloadGrace):
			d.logger.Warn("SIGHUP: the reload that is under way does not end, and is not waited for")
		}
	}
}

// hangup is what SIGHUP asks for. Who sent it learns of either fault.
func (d *Daemon) hangup(ctx context.Context, load func() (*config.Config, error)) {
	old := reopen(d.path.Audit, d.logger)
	fault, restart := d.reload(ctx, load)
	switch {
	case old != nil && fault != "":
		fault += "; the audit log was not reopened: " + old.Error()
	case old != nil:
		fault = "the configuration was taken over, and the audit log was not reopened: " + old.Error()
	}
	d.signals.add(fault, restart...)
}

func reopen(audit *logs.Audit, logger *zap.Logger) error {
	ctx, cancel := context.WithTimeout(context.Background(), auditGrace)
	defer cancel()
	if err := audit.Reopen(ctx); err != nil {
		logger.Error("SIGHUP: the audit log is not reopened yet; the new file is taken as soon as the old one takes writes", zap.Error(err))
		return err
	}
	logger.Info("SIGHUP: the audit log was reopened")
	return nil
}

// reload is all or nothing: fault says why nothing was taken over, "" if all was but the keys that need a restart.
func (d *Daemon) reload(ctx context.Context, load func() (*config.Config, error)) (fault string, restart []string) {
	next, err := d.judge(ctx, load)
	if err != nil {
		faults := faultLines(err)
		d.reloaded.Store(&reloadOutcome{at: time.Now(), faults: len(faults)})
		d.logger.Error("SIGHUP: the configuration has faults; nothing was taken over, everything stays in force as it was",
			zap.Strings("faults", faults))
		return "the configuration has faults, nothing was taken over: " + strings.Join(faults, "; "), nil
	}
	before := d.path.Gateway.Policy()
	var fields []zap.Field
	for i := range settings {
		settings[i].set(ctx, d, settings[i].value(d.cfg, next))
		if settings[i].fields != nil {
			fields = append(fields, settings[i].fields(next)...)
		}
	}
	d.inForce.Store(d.inForce.Load().TakeOver(next.cfg, Reloads))
	d.reloaded.Store(&reloadOutcome{at: time.Now(), restart: next.restart})
	d.logger.Info("SIGHUP: the configuration was reloaded", fields...)
	d.level.SetLevel(next.cfg.LogLevel)
	d.warnOfOtherKeys(before, &next.policy)
	if len(next.restart) > 0 {
		d.logger.Warn("SIGHUP: these keys were changed too, and need a restart to be in force", zap.Strings("keys", next.restart))
	}
	d.keyAlarm.forget()
	d.warn()
	return "", next.restart
}

// judge loads everything as a start would, with one report of all faults, and makes of it what is
// to be in force. Two things are judged harder than at a start: a start with keys of which none is
// valid yet may wait for its time, and one with a master key that opens nothing is not ready. A front
// that serves would be stopped by either, and so it keeps what it has.
func (d *Daemon) judge(ctx context.Context, load func() (*config.Config, error)) (*loaded, error) {
	next, err := load()
	if next == nil { // the file as a whole
		return nil, err
	}
	assets, files := assemble.LoadAssets(next)
	if err := assemble.JoinFaults(err, files, d.judgeKeys(assets), d.judgeMasterKey(ctx, assets.Master)); err != nil {
		return nil, err
	}
	return &loaded{next, assets, assets.Policy(next), d.needRestart(next)}, nil
}

// needRestart are the changed keys that no reload takes over. One is the URL in its file, which NeedRestart does not compare: of that a new
// connection to PostgreSQL takes another password by itself, and nothing else.
func (d *Daemon) needRestart(next *config.Config) []string {
	keys := d.cfg.NeedRestart(next, Reloads)
	if d.postgres == nil || next.Store.Driver != assemble.DriverPostgres || slices.Contains(keys, next.Store.URLKey()) {
		return keys
	}
	if url, err := next.Store.PostgresURL(); err == nil && !d.postgres.LeadsTo(url) {
		keys = append(keys, next.Store.URLKey())
	}
	return keys
}

func (d *Daemon) judgeKeys(next *assemble.Assets) error {
	now := d.now()
	if next.Keys == nil || next.Keys.Newest(now) != nil || d.path.Gateway.Policy().Keys.Newest(now) == nil {
		return nil
	}
	return config.Faults{{
		Key: "keys", Problem: "none is valid now, and every login would be answered 7",
		Fix: "check not_before and not_after; the keys in force are still good",
	}}
}

// judgeMasterKey refuses a master key under which AppIDs that authenticate now could not any more.
// While `masterkey rotate` is under way the file holds both keys, and nothing is lost.
func (d *Daemon) judgeMasterKey(ctx context.Context, next *auth.MasterKey) error {
	if next == nil { // its file could not be read, which is said already
		return nil
	}
	// Read from the local store, with PostgreSQL or without: a front that is told to stop may end it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), reloadGrace)
	defer cancel()
	lost, of, err := d.path.Registry.WouldLose(ctx, next)
	if err != nil {
		return config.Faults{{Key: "auth.master_key_file", Problem: "could not be tried on the AppIDs: " + err.Error(), Fix: "send SIGHUP again"}}
	}
	if len(lost) == 0 {
		return nil
	}
	return config.Faults{{
		Key:     "auth.master_key_file",
		Problem: fmt.Sprintf("does not open the authcodes of %d of %d AppIDs (%s), which the master key in force opens", len(lost), of, assemble.SomeOf(lost)),
		Fix:     "put the right file back; to change the key use: tradefront masterkey rotate",
	}}
}

// replaceMasterKey opens every authcode with the key that the file holds now. What does not
// open under it keeps its last known state, and is logged.
func (d *Daemon) replaceMasterKey(ctx context.Context, master *auth.MasterKey) {
	d.path.Registry.Replace(master)
	d.path.UseVerifierKeys(master)
	d.path.Gateway.SetAddressSealer(master)
	d.refresh(ctx)
	d.logger.Info("SIGHUP: the master key was read again", zap.Strings("fingerprints", master.Fingerprints()))
}

// warnOfOtherKeys warns when a version has another key than before: lines of one version then
// open with two keys, which only the repair of a mistake can be worth.
func (d *Daemon) warnOfOtherKeys(before, now *gateway.Policy) {
	was := make(map[string]supplement.KeyInfo)
	for _, k := range before.Keys.Keys() {
		was[k.Version] = k.Info
	}
	for _, k := range now.Keys.Keys() {
		if old, known := was[k.Version]; known && old.Fingerprint != k.Info.Fingerprint {
			d.logger.Warn("SIGHUP: a key version names another key than before; check with `tradefront key list`",
				zap.String("version", k.Version), zap.Stringer("was", old.Fingerprint), zap.Stringer("is", k.Info.Fingerprint))
		}
	}
}

func faultLines(err error) []string {
	var faults config.Faults
	if !errors.As(err, &faults) {
		return []string{err.Error()}
	}
	lines := make([]string, len(faults))
	for i, f := range faults {
		lines[i] = f.String()
	}
	return lines
}

// warn logs everything of what is in force that an operator should act on.
func (d *Daemon) warn() {
	d.warnOfKeys(context.Background())
	for _, w := range d.CalendarWarnings() {
		d.logger.Warn("calendar_file: " + w)
	}
}
