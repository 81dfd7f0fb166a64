package daemon

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/settlement"
	"github.com/tradefront/tradefront/internal/show"
	"github.com/tradefront/tradefront/internal/store/heartbeat"
	"github.com/tradefront/tradefront/internal/store/localfile"
)

// heartbeatPatience is how long one report to PostgreSQL may take. A stopping front waits as long for its
// last one.
const heartbeatPatience = 4 * time.Second

// heartbeatState is what this front regularly tells PostgreSQL of itself, so that a report can refuse while it
// holds records of the day.
type heartbeatState struct {
	sender *heartbeat.Heartbeat // nil with the embedded driver

	failing, duplicate, olderCopy stateLog
}

// watchHeartbeat reports to PostgreSQL, and tells what its answers show: another front with the same
// front.id, an older copy of the local store, a clock that is wrong.
func (d *Daemon) watchHeartbeat() watcher {
	return watcher{
		run: d.runHeartbeat,
		checks: []check{
			{"front_id", ops.Warning, d.checkDuplicate},
			{"self_report", ops.Required, d.checkSelfReport},
			{"store_life", ops.Warning, d.checkOlderCopy},
			{"clock", ops.Warning, d.checkClock},
			{"presence", ops.Warning, d.checkHeartbeat},
		},
		collectors: []ops.Collector{
			ops.NewGauge("front_id_conflict", "1 while another front with this `front.id` is alive; driver postgres only.", func() float64 {
				if d.heartbeat.sender.Duplicate() != nil {
					return 1
				}
				return 0
			}),
			ops.NewGauge("clock_offset_seconds", "Seconds that this machine's clock is ahead of PostgreSQL's, negative behind; driver postgres only.", func() float64 {
				offset, _ := d.heartbeat.sender.Clock()
				return offset.Seconds()
			}),
		},
	}
}

// firstHeartbeat reports before terminals are accepted: from then on PostgreSQL does not count this front
// as stopped. With PostgreSQL out of reach the first report is made as soon as it answers.
func (d *Daemon) firstHeartbeat(ctx context.Context) error {
	if err := d.beginHeartbeat(ctx); err != nil {
		return err
	}
	if d.postgres != nil && d.path.Forwarder.Healthy() {
		d.report(ctx)
	}
	return nil
}

// beginHeartbeat makes what reports, and begins a life of the local store: of a process that takes another's place with the first report.
func (d *Daemon) beginHeartbeat(ctx context.Context) error {
	if d.postgres == nil {
		return nil
	}
	host, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("this machine's name: %w", err)
	}
	d.heartbeat.sender, err = heartbeat.New(ctx, d.path.Journal, d.path.Forwarder, d.postgres, heartbeat.Options{
		FrontID: d.cfg.Front.ID, Host: host, Version: d.build.Version, Admin: d.adminAddress(), TakesOver: d.taken != nil,
		Config: func() string { return d.inForce.Load().Hash() },
		Corrupt: func() (int, error) {
			corrupt, err := localfile.ListCorrupt(d.cfg.Store.Path)
			return len(corrupt), err
		},
	})
	return err
}

// adminAddress is where commands on other machines may find the admin listener: the host as the operator wrote it, since a certificate
// may name that alone, and the port that was bound.
func (d *Daemon) adminAddress() string {
	if d.admin == nil {
		return ""
	}
	_, port, err := net.SplitHostPort(d.admin.Addr().String())
	if err != nil {
		return ""
	}
	return net.JoinHostPort(d.cfg.Admin.Address.Host, port)
}

