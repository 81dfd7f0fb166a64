package daemon

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tradefront/tradefront/internal/admission"
	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/front"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/proxyheader"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/show"
	"github.com/tradefront/tradefront/internal/store"
)

// healthPeriod is how often the checks are looked at when no balancer and no scrape asks: whether
// one has failed all the time, or flaps, can only be told by looking.
const healthPeriod = time.Second

// watch connects the running parts to what people and machines look at.
func (d *Daemon) watch() {
	d.metrics.Preset(labels())
	d.metrics.Register(d.gauges())
	d.registerChecks()
}

func labels() ops.Labels {
	faults := make([]string, 0, len(ftd.Faults()))
	for _, f := range ftd.Faults() {
		faults = append(faults, f.Word())
	}
	for _, f := range proxyheader.Faults() {
		faults = append(faults, f.Word())
	}
	return ops.Labels{
		Refused:         append(admission.Refusals(), reason.ProxyUntrusted.String()),
		AcceptFaults:    front.AcceptFaults(),
		Closed:          reason.CloseWords(),
		Authentications: reason.Words(),
		Codes:           auth.Slots(),
		Logins:          reason.Words(),
		Malformed:       faults,
		Discarded:       ftd.DiscardedWords(),
		Forward:         []string{string(store.ByCopy), string(store.ByUpsert)},
	}
}

func (d *Daemon) gauges() ops.Gauges {
	g := ops.Gauges{
		LoginsInFlight: func() float64 { return float64(d.front.LoginsInFlight()) },
		HashQueue:      func() float64 { return float64(d.core.Stats().HashQueue) },
		Locked: func() float64 {
			s := d.core.Stats()
			return float64(s.AccountsLocked + s.SourcesLocked)
		},
		Remembered: func() float64 { return float64(d.core.Stats().Remembered) },
		CalendarHorizonDays: func() float64 {
			return show.Days(time.Until(d.gateway.Policy().Calendar.Horizon().Date().AddDate(0, 0, 1)))
		},
		KeyDays:           d.keyDays,
		ReportLateRecords: d.late.value,
		ReportObstacles:   d.heldBack.byKind,
		SetAside:          d.setAside,
		LocalBytes:        d.fill.bytes,
		LocalLogBytes:     d.fill.logBytes,
		LocalRows:         d.fill.rows,
		LocalBoundRatios:  d.fill.ratios,
		SeenTerminals:     func() float64 { return float64(d.gateway.SeenStats().Entries) },
		ReplayedTerminals: func() float64 { return float64(d.gateway.SeenStats().Replayed) },
		UnseenTerminals:   func() float64 { return float64(d.gateway.SeenStats().Forgotten) },
		AuditSuppressed:   func() float64 { return float64(d.audit.Suppressed()) },
		AuditSparing: func() float64 {
			if d.audit.Sparing() != "" {
				return 1
			}
			return 0
		},
		Health: d.health,
		ReloadSuccessful: func() float64 {
			if o := d.reloaded.Load(); o != nil && o.faults > 0 {
				return 0
			}
			return 1
		},
	}
	if d.logOut != nil {
		g.LogLost = func() float64 { return float64(d.logOut.Lost()) }
	}
	if d.forwarder != nil {
		g.ClockOffset = d.clockOffset
		g.DirectoryAgeSeconds, g.Twins, g.QuarantinedRows = d.directoryAge, d.twins, d.quarantined
		g.DaysInTrouble = d.daysInTrouble
		g.PendingRows = func() float64 {
			rows, _ := d.pending()
			return float64(rows)
		}
		g.OldestPendingSeconds = func() float64 {
			_, oldest := d.pending()
			if oldest.IsZero() {
				return 0
			}
			return time.Since(oldest).Seconds()
		}
	}
	return g
}

func (d *Daemon) keyDays() map[string]float64 {
	left := make(map[string]float64)
	for _, k := range d.gateway.Policy().Keys.Keys() {
		if !k.NotAfter.IsZero() {
			left[k.Version] = show.Days(time.Until(k.NotAfter))
		}
	}
	return left
}

