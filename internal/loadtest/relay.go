package loadtest

import (
	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/loadtest/population"
)

// operators reports whether visits are those of relays' operators.
func (p *Plan) operators() bool { return p.Scenario == Relay && p.RelayMode == OperatorRelay }

// throughRelays reports whether visits are those of customers who come through a relay.
func (p *Plan) throughRelays() bool { return p.Scenario == Relay && p.RelayMode == InvestorRelay }

// relays are those of the people file that the mode needs.
func (p *Plan) relays() (all []*population.Relay) {
	kind := auth.AppInvestorRelay
	if p.operators() {
		kind = auth.AppOperatorRelay
	}
	for i := range p.People.Relays {
		if r := &p.People.Relays[i]; r.Type == kind {
			all = append(all, r)
		}
	}
	return all
}

// Operators are how many operator relays the people file has.
func (p *Plan) Operators() int {
	operator := Plan{Scenario: Relay, RelayMode: OperatorRelay, People: p.People}
	return len(operator.relays())
}

// apps are the AppIDs that visits authenticate with, one after the other.
func (p *Plan) apps() (all []*population.App) {
	if p.Scenario == Relay {
		for _, r := range p.relays() {
			all = append(all, &r.App)
		}
		return all
	}
	for i := range p.People.Apps {
		all = append(all, &p.People.Apps[i])
	}
	return all
}
