package loadtest

import (
	"maps"
	"testing"
	"time"
)

// TestAttackersShareNoNetworkWithHonestTerminals: the front penalizes an address, and the /24 around it, for all that come from there.
func TestAttackersShareNoNetworkWithHonestTerminals(t *testing.T) {
	t.Parallel()
	const accounts = 2 * maxSources
	for _, p := range []*Plan{{}, {Sources: 1}, {Sources: maxSources}, {Proxy: true}, {Proxy: true, Sources: 1000}} {
		honestNets, attackNets := map[[3]byte]bool{}, map[[3]byte]bool{}
		for account := range accounts {
			from, chosen := p.source(honest, account)
			if chosen != (p.Sources > 0 || p.Proxy) {
				t.Fatalf("%+v: an honest terminal's address is chosen: %v", p, chosen)
			}
			honestNets[[3]byte(from[:3])] = chosen
			if from, chosen = p.source(wrongPassword, account); !chosen {
				t.Fatalf("%+v: an attacker's address is left to the system, which gives it that of honest terminals", p)
			}
			attackNets[[3]byte(from[:3])] = true
		}
		if !p.Proxy && attackNets[[3]byte{127, 0, 0}] || len(attackNets) != attackSources {
			t.Errorf("%+v: attackers come from %d networks, or from the one that the system chooses for honest terminals", p, len(attackNets))
		}
		for network := range attackNets {
			if honestNets[network] {
				t.Fatalf("%+v: attackers and honest terminals come from %v", p, network)
			}
		}
	}
}

// TestAnAttackerThatIsShutOutGotWhatItMust: closed at accept, or told that its address is locked. Later it must have its answer, and an
// honest visit that is treated so is an error.
func TestAnAttackerThatIsShutOutGotWhatItMust(t *testing.T) {
	t.Parallel()
	closed := func(e *engine, v *visit) { e.closedByFront(v) }
	locked := func(e *engine, v *visit) { e.refused(v, codeSource) }
	for _, test := range []struct {
		kind  kind
		state state
		end   func(*engine, *visit)
		want  string // the key of Hostile; "" for an error
	}{
		{wrongAuthCode, connecting, closed, shutOut},
		{wrongPassword, asking, closed, shutOut},
		{wrongAuthCode, answering, locked, shutOut},
		{wrongPassword, loggingIn, locked, shutOut},
		{silent, connecting, closed, shutOut},
		{silent, waiting, closed, "silent"},
		{notOurProtocol, waiting, closed, "not_our_protocol"},
		{malformed, waiting, closed, "malformed"},
		{slow, waiting, closed, "slow"},
		{wrongAuthCode, answering, closed, ""},
		{wrongPassword, loggingIn, closed, ""},
		{honest, asking, closed, ""},
		{honest, loggingIn, locked, ""},
	} {
		e := engineOf(&Plan{Scenario: Hostile, Visits: 1, Patience: time.Second})
		e.measured.begins(0, 1)
		v := &visit{fd: -1, kind: test.kind, state: test.state}
		test.end(e, v)
		r := e.measured.outcome(e.plan, "")
		want := map[string]int{}
		if test.want != "" {
			want[test.want] = 1
		}
		if !maps.Equal(r.Hostile, want) || r.Counts.Hostile != len(want) || r.Counts.Errors() != 1-len(want) || v.state != unused {
			t.Errorf("%s at %s: hostile %v, refused %v, failed %v, want %q", kindNames[test.kind], stateNames[test.state], r.Hostile, r.Refused, r.Failed, test.want)
		}
	}
}
