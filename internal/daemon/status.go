package daemon

import (
	"net/netip"
	"time"

	"github.com/tradefront/tradefront/internal/admission"
	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/regulation"
)

// topSources is how many sources of each kind a status lists.
const topSources = 10

// Status is the page /status of the admin listener, and what `front status` prints.
type Status struct {
	FrontID  int32             `json:"front_id"`
	Version  string            `json:"version"`
	Config   string            `json:"config_hash"` // of what is in force, see config.Hash
	Started  time.Time         `json:"started"`
	Uptime   int64             `json:"uptime_seconds"`
	State    string            `json:"state"` // starting, serving or draining
	Ready    bool              `json:"ready"`
	Reasons  []ops.Reason      `json:"reasons"`
	Logins   int               `json:"logins_in_flight"`
	Online   int               `json:"users_online"`
	Open     int               `json:"connections"`
	Unauth   int               `json:"unauthenticated"`
	Limit    int               `json:"connections_limit"`
	Sources  int               `json:"sources"`
	Heaviest []HeavySource     `json:"heaviest_sources"`
	InDebt   int               `json:"sources_in_debt"`
	Shut     int               `json:"sources_penalized"`
	Longest  []PenalizedSource `json:"longest_penalties"`
	// Since the start, by the reasons of connections_refused_total; and reason evicted of
	// connections_closed_total.
	Refused map[string]uint64 `json:"refused"`
	Evicted uint64            `json:"evicted"`
	Signal  SignalOutcome     `json:"last_signal"`
}

// HeavySource is a source with many connections.
type HeavySource struct {
	Source string `json:"source"`
	Open   int    `json:"connections"`
	Unauth int    `json:"unauthenticated"`
	Exempt bool   `json:"exempt"`
}

// PenalizedSource is one that is refused.
type PenalizedSource struct {
	Source string `json:"source"`
	Left   int64  `json:"seconds_left"`
}

// status may be asked from when the admin listener answers: before the front does.
func (d *Daemon) status(show func(netip.Prefix) string) Status {
	health, serving := d.health.Report(), d.serving.Load()
	last := d.lastSignal(serving) // before what the signal has changed: who awaits its outcome reads of the configuration beside it
	s := Status{
		FrontID: d.cfg.Front.ID, Version: d.build.Version, Config: d.inForce.Load().Hash(),
		Started: d.began.In(regulation.Zone).Truncate(time.Second), Uptime: int64(time.Since(d.began).Seconds()),
		State: "starting", Ready: health.Ready, Reasons: health.Reasons, Signal: last,
	}
	if !serving {
		s.Ready = false
		return s
	}
	s.State = "serving"
	if d.front.Draining() {
		s.State = "draining"
	}
	s.Logins, s.Online = d.front.LoginsInFlight(), d.path.Gateway.Online()
	s.fill(d.front.Admission(topSources), show)
	return s
}

// lastSignal is the outcome of the last signal. The one by which this process took over, which the old process was sent, has its outcome
// from the moment that this one serves: a page that said "serving" before would name a front that was started without the sessions.
func (d *Daemon) lastSignal(serving bool) SignalOutcome {
	last := d.signals.get()
	if serving && d.taken != nil {
		last.Number++
	}
	return last
}

func (s *Status) fill(at admission.Status, show func(netip.Prefix) string) {
	s.Open, s.Unauth, s.Limit, s.Sources = at.Open, at.Unauthenticated, at.Limit, at.Sources
	s.InDebt, s.Shut, s.Refused, s.Evicted = at.InDebt, at.Penalized, at.Refused, at.Evicted
	for _, h := range at.Heaviest {
		s.Heaviest = append(s.Heaviest, HeavySource{show(h.Source), h.Open, h.Unauthenticated, h.Exempt})
	}
	for _, p := range at.Penalties {
		s.Longest = append(s.Longest, PenalizedSource{show(p.Source), int64(p.Left.Round(time.Second).Seconds())})
	}
}

// masked shows a source as the application log does. The page has no password, and what it
// says ends up in tickets; who must act on an address asks for the full page.
func masked(source netip.Prefix) string { return logs.MaskedAddr(source.Addr()).String() }

func inFull(source netip.Prefix) string {
	switch {
	case !source.IsValid():
		return "none"
	case source.IsSingleIP():
		return source.Addr().String()
	}
	return source.String()
}
