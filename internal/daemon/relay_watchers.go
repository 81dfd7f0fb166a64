package daemon

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/agent"
	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/regulation"
)

// agentWatchers are what a relay agent watches: of a front's what it has too, and its own.
func (r *RelayAgent) agentWatchers() []watcher {
	all := []watcher{r.watchServing(), r.watchAuditLog()}
	if r.logOut != nil {
		all = append(all, r.watchApplicationLog())
	}
	if r.path.Link != nil {
		all = append(all, r.watchCoreLink())
	}
	return append(all, r.watchRegistries(), r.watchKeyVersions(), watchCertificates(assemble.AgentCertificates(r.conf), r.now),
		r.watchUpstream(), r.watchHealth())
}

// watchRegistries follows the registry file and the accounts.
func (r *RelayAgent) watchRegistries() watcher {
	w := watcher{
		period: r.conf.Registry.Refresh, look: func(ctx context.Context) {
			r.path.takeDirectory(ctx)
			r.endBarred(ctx)
		},
		checks: []check{
			{"registry", ops.Required, func() (bool, string) {
				n := r.path.Registry.Len()
				if n == 0 {
					return false, "the registry file admits no terminal software: export it again"
				}
				return true, fmt.Sprintf("%d AppIDs, exported %s", n, r.source.Content().Made.In(regulation.Zone).Format(time.DateTime))
			}},
			{"authcodes", ops.Warning, r.checkAuthCodes},
		},
	}
	if r.path.Core != nil {
		w.checks = append(w.checks, check{"accounts", ops.Warning, func() (bool, string) {
			n := r.path.Core.Stats().Accounts
			return n > 0, fmt.Sprintf("%d accounts", n)
		}})
		w.collectors = r.localCoreGauges()
	}
	return w
}

// watchKeyVersions tells whether some key version is valid: without one no login can be judged.
func (r *RelayAgent) watchKeyVersions() watcher {
	return watcher{checks: []check{
		{"keys", ops.Required, func() (bool, string) {
			key := r.ring.Load().Newest(r.now())
			if key == nil {
				return false, "no key version is valid now; add one under keys"
			}
			return true, "newest valid key version is " + key.Version
		}},
		{"key_life", ops.Warning, func() (bool, string) { return keyLife(r.ring.Load(), r.now()) }},
	}}
}

// probePeriod is how often an investor agent that no front takes tries by itself.
const probePeriod = 5 * time.Second

// watchUpstream tells whether a front takes logins, and whether the two clocks agree.
func (r *RelayAgent) watchUpstream() watcher {
	w := watcher{
		period: probePeriod, look: r.probe,
		checks: []check{
			{"upstream", ops.Required, r.agent.Upstream},
			{"clock", ops.Warning, func() (bool, string) {
				ahead := r.agent.ClockAhead()
				return ahead.Abs() <= agent.MaxSkew, fmt.Sprintf("this clock is %v ahead of the front's; mend it by NTP where that is over %v", ahead, agent.MaxSkew)
			}},
		},
		collectors: []ops.Collector{
			ops.NewGauge("agent_terminals", "Terminals of this relay agent that are logged in.", func() float64 { return float64(r.agent.Online()) }),
			ops.NewGauge("agent_upstream_up", "1 while a front takes this relay agent's logins.", func() float64 {
				if up, _ := r.agent.Upstream(); up {
					return 1
				}
				return 0
			}),
			ops.NewGauge("agent_clock_ahead_seconds", "How far this clock is ahead of the front's.", func() float64 { return r.agent.ClockAhead().Seconds() }),
		},
	}
	if r.relay != nil {
		w.collectors = append(w.collectors, r.relayNumbers()...)
	}
	return w
}

// probe looks whether a front is there again that was not: no terminal need try.
func (r *RelayAgent) probe(ctx context.Context) {
	if up, _ := r.agent.Upstream(); !up || r.agent.Online() == 0 {
		r.agent.Probe(ctx)
	}
}

// relayNumbers are those of an operator agent's connection.
func (r *RelayAgent) relayNumbers() []ops.Collector {
	return []ops.Collector{
		ops.NewGauge("agent_unanswered", "Submissions that the front has not answered yet.", func() float64 { return float64(r.relay.Stats().Unanswered) }),
		ops.NewGauge("agent_waiting", "Submissions that wait to be sent.", func() float64 { return float64(r.relay.Stats().Waiting) }),
		ops.NewCounter("agent_operator_logins_total", "Logins of the operator that a front accepted.", func() float64 { return float64(r.relay.Stats().Logins) }),
		ops.NewCounterBy("agent_submissions_total", "Submissions, by what became of them.", "result", func() map[string]float64 {
			s := r.relay.Stats()
			return map[string]float64{
				"sent": float64(s.Sent), "sent_again": float64(s.SentAgain), "recorded": float64(s.Recorded), "refused": float64(s.Refused),
			}
		}),
	}
}

// RelayStatus is how a relay agent is: what `tradefront relay status` prints.
type RelayStatus struct {
	AgentID     int32      `json:"agent_id"`
	Version     string     `json:"version"`
	Mode        string     `json:"mode"`
	RelayAppID  string     `json:"relay_app_id"`
	State       string     `json:"state"`
	Uptime      int64      `json:"uptime_seconds"`
	Connections int        `json:"connections"`
	Terminals   int        `json:"terminals"`
	Upstream    string     `json:"upstream"`
	UpstreamUp  bool       `json:"upstream_up"`
	ClockAhead  float64    `json:"clock_ahead_seconds"`
	AppIDs      int        `json:"app_ids"`
	Exported    *time.Time `json:"registry_exported,omitempty"`
	ops.Report
}

// RelayStatus is the agent at this moment.
func (r *RelayAgent) RelayStatus() RelayStatus {
	s := RelayStatus{
		AgentID: r.cfg.Front.ID, Version: r.build.Version, Mode: r.conf.Mode, RelayAppID: r.conf.Upstream.AppID, State: "starting",
		Uptime: int64(time.Since(r.began).Seconds()), AppIDs: r.path.Registry.Len(), Report: r.health.Report(),
	}
	if made := r.source.Content().Made; !made.IsZero() {
		made = made.In(regulation.Zone)
		s.Exported = &made
	}
	if !r.serving.Load() {
		return s
	}
	if s.State = "serving"; r.front.Draining() {
		s.State = "stopping"
	}
	s.Connections, s.Terminals, s.ClockAhead = r.front.Connections(), r.agent.Online(), r.agent.ClockAhead().Seconds()
	s.UpstreamUp, s.Upstream = r.agent.Upstream()
	return s
}

// RelayedTerminal is one that is logged in through a relay agent: what `tradefront relay terminals` prints.
type RelayedTerminal struct {
	Session
	RecordID string `json:"record_id"`
	SubmitID string `json:"submit_id,omitempty"` // operator only
}

func (r *RelayAgent) terminals(ctx context.Context, show func(netip.Prefix) string) ([]RelayedTerminal, error) {
	sessions, err := r.sessions(ctx, show)
	if err != nil {
		return nil, err
	}
	list := []RelayedTerminal{}
	visits := r.agent.Visits()
	for _, s := range sessions {
		t := RelayedTerminal{Session: s}
		if v, known := visits[s.SessionID]; known {
			t.SubmitID, t.Terminals = v.SubmitID, v.Below
			if v.RecordID != uuid.Nil {
				t.RecordID = v.RecordID.String()
			}
		}
		list = append(list, t)
	}
	slices.SortStableFunc(list, func(a, b RelayedTerminal) int { return cmp.Compare(a.Account, b.Account) })
	return list, nil
}
