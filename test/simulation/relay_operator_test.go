package simulation

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/tradefront/tradefront/internal/dialogue"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/relay"
	"github.com/tradefront/tradefront/internal/session"
)

// addressOf is where a terminal or a relay connects from.
func (w *world) addressOf(t *terminal) (addr netip.AddrPort, foreign bool) {
	if t.relay != nil {
		return t.relayAddress()
	}
	return w.address(), false
}

// limitRelays puts the plan's bounds into the directory, as an operator does before relays come.
func (w *world) limitRelays() {
	if !w.hasRelays() || w.relays.limited {
		return
	}
	w.relays.limited = true
	w.change(w.process, func(ctx context.Context, d *directory.Directory) {
		for _, app := range []regulation.AppID{investorApp, operatorApp} {
			_, err := d.ChangePermission(ctx, app, func(p *relay.Permission) error {
				p.Window, p.Rate, p.Burst, p.Connections = w.relays.window, w.relays.rate, w.relays.burst, w.relays.connections
				return nil
			})
			must(err)
		}
	})
}

// change is a command of an operator, and what the front makes of it at its next look.
func (w *world) change(p *process, command func(context.Context, *directory.Directory)) {
	ctx := context.Background()
	command(ctx, directory.New(p.path.Journal.Tables()))
	p.path.FollowDirectory(ctx)
}

// ofPermissions is what an operator grants relays and takes back. A command that would wait for a commit that is under way
// comes before it or after it.
func (w *world) ofPermissions(p *process, add func(int, func() string)) {
	if !w.hasRelays() || p.gate.holds("commit") || p.stopping {
		return
	}
	now := w.granted()
	if w.healed {
		if now != (permission{}) {
			add(200, func() string { return w.grant(p, permission{}) })
		}
		return
	}
	weight := w.relays.disables
	if now.disabled != "" {
		weight = 30
	}
	add(weight, func() string {
		next := now
		if next.disabled = pick(w.random, investorApp, operatorApp); now.disabled != "" {
			next.disabled = ""
		}
		return w.grant(p, next)
	})
	add(w.relays.narrows, func() string {
		next := now
		next.narrow = !now.narrow
		return w.grant(p, next)
	})
}

// grant makes next the permission that is in force.
func (w *world) grant(p *process, next permission) string {
	was := w.granted()
	w.relays.permissions = append(w.relays.permissions, next)
	w.counts.permissions++
	w.change(p, func(ctx context.Context, d *directory.Directory) {
		if was.disabled != next.disabled {
			for app, enabled := range map[string]bool{was.disabled: true, next.disabled: false} {
				if app != "" {
					must(d.SetRelayEnabled(ctx, regulation.AppID(app), enabled))
				}
			}
		}
		if was.narrow != next.narrow {
			scope := wideScope()
			if next.narrow {
				scope = narrowScope()
			}
			_, err := d.ReplaceScope(ctx, operatorApp, []regulation.Account{relayOperator}, scope)
			must(err)
		}
	})
	ended := p.endWithdrawn(next.disabled)
	if next.disabled != "" && (ended.staying > 0 || ended.left > 0) {
		w.violate("relay %s is disabled: %+v", next.disabled, ended)
	}
	return fmt.Sprintf("relays may now %+v: %d connections end", next, ended.connections)
}

// ends is what became of the connections of relays: ended, open all the same, and of the disabled relay but let stay.
type ends struct{ connections, left, staying int }

// endWithdrawn is front.EndRelays.
func (p *process) endWithdrawn(disabled string) (e ends) {
	exit := dialogue.AppendExit(nil, session.AppendForceExit(nil, session.ExitByOperator, "simulated"), reason.RelayEnded)
	for _, c := range append([]*wire(nil), p.wires...) {
		if !c.peer.Relays {
			continue
		}
		if p.path.Gateway.RelayMayStay(c.peer, c.dialogue.AppID(), c.dialogue.UserID()) == reason.OK {
			if disabled != "" && string(c.dialogue.AppID()) == disabled {
				e.staying++
			}
			continue
		}
		e.connections++
		c.takeNow(exit)
		if c.dialogue.Closing() == reason.StayOpen && !c.dialogue.Ended() && c.dialogue.State() != session.LoggingIn {
			e.left++
		}
		c.closeIfOver()
	}
	return e
}
