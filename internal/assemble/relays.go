package assemble

import (
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/gateway"
)

// GatewayRelays are those of the configuration's section relay.
func GatewayRelays(cfg *config.Config) gateway.RelayOptions {
	r := &cfg.Relay
	return gateway.RelayOptions{
		Enabled: r.Enabled, MaxTerminalAge: r.MaxTerminalAge, ClockAhead: r.ClockAhead, SubmitIDAge: r.SubmitIDAge,
		OperatorAuditOnly: r.OperatorRecord == "audit_only", OfflineOrders: r.OfflineOrders, AuditTags: r.AuditTags,
		PublicAddresses: r.PublicAddresses.Map(), MaxVisits: r.MaxVisits, TerminalExits: r.TerminalExits,
	}
}