// pending is what PostgreSQL does not have yet. A large backlog is what the last look said: to
// count millions takes seconds, and the alarm would fall silent when it is needed.
func (d *Daemon) pending() (rows int64, oldest time.Time) {
	last, _ := d.fill.get()
	if last.Rows > countedAtOnce {
		return last.Rows, last.Oldest
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	rows, oldest, err := d.forwarder.Pending(ctx)
	if err != nil {
		return last.Rows, last.Oldest
	}
	return rows, oldest
}

// countedAtOnce is how many rows are counted while somebody waits for the number.
const countedAtOnce = 100_000

// checkFront is asked from when the admin listener answers.
func (d *Daemon) checkFront() {
	d.health.RegisterAtOnce("front", func() (bool, string) {
		switch {
		case !d.serving.Load():
			return false, "the front is starting"
		case d.front.Draining():
			return false, "the front is stopping"
		}
		return true, fmt.Sprintf("%d connections, %d users online", d.front.Connections(), d.gateway.Online())
	})
}

// registerChecks says what must be so before terminals are sent here.
func (d *Daemon) registerChecks() {
	d.health.Register("keys", ops.Required, func() (bool, string) {
		key := d.gateway.Policy().Keys.Newest(time.Now())
		if key == nil {
			return false, "no encryption key is valid now; add one under keys"
		}
		return true, "newest valid key is version " + key.Version
	})
	d.health.Register("key_life", ops.Warning, func() (bool, string) {
		return keyLife(d.gateway.Policy().Keys, time.Now())
	})
	d.health.Register("configuration", ops.Warning, func() (bool, string) { return d.reloaded.Load().check() })
	d.health.Register("audit_log", ops.Warning, func() (bool, string) {
		if err := d.audit.Trouble(); err != nil {
			return false, err.Error()
		}
		if why := d.audit.Sparing(); why != "" {
			return false, why
		}
		return true, "takes entries"
	})
	if d.logOut != nil {
		d.health.Register("log", ops.Warning, func() (bool, string) {
			if err := d.logOut.Trouble(); err != nil {
				return false, err.Error()
			}
			return true, "is read"
		})
	}
	d.health.Register("local_store", ops.Required, d.localOK.check)
	d.health.Register("local_store_full", ops.Required, d.notFull)
	d.health.Register("local_store_bounds", ops.Warning, d.fill.check)
	d.health.Register("local_store_set_aside", ops.Warning, d.setAsideCheck)
	d.health.Register("registry", ops.Required, func() (bool, string) {
		n, unreadable := d.registry.Len(), d.registry.Unreadable()
		switch {
		case n == 0 && unreadable > 0:
			return false, fmt.Sprintf("none of %d AppIDs' authcodes opens: is auth.master_key_file that of this store?", unreadable)
		case n == 0:
			return false, "no AppID is admitted; add one with: tradefront app add"
		}
		return true, fmt.Sprintf("%d AppIDs", n)
	})
	d.health.Register("authcodes", ops.Warning, func() (bool, string) {
		if n := d.registry.Unreadable(); n > 0 {
			return false, fmt.Sprintf("the authcodes of %d AppIDs do not open under this master key, or are the last known ones; the log names them", n)
		}
		return true, "all open under this master key"
	})
	d.health.Register("accounts", ops.Warning, func() (bool, string) {
		n := d.core.Stats().Accounts
		return n > 0, fmt.Sprintf("%d accounts", n)
	})
	d.health.Register("calendar", ops.Warning, func() (bool, string) {
		cal := d.gateway.Policy().Calendar
		if w := cal.Warnings(time.Now()); len(w) > 0 {
			return false, strings.Join(w, "; ")
		}
		return true, "known to " + cal.Horizon().String()
	})
	d.health.Register("terminal_memory", ops.Warning, func() (bool, string) { return terminalMemory(d.gateway.SeenStats()) })
	d.health.Register("client_addresses", ops.Warning, d.metrics.ClientAddresses)
	d.health.Register("reports", ops.Warning, d.late.check)
	d.health.Register("report_obstacles", ops.Warning, d.heldBack.check)
	if d.forwarder != nil {
		severity := ops.Warning // logins are answered from the local store meanwhile
		if d.cfg.Store.AnswerAfter == string(store.AfterPostgres) {
			severity = ops.Required
		}
		d.health.Register("directory", ops.Warning, d.directoryCheck)
		d.health.Register("front_id", ops.Warning, d.twinCheck)
		d.health.Register("self_report", ops.Required, d.unheardCheck)
		d.health.Register("store_life", ops.Warning, d.lifeCheck)
		d.health.Register("clock", ops.Warning, d.clockCheck)
		d.health.Register("presence", ops.Warning, d.presenceCheck)
		d.health.Register("quarantine", ops.Warning, d.quarantineCheck)
		d.health.Register("postgres_days", ops.Warning, d.postgresDays)
		d.health.Register("postgres_extras", ops.Warning, d.extras.check)
		d.health.Register("postgres", severity, func() (bool, string) {
			switch err := d.forwarder.LastError(); {
			case errors.Is(err, store.ErrSchema):
				return false, "nothing is written to PostgreSQL, records stay in the local store: " + err.Error()
			case store.IsLocal(err):
				return false, "records are not forwarded, for the local store fails: " + err.Error()
			case err != nil:
				return false, "PostgreSQL is out of reach: " + err.Error()
			}
			// With answer_after: postgres the logins of now need this day and no other.
			day, _ := d.gateway.Policy().Calendar.TradingDayOf(wallClock())
			if err := d.forwarder.DayTrouble(day); err != nil {
				return false, "records of today stay in the local store: " + err.Error()
			}
			rows, _ := d.pending()
			return true, fmt.Sprintf("%d records wait to be forwarded", rows)
		})
	}
}
