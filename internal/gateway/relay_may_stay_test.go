package gateway

import (
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"testing"

	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/relay"
	"github.com/tradefront/tradefront/internal/session"
)

// TestRelayMayStay: what was taken away from a relay ends the connections that came by it, and the line of the session's end
// says which it was.
func TestRelayMayStay(t *testing.T) {
	digest := sha256.Sum256([]byte("its certificate"))
	shown := relayPeer
	shown.Certificate = &digest
	named := relay.CertDigest(hex.EncodeToString(digest[:]))
	for what, test := range map[string]struct {
		change func(*relayHouse, *relay.Permission)
		want   reason.Reason
	}{
		"nothing": {func(*relayHouse, *relay.Permission) {}, reason.OK},
		"another network": {func(_ *relayHouse, p *relay.Permission) {
			p.Networks = append(p.Networks, netip.MustParsePrefix("10.9.0.0/16"))
		}, reason.OK},
		"its network": {func(_ *relayHouse, p *relay.Permission) {
			p.Networks = []netip.Prefix{netip.MustParsePrefix("10.9.0.0/16")}
		}, reason.RelayNetwork},
		"its certificate": {func(_ *relayHouse, p *relay.Permission) {
			p.ClientCerts[0] = relay.CertDigest(hex.EncodeToString(make([]byte, 32)))
		}, reason.RelayCertificate},
		"no certificate asked": {func(_ *relayHouse, p *relay.Permission) { p.ClientCerts = nil }, reason.OK},
		"a higher rate":        {func(_ *relayHouse, p *relay.Permission) { p.Rate, p.Connections = 1, 1 }, reason.OK},
		"its operator":         {func(_ *relayHouse, p *relay.Permission) { p.Operators = []regulation.Account{"8001other"} }, reason.NotOperator},
		"its AppID":            {func(r *relayHouse, _ *relay.Permission) { r.registry.disabled[operatorApp] = true }, reason.RelayDisabled},
		"all that it had":      {func(r *relayHouse, _ *relay.Permission) { r.grants.permissions = nil }, reason.RelayDisabled},
	} {
		t.Run(what, func(t *testing.T) {
			r := newRelayHouse(t, func(_ *setup, g *grants) { g.permissions[0].ClientCerts = []relay.CertDigest{named} })
			if got := r.verifyAt(shown, operatorApp); got.Reason != reason.OK {
				t.Fatal(got.Reason)
			}
			a := operatorAttempt(operator)
			if outcome := r.Login(t.Context(), shown, &a); outcome.Reason != reason.OK {
				t.Fatal(outcome.Reason)
			}
			test.change(r, &r.grants.permissions[0])
			r.change()
			if got := r.RelayMayStay(shown, []byte(operatorApp), []byte(operator)); got != test.want {
				t.Errorf("%v, want %v", got, test.want)
			}
			beforeLogin := test.want
			if beforeLogin == reason.NotOperator {
				beforeLogin = reason.OK
			}
			if got := r.RelayMayStay(shown, []byte(operatorApp), nil); got != beforeLogin {
				t.Errorf("before a login: %v, want %v", got, beforeLogin)
			}
			r.Ended(shown, []byte(operator), reason.PeerClosed)
			if line := r.audit.entries[len(r.audit.entries)-1]; line.Event != logs.EventRelayEnded || line.Reason != test.want.String() ||
				line.Code != test.want.Code() || line.Operator != operator || line.RelayMode != "3" {
				t.Errorf("%+v", line)
			}
		})
	}
}

// TestStandingOfOthers: who has named no relay stays, and a customer's session through a many-to-many relay has a line of its end if
// the relay was withdrawn, and else none but its own.
func TestStandingOfOthers(t *testing.T) {
	r := newRelayHouse(t, nil)
	stranger := session.Peer{SessionID: 11, Addr: netip.MustParseAddrPort("192.0.2.1:5000"), Relays: true}
	for _, id := range []string{"", appID, "unknown_1"} {
		if got := r.RelayMayStay(stranger, []byte(id), nil); got != reason.OK {
			t.Errorf("AppID %q: %v", id, got)
		}
	}
	if got := r.RelayMayStay(stranger, []byte(investorApp), nil); got != reason.RelayNetwork {
		t.Errorf("half open from elsewhere: %v", got)
	}
	end := func() []logs.Entry {
		r.verifyAt(relayPeer, investorApp)
		if outcome, line := r.loginAt(relayedAttempt()); outcome.Reason != reason.OK {
			t.Fatalf("%+v", line)
		}
		before := len(r.audit.entries)
		r.Ended(relayPeer, []byte(account), reason.PeerClosed)
		return r.audit.entries[before:]
	}
	if lines := end(); len(lines) != 0 {
		t.Errorf("%+v", lines)
	}
	r.verifyAt(relayPeer, investorApp)
	if outcome, line := r.loginAt(relayedAttempt()); outcome.Reason != reason.OK {
		t.Fatalf("%+v", line)
	}
	r.grants.permissions[1].Networks = nil
	r.change()
	before := len(r.audit.entries)
	r.Ended(relayPeer, []byte(account), reason.PeerClosed)
	lines := r.audit.entries[before:]
	if len(lines) != 1 || lines[0].Event != logs.EventRelayEnded || lines[0].Reason != reason.RelayNetwork.String() || lines[0].RelayMode != "2" ||
		lines[0].Account != account || lines[0].Operator != "" {
		t.Errorf("%+v", lines)
	}
}
