package daemon

import (
	"context"
	"fmt"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/gateway"
	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/relay"
	"github.com/tradefront/tradefront/internal/session"
)

// Relays of a running front: changes that commands made are in force with the next look at AppIDs (auth.refresh).

// relayExitText is what a relay is told whose admission was withdrawn.
const relayExitText = "中继接入已被停用 the relay's admission was withdrawn by the firm"

// watchRelays tells which relays this front admits.
func (d *Daemon) watchRelays() watcher {
	return watcher{
		period: d.cfg.Auth.Refresh, look: d.presetRelays(),
		checks: []check{{"relays", ops.Warning, d.checkRelays}, {"relay_guessing", ops.Warning, d.checkGuessing}},
	}
}

// presetRelays starts the counters of each relay at zero when it is seen first, so that the first of anything is an increase.
func (d *Daemon) presetRelays() func(context.Context) {
	known := make(map[regulation.AppID]bool)
	reasons := relayReasons()
	return func(context.Context) {
		for _, r := range d.path.Relays.All() {
			if !known[r.AppID] {
				known[r.AppID] = true
				d.metrics.PresetRelay(string(r.AppID), reasons)
			}
		}
	}
}

// relayReasons are the results of a submission.
func relayReasons() []string {
	words := []string{reason.OK.String(), reason.Resubmitted.String(), reason.RelayDisabled.String(), reason.SubmitFault.String(), reason.CoreFull.String()}
	for _, why := range session.SubmitChecks() {
		words = append(words, why.String())
	}
	for _, c := range gateway.SubmitChecks() {
		words = append(words, c.Reason.String())
	}
	return words
}

// checkGuessing is false while logins through a relay are refused for the wrong passwords that came before.
func (d *Daemon) checkGuessing() (bool, string) {
	var guessing []regulation.AppID
	for _, r := range d.path.Relays.All() {
		if r.Guessing() {
			guessing = append(guessing, r.AppID)
		}
	}
	if len(guessing) == 0 {
		return true, fmt.Sprintf("no relay brought more than %d wrong passwords a minute", relay.GuessesPerMinute)
	}
	return false, fmt.Sprintf("more than %d wrong passwords a minute came through %s: logins through it are answered 90. A customer of that relay, or the relay, "+
		"tries passwords: call its operator, or stop it with: tradefront relay disable RELAY", relay.GuessesPerMinute, assemble.SomeOf(guessing))
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

// endWithdrawnRelays ends the connections that relays may not have any more: the relay was disabled, or the network, the certificate
// or the operator that the connection came by was taken away from it. They are told to go; a connection that such a relay opens from now on is
// refused at its authentication. What could not be ended now is tried again at the next look.
func (d *Daemon) endWithdrawnRelays(ctx context.Context) {
	if !d.serving.Load() || !d.cfg.Relay.Enabled {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, sessionPatience)
	defer cancel()
	ended, err := d.front.EndRelays(ctx, relayExitText, d.path.Gateway.RelayMayStay)
	for of, n := range ended {
		d.logger.Info("a relay may not have these connections any more, and they were ended; the reason says what was withdrawn",
			zap.String("relay", of.AppID), zap.Stringer("reason", of.Why), zap.Int("connections", n))
	}
	if d.withdrawn.Store(err != nil); err != nil && ctx.Err() != nil {
		d.logger.Error("connections that relays may not have any more may be open: an event loop did not answer; this front tries again at its next look",
			zap.Error(err))
	}
}
