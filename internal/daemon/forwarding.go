package daemon

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/show"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/forward"
	"github.com/tradefront/tradefront/internal/store/postgres"
)

// forwardingPeriod is how often the front looks whether records go to PostgreSQL.
const forwardingPeriod = time.Second

// watchForwarding tells whether records go to PostgreSQL, and how many wait.
func (d *Daemon) watchForwarding() watcher {
	severity := ops.Warning // logins are answered from the local store meanwhile
	if d.cfg.Store.AnswerAfter == string(forward.AfterPostgres) {
		severity = ops.Required
	}
	return watcher{
		period: forwardingPeriod, look: func(context.Context) { d.noteForwarding(d.path.Forwarder.LastError()) },
		checks: []check{{"postgres", severity, d.checkForwarding}},
		collectors: []ops.Collector{
			ops.NewGauge("pending_rows", "Records that PostgreSQL does not have yet; driver postgres only.", func() float64 {
				rows, _ := d.pending()
				return float64(rows)
			}),
			ops.NewGauge("oldest_pending_seconds", "Age of the oldest record that PostgreSQL does not have yet; driver postgres only.", func() float64 {
				_, oldest := d.pending()
				if oldest.IsZero() {
					return 0
				}
				return time.Since(oldest).Seconds()
			}),
		},
	}
}

func (d *Daemon) checkForwarding() (bool, string) {
	switch err := d.path.Forwarder.LastError(); {
	case errors.Is(err, store.ErrSchema):
		return false, "nothing is written to PostgreSQL, records stay in the local store: " + err.Error()
	case store.IsLocal(err):
		return false, "records are not forwarded, for the local store fails: " + err.Error()
	case err != nil:
		return false, "PostgreSQL is out of reach: " + err.Error()
	}
	// With answer_after: postgres the logins of now need this day and no other.
	day, _ := d.path.Gateway.Policy().Calendar.TradingDayOf(d.now())
	if err := d.path.Forwarder.DayTrouble(day); err != nil {
		return false, "records of today stay in the local store: " + err.Error()
	}
	rows, _ := d.pending()
	return true, fmt.Sprintf("%d records wait to be forwarded", rows)
}

// pending is what PostgreSQL does not have yet. A large backlog is what the last look said: to
// count millions takes seconds, and the alarm would be missing when it is needed.
func (d *Daemon) pending() (rows int64, oldest time.Time) {
	last, _ := d.capacity.get()
	if last.Rows > countedAtOnce {
		return last.Rows, last.Oldest
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	rows, oldest, err := d.path.Forwarder.Pending(ctx)
	if err != nil {
		return last.Rows, last.Oldest
	}
	return rows, oldest
}

// countedAtOnce is how many rows are counted at most while a scrape or a check waits for the number.
const countedAtOnce = 100_000

// noteForwarding logs when records cease to go to PostgreSQL, and when they go again.
func (d *Daemon) noteForwarding(err error) {
	d.forwarding.logOnChange(d.logger, time.Now(), err, &stateLines{
		level: zapcore.ErrorLevel, began: postgresTrouble(err),
		ended: "PostgreSQL takes records again: records_sent went there since the trouble began, records_waiting are still to go",
		sent:  d.path.Forwarder.Rows,
		last:  d.path.Journal.LastSeq, done: d.path.Forwarder.Sent,
		more: func() []zap.Field {
			waiting, oldest := d.pending()
			fields := []zap.Field{zap.Int64("records_waiting", waiting)}
			if !oldest.IsZero() {
				fields = append(fields, zap.String("oldest", show.Time(oldest)))
			}
			return fields
		},
	})
}

// postgresTrouble tells a server that cannot be reached from one that answers and does not take records.
func postgresTrouble(err error) string {
	switch {
	case errors.Is(err, store.ErrSchema):
		return "PostgreSQL has another schema than this front needs: nothing is forwarded, records wait in the local store"
	case store.IsLocal(err):
		return "records are not forwarded: the local store fails"
	case postgres.Answers(err):
		return "PostgreSQL answers and refuses to take records: they wait in the local store and are sent again"
	}
	return "PostgreSQL is out of reach: records wait in the local store, AppIDs and accounts stay as last known"
}
