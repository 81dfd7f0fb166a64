package daemon

import (
	"context"
	"math"
	"time"

	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/show"
	"github.com/tradefront/tradefront/internal/statuspage"
)

const (
	sharedPeriod   = 5 * time.Second // how long what a store said is good enough for the page
	sharedPatience = 2 * time.Second // how long a page may wait for it
)

// serveStatusPage puts the status page at / of the admin listener.
func (d *Daemon) serveStatusPage() {
	shared := statuspage.NewCache(d.askShared, sharedPeriod, sharedPatience, time.Now)
	d.admin.Home(statuspage.Handler(func(ctx context.Context) *statuspage.Snapshot { return d.snapshot(ctx, shared) }))
}

// snapshot may be asked from when the admin listener answers: before the front serves.
func (d *Daemon) snapshot(ctx context.Context, shared *statuspage.Cache) *statuspage.Snapshot {
	report := d.health.Report()
	s := &statuspage.Snapshot{
		At: d.now(), System: d.cfg.SystemName,
		Front: statuspage.Front{
			ID: d.cfg.Front.ID, Version: d.build.Version, State: statuspage.Starting, Ready: report.Ready, Started: d.began,
			Config: show.Hash(d.inForce.Load().Hash()),
		},
		Pages: d.admin.Pages(),
	}
	for _, r := range report.Reasons {
		s.Checks = append(s.Checks, statuspage.Check{Name: r.Name, Ready: r.Ready, Required: r.Severity == ops.Required, Reason: r.Reason})
	}
	if !d.serving.Load() {
		s.Front.Ready = false
		return s
	}
	s.Front.State = statuspage.Serving
	if d.front.Draining() {
		s.Front.State = statuspage.Stopping
	}
	s.Day, s.Load, s.Local, s.Core, s.Keys = d.dayPart(s.At), d.loadPart(), d.localPart(), d.corePart(), d.keysPart(s.At)
	day, minutes := d.tally.Look()
	s.Tally, s.Minute = &day, minutes
	if d.cfg.Relay.Enabled {
		s.Relays = d.relaysPart(day.Relays)
	}
	s.Shared = d.sharedPart(ctx, shared)
	return s
}

func (d *Daemon) dayPart(now time.Time) *statuspage.Day {
	cal := d.path.Gateway.Policy().Calendar
	day, provisional := cal.TradingDayOf(now)
	part := &statuspage.Day{
		Day: day.String(), Provisional: provisional, Horizon: cal.Horizon().String(),
		HorizonDays: show.Days(cal.Horizon().Date().AddDate(0, 0, 1).Sub(now)),
	}
	part.Start, part.End, _ = cal.Window(day) // of a day that TradingDayOf gave there is one
	return part
}

func (d *Daemon) loadPart() *statuspage.Load {
	at := d.front.Admission(0)
	part := &statuspage.Load{
		Sessions: d.path.Gateway.Online(), Connections: at.Open, Limit: at.Limit, Unauthenticated: at.Unauthenticated,
		InFlight: d.front.LoginsInFlight(), Penalized: at.Penalized,
	}
	for _, n := range at.Refused {
		part.Refused += n
	}
	return part
}

func (d *Daemon) localPart() *statuspage.Local {
	last, _ := d.capacity.get() // local_store_bounds tells of a look that failed
	part := &statuspage.Local{Driver: d.cfg.Store.Driver, Rows: last.Rows, Bytes: last.Bytes, Free: last.Free}
	for _, m := range last.Measures {
		part.Fullest = max(part.Fullest, m.Ratio)
	}
	if d.postgres == nil {
		return part
	}
	part.Pending, part.Oldest = d.pending()
	part.Quarantined = d.quarantined()
	if ok, why := d.checkForwarding(); !ok {
		part.Trouble = why
	}
	return part
}

func (d *Daemon) corePart() *statuspage.Core {
	if d.path.Link == nil {
		s := d.path.Core.Stats()
		return &statuspage.Core{Accounts: s.Accounts, HashQueue: s.HashQueue, Locked: s.AccountsLocked + s.SourcesLocked}
	}
	s := d.path.Link.Status()
	part := &statuspage.Core{Waiting: s.Waiting}
	for i := range s.Endpoints {
		e := &s.Endpoints[i]
		shown := statuspage.Endpoint{
			Name: e.Endpoint.String(), State: e.State.String(), CoreID: e.CoreID, InUse: i == s.InUse, Term: e.Term, Since: e.Since,
		}
		if e.LastFault != 0 && i != s.InUse {
			shown.Fault = e.LastFault.String()
		}
		part.Endpoints = append(part.Endpoints, shown)
	}
	return part
}

func (d *Daemon) keysPart(now time.Time) (part []statuspage.Key) {
	ring := d.path.Gateway.Policy().Keys
	newest := ring.Newest(now)
	keys := ring.Keys()
	for i := range keys {
		k := &keys[i]
		shown := statuspage.Key{
			Version: k.Version, Algorithm: k.Info.Algorithm.String(), NotAfter: k.NotAfter,
			Valid: !now.Before(k.NotBefore) && (k.NotAfter.IsZero() || now.Before(k.NotAfter)),
			InUse: newest != nil && newest.Version == k.Version,
		}
		if !k.NotAfter.IsZero() {
			shown.DaysLeft = math.Max(0, show.Days(k.NotAfter.Sub(now)))
		}
		part = append(part, shown)
	}
	return part
}

// sharedPart has the obstacles beside what the store said: they are looked for once a minute, however many read the page.
func (d *Daemon) sharedPart(ctx context.Context, shared *statuspage.Cache) *statuspage.Shared {
	part := shared.Get(ctx)
	part.Obstacles, part.ObstaclesKnown = d.reportObstacles.last()
	return &part
}
