package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/settlement"
	"github.com/tradefront/tradefront/internal/show"
	"github.com/tradefront/tradefront/internal/store"
)

// What this front tells PostgreSQL of itself, so that a report can refuse while it holds
// records of the day.

// presencePatience is how long one word may take; the last one keeps a stopping front so long.
const presencePatience = 4 * time.Second

// announce says the first word before terminals are accepted: from then on a goodbye of a
// life before does not count any more. With PostgreSQL away it is said as soon as it comes.
func (d *Daemon) announce(ctx context.Context) error {
	if d.postgres == nil {
		return nil
	}
	host, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("this machine's name: %w", err)
	}
	d.presence, err = store.NewPresence(ctx, d.local, d.forwarder, d.postgres, store.PresenceOptions{
		FrontID: d.cfg.Front.ID, Host: host, Version: d.build.Version,
		SetAside: func() (int, error) {
			asides, err := store.SetAside(d.cfg.Store.Path)
			return len(asides), err
		},
	})
	if err != nil {
		return err
	}
	if d.forwarder.Healthy() {
		d.say(ctx)
	}
	return nil
}

// speak says it every few seconds, and right after a window has closed.
func (d *Daemon) speak(ctx context.Context) {
	for {
		d.say(ctx)
		timer := time.NewTimer(d.untilNextWord(time.Now()))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

// untilNextWord is PresencePeriod, or less if a day's window has closed by then for good.
func (d *Daemon) untilNextWord(now time.Time) time.Duration {
	cal := d.gateway.Policy().Calendar
	day, _ := cal.TradingDayOf(now.Add(-settlement.FrontMargin))
	_, end, err := cal.Window(day)
	closed := end.Add(settlement.FrontMargin).Sub(now)
	if err != nil || closed <= 0 || closed > store.PresencePeriod {
		return store.PresencePeriod
	}
	return closed
}

func (d *Daemon) say(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, presencePatience)
	defer cancel()
	d.ofPostgres(&d.concern.presence, d.presence.Say(ctx), &stateLines{
		level: zapcore.WarnLevel, began: "PostgreSQL does not know what this front holds: reports of the day will refuse",
		ended: "PostgreSQL knows again what this front holds",
	})
	var twin error
	if f := d.presence.Twin(); f != nil {
		twin = fmt.Errorf("on host %s, started %s", f.Host, show.Time(f.Started))
	}
	var older error
	if ok, reason := d.lifeCheck(); !ok {
		older = errors.New(reason)
	}
	now := time.Now()
	d.concern.life.note(d.logger, now, older, &stateLines{
		level: zapcore.ErrorLevel, began: "AN OLDER COPY OF THE LOCAL STORE WAS PUT BACK, OR RUNS BESIDE THIS ONE",
		ended: "the local store is no older copy any more: it was answered",
	})
	d.concern.twin.note(d.logger, now, twin, &stateLines{
		level: zapcore.ErrorLevel, began: "ANOTHER FRONT HAS THIS front.id AND IS ALIVE: give one of them another and restart it; " +
			"records tell their front by it",
		ended: "no other front with this front.id is alive any more",
		more:  func() []zap.Field { return []zap.Field{zap.Int32("front_id", d.cfg.Front.ID)} },
	})
}

// lifeCheck is the line of /readyz.
func (d *Daemon) lifeCheck() (bool, string) {
	others := d.presence.OtherLives()
	if len(others) == 0 {
		return true, "this local store continues what PostgreSQL last heard of it"
	}
	was := &others[0]
	return false, fmt.Sprintf("this local store is an older copy: PostgreSQL last heard at %s, from host %s, that it held: %s. "+
		"Reports wait until a front is started on the file as it was then, or for: tradefront front retire %d", show.Time(was.Seen), was.Host, assemble.FrontHolds(was), was.FrontID)
}

// clockWarning is from what difference on somebody should look.
const clockWarning = time.Second

// clockCheck is the line of /readyz.
func (d *Daemon) clockCheck() (bool, string) {
	offset, differs := d.presence.Clock()
	if differs < clockWarning {
		return true, fmt.Sprintf("%+.3f s before PostgreSQL's", offset.Seconds())
	}
	return false, fmt.Sprintf("this machine's clock is %+.1f s before PostgreSQL's: login times are evidence; set both by NTP. From %s on reports refuse",
		offset.Seconds(), settlement.ClockBound)
}

// clockOffset is the gauge.
func (d *Daemon) clockOffset() float64 {
	offset, _ := d.presence.Clock()
	return offset.Seconds()
}

// goodbye is said when nobody can append any more: drained says so.
func (d *Daemon) goodbye(drained bool) {
	ctx, cancel := context.WithTimeout(context.Background(), presencePatience)
	defer cancel()
	word := d.presence.Goodbye
	if !drained {
		word = d.presence.Say
	}
	if err := word(ctx); err != nil {
		d.logger.Warn("PostgreSQL does not know that this front has stopped: reports of the day will refuse until it is started again",
			zap.Error(err))
	}
}

// twins is the gauge.
func (d *Daemon) twins() float64 {
	if d.presence.Twin() != nil {
		return 1
	}
	return 0
}

// twinCheck is the line of /readyz.
func (d *Daemon) twinCheck() (bool, string) {
	if f := d.presence.Twin(); f != nil {
		return false, fmt.Sprintf("another front with front.id %d is alive on host %s (started %s): give one of them another",
			d.cfg.Front.ID, f.Host, show.Time(f.Started))
	}
	return true, fmt.Sprintf("no other front with front.id %d is known", d.cfg.Front.ID)
}

// unheardCheck is the line of /readyz: a front of which PostgreSQL does not hear is invisible to the report.
func (d *Daemon) unheardCheck() (bool, string) {
	if err := d.presence.Unheard(); err != nil {
		return false, "PostgreSQL takes the records of this front and not its reports of what it holds; does its role have the rights of roles.sql? " + err.Error()
	}
	return true, "PostgreSQL is away, or hears of this front"
}

// presenceCheck is the line of /readyz.
func (d *Daemon) presenceCheck() (bool, string) {
	if err := d.presence.LastError(); err != nil {
		return false, err.Error()
	}
	return true, "PostgreSQL knows what this front holds"
}