// runHeartbeat reports every few seconds, and right after a window has closed.
func (d *Daemon) runHeartbeat(ctx context.Context) {
	for {
		d.report(ctx)
		timer := time.NewTimer(d.nextHeartbeat(d.now()))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

// nextHeartbeat is the time until the next report: PresencePeriod, or less if a day's window closes for good
// before that.
func (d *Daemon) nextHeartbeat(now time.Time) time.Duration {
	cal := d.path.Gateway.Policy().Calendar
	day, _ := cal.TradingDayOf(now.Add(-settlement.FrontMargin))
	_, end, err := cal.Window(day)
	closed := end.Add(settlement.FrontMargin).Sub(now)
	if err != nil || closed <= 0 || closed > heartbeat.Period {
		return heartbeat.Period
	}
	return closed
}

func (d *Daemon) report(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, heartbeatPatience)
	defer cancel()
	d.logPostgres(&d.heartbeat.failing, d.heartbeat.sender.Report(ctx), &stateLines{
		level: zapcore.WarnLevel, began: "PostgreSQL does not know what this front holds: reports of the day will refuse",
		ended: "PostgreSQL knows again what this front holds",
	})
	var duplicate error
	if f := d.heartbeat.sender.Duplicate(); f != nil {
		duplicate = fmt.Errorf("on host %s, started %s", f.Host, show.Time(f.Started))
	}
	var olderCopy error
	if ok, reason := d.checkOlderCopy(); !ok {
		olderCopy = errors.New(reason)
	}
	now := time.Now()
	d.heartbeat.olderCopy.logOnChange(d.logger, now, olderCopy, &stateLines{
		level: zapcore.ErrorLevel, began: "AN OLDER COPY OF THE LOCAL STORE WAS PUT BACK, OR RUNS BESIDE THIS ONE",
		ended: "the local store is no older copy any more: it was answered",
	})
	d.heartbeat.duplicate.logOnChange(d.logger, now, duplicate, &stateLines{
		level: zapcore.ErrorLevel, began: "ANOTHER FRONT HAS THIS front.id AND IS ALIVE: give one of them another and restart it; " +
			"records tell their front by it",
		ended: "no other front with this front.id is alive any more",
		more:  func() []zap.Field { return []zap.Field{zap.Int32("front_id", d.cfg.Front.ID)} },
	})
}

func (d *Daemon) checkOlderCopy() (bool, string) {
	others := d.heartbeat.sender.OtherLives()
	if len(others) == 0 {
		return true, "this local store continues what PostgreSQL last heard of it"
	}
	was := &others[0]
	return false, fmt.Sprintf("this local store is an older copy: PostgreSQL last heard at %s, from host %s, that it held: %s. "+
		"Reports wait until a front is started on the file as it was then, or for: tradefront front retire %d",
		show.Time(was.Seen), was.Host, heartbeat.Holds(was), was.FrontID)
}

// clockWarning is the difference to PostgreSQL's clock from which on an administrator should look.
const clockWarning = time.Second

func (d *Daemon) checkClock() (bool, string) {
	offset, differs := d.heartbeat.sender.Clock()
	return clockReason(offset, differs)
}

// clockReason names the side, and no sign: an operator sets a clock by it.
func clockReason(offset, differs time.Duration) (bool, string) {
	seconds := offset.Abs().Seconds()
	switch {
	case differs < clockWarning && offset < 0:
		return true, fmt.Sprintf("%.3f s behind PostgreSQL's", seconds)
	case differs < clockWarning:
		return true, fmt.Sprintf("%.3f s ahead of PostgreSQL's", seconds)
	case offset < 0:
		return false, fmt.Sprintf("this machine's clock is %.1f s behind PostgreSQL's: login times are evidence; set both by NTP. From %s on reports refuse",
			seconds, settlement.ClockBound)
	}
	return false, fmt.Sprintf("this machine's clock is %.1f s ahead of PostgreSQL's: login times are evidence; set both by NTP. From %s on reports refuse",
		seconds, settlement.ClockBound)
}

// reportStop makes the last report. drained says that no login can append a record any more; without it
// the report does not say that the front has stopped.
func (d *Daemon) reportStop(drained bool) {
	ctx, cancel := context.WithTimeout(context.Background(), heartbeatPatience)
	defer cancel()
	report := d.heartbeat.sender.Stop
	if !drained {
		report = d.heartbeat.sender.Report
	}
	if err := report(ctx); err != nil {
		d.logger.Warn("PostgreSQL does not know that this front has stopped: reports of the day will refuse until it is started again",
			zap.Error(err))
	}
}

func (d *Daemon) checkDuplicate() (bool, string) {
	if f := d.heartbeat.sender.Duplicate(); f != nil {
		return false, fmt.Sprintf("another front with front.id %d is alive on host %s (started %s): give one of them another",
			d.cfg.Front.ID, f.Host, show.Time(f.Started))
	}
	return true, fmt.Sprintf("no other front with front.id %d is known", d.cfg.Front.ID)
}

// checkSelfReport is required: the report cannot know of a front whose reports PostgreSQL does not take.
func (d *Daemon) checkSelfReport() (bool, string) {
	if err := d.heartbeat.sender.Missing(); err != nil {
		return false, "PostgreSQL takes the records of this front and not its reports of what it holds; does its role have the rights of roles.sql? " + err.Error()
	}
	return true, "PostgreSQL is away, or hears of this front"
}

func (d *Daemon) checkHeartbeat() (bool, string) {
	if err := d.heartbeat.sender.LastError(); err != nil {
		return false, err.Error()
	}
	return true, "PostgreSQL knows what this front holds"
}
