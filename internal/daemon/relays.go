package daemon

import (
	"context"
	"fmt"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/regulation"
)

// Relays of a running front: changes that commands made are in force with the next look at AppIDs (auth.refresh).

// relayExitText is what a relay is told whose admission was withdrawn.
const relayExitText = "中继接入已被停用 the relay's admission was withdrawn by the firm"

// watchRelays tells which relays this front admits.
func (d *Daemon) watchRelays() watcher {
	return watcher{checks: []check{{"relays", ops.Warning, d.checkRelays}}}
}

func (d *Daemon) checkRelays() (bool, string) {
	var without []regulation.AppID
	enabled, disabled := 0, 0
	for _, r := range d.path.Relays.All() {
		switch _, admitted, known := d.path.Registry.Kind([]byte(r.AppID)); {
		case !known || !admitted:
			disabled++
		case len(r.Networks) == 0:
			without = append(without, r.AppID)
			fallthrough
		default:
			enabled++
		}
	}
	where := fmt.Sprintf("%d relays, %d disabled or unreadable; admitted on %s", enabled, disabled, d.relayAddresses())
	switch {
	case len(without) > 0:
		return false, fmt.Sprintf("%s; refused from every address, as they have no network: %s; add one with: tradefront relay change RELAY --add-network CIDR",
			where, assemble.SomeOf(without))
	case enabled == 0:
		return false, where + "; admit one with: tradefront relay add"
	}
	return true, where
}

// relayAddresses are those of the listeners that admit relays.
func (d *Daemon) relayAddresses() string {
	addresses := ""
	for i, a := range d.front.Addrs() {
		if d.cfg.Front.Listeners[i].AdmitsRelays() {
			if addresses != "" {
				addresses += ", "
			}
			addresses += a.String()
		}
	}
	return addresses
}

// endDisabledRelays ends the connections of relays that are not admitted any more. They were told to go; a connection
// that a relay opens from now on is refused at its authentication.
func (d *Daemon) endDisabledRelays(ctx context.Context) {
	if !d.serving.Load() || !d.cfg.Relay.Enabled {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, sessionPatience)
	defer cancel()
	for _, appID := range d.path.DisabledRelays() {
		ended, err := d.front.EndRelay(ctx, string(appID), relayExitText)
		if ended > 0 {
			d.logger.Info("a relay is not admitted any more, and its connections were ended",
				zap.String("relay", string(appID)), zap.Int("connections", ended))
		}
		if err != nil && ctx.Err() != nil {
			d.logger.Error("connections of a relay that is not admitted any more may be open: an event loop did not answer; "+
				"disable it again, or restart this front", zap.String("relay", string(appID)), zap.Error(err))
		}
	}
}

// DisabledRelays are the AppIDs of relays that are not admitted now.
func (p *LoginPath) DisabledRelays() (disabled []regulation.AppID) {
	for _, r := range p.Relays.All() {
		if _, enabled, _ := p.Registry.Kind([]byte(r.AppID)); !enabled {
			disabled = append(disabled, r.AppID)
		}
	}
	return disabled
}
