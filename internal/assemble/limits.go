package assemble

import (
	"time"

	"github.com/tradefront/tradefront/internal/admission"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/front"
	"github.com/tradefront/tradefront/internal/logs"
)

// FrontLimits is what a running front is held to. The configuration was checked, so that
// what it says can be read.
func FrontLimits(cfg *config.Config, maxConnections int) front.Limits {
	l := &cfg.Limits
	return front.Limits{
		Admission: admission.Limits{
			Connections:     maxConnections,
			PerSource:       l.ConnectionsPerSource,
			Unauthenticated: admission.EarlyDrop(l.Unauthenticated),
			Penalties:       penalties(&l.Penalties),
			Exempt:          l.ExemptNetworks,
		},
		Logins: l.LoginsInFlight, RelayLogins: relayLogins(l), Outbound: l.OutboundBytes, Refusals: l.Refusals,
		RequestsPerSecond: l.RequestsPerSecond, RefuseRequests: l.RequestsOver == "refuse", Inbound: l.InboundBytes,
	}
}

// relayLogins is the part of the logins in flight that relays may take: one at least.
func relayLogins(l *config.Limits) int { return max(1, int(l.RelayShare*float64(l.LoginsInFlight))) }

// AuditLimits keep the lines of refusals away from the room that the store needs. min_free is
// that of the start, as it is for the store; the limits may be those of a reload.
func AuditLimits(atStart *config.Config, limits *config.Limits) logs.AuditLimits {
	return logs.AuditLimits{KeepFree: int64(atStart.Store.MinFree), Exempt: limits.ExemptNetworks}
}

func penalties(p *config.Penalties) admission.Penalties {
	return admission.Penalties{
		Cost: [...]time.Duration{
			admission.FailedAuthentication: p.FailedAuthentication,
			admission.NoAuthentication:     p.NoAuthentication,
			admission.Malformed:            p.Malformed,
			admission.RefusalFlood:         p.RefusalFlood,
		},
		Threshold: p.Threshold, Max: p.Max, Sources: p.Sources,
	}
}
