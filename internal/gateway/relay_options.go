package gateway

import (
	"net/netip"
	"slices"
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/relay"
	"github.com/tradefront/tradefront/internal/session"
)

// RelayOptions are the firm's choices about relays; the configuration's section relay has the same names.
type RelayOptions struct {
	Enabled        bool
	MaxTerminalAge time.Duration // of a terminal's login at its relay
	ClockAhead     time.Duration // that a relay's clock may be before ours
	SubmitIDAge    time.Duration
	// OperatorAuditOnly leaves an operator relay's own login out of the report: it is a line of the audit log alone, and its
	// RecordID is zero.
	OperatorAuditOnly bool
	OfflineOrders     bool // terminals of type 6 may come without an address
	AuditTags         bool // TerminalTag is kept in the audit log
	// PublicAddresses are item 7 by the relay's address as this front sees it; others are reported as they are seen.
	PublicAddresses map[netip.Addr]netip.Addr
	MaxVisits       int // of one connection; 0 for no bound
	// TerminalExits are the operator relays that a ForceExit may tell to end one terminal.
	TerminalExits []regulation.AppID
}

// SetRelay gives what comes through relays from now on other options. A submission or a login that is on its way finishes with
// those that it began with. No connection is touched.
func (g *Gateway) SetRelay(next RelayOptions) { g.relaying.Store(&next) }

// Relay is what the next submission will be held to.
func (g *Gateway) Relay() RelayOptions { return *g.relaying.Load() }

// terms are what an operator relay may ask.
func (o *RelayOptions) terms(r *relay.Relay) *ftd.RelayTerms {
	features := byte('0')
	if slices.Contains(o.TerminalExits, r.AppID) {
		features = ftd.TermsTerminalExit
	}
	return &ftd.RelayTerms{
		Window: r.Window, Rate: r.Rate, Burst: r.Burst, MaxTerminalAge: min(int(o.MaxTerminalAge/time.Second), mostTermsAge), Features: features,
	}
}

// mostTermsAge is what six digits hold: a relay is told at most 11 days and a half, and may have more.
const mostTermsAge = 999_999

// relayAddr is items 7 and 8: where the relay is, as the front captured it, or the public address that the firm says
// it has.
func (o *RelayOptions) relayAddr(peer session.Peer) netip.AddrPort {
	if public, mapped := o.PublicAddresses[peer.Addr.Addr().Unmap()]; mapped {
		return netip.AddrPortFrom(public, peer.Addr.Port())
	}
	return peer.Addr
}

// RelayObserver counts what relays do. A relay is named by its AppID, and only if it is admitted.
type RelayObserver interface {
	Submitted(relay, reason string)             // a submission, or a relayed login, by its result
	SubmissionsInFlight(relay string, more int) // started, or decided
	VisitsLive(relay string, more int)          // began, or ended
	TerminalLoginAge(d time.Duration)           // of an accepted one: how long its terminal had been at the relay
	ReReported(relay string)                    // the ciphertext of a visit came again
	TerminalAt(relay string, addr netip.Addr)   // of an accepted one
	UnlistedApp(relay, reason string)           // an AppID was taken that a stricter relay would be refused
	RelayGuessed(relay string, over bool)       // a wrong password; over: a login was refused for those before
}

// noRelayObserver is the RelayObserver of a gateway that has none.
type noRelayObserver struct{}

func (noRelayObserver) Submitted(string, string)        {}
func (noRelayObserver) SubmissionsInFlight(string, int) {}
func (noRelayObserver) VisitsLive(string, int)          {}
func (noRelayObserver) TerminalLoginAge(time.Duration)  {}
func (noRelayObserver) ReReported(string)               {}
func (noRelayObserver) TerminalAt(string, netip.Addr)   {}
func (noRelayObserver) UnlistedApp(string, string)      {}
func (noRelayObserver) RelayGuessed(string, bool)       {}
