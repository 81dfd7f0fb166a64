package front_test

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/admission"
	"github.com/tradefront/tradefront/internal/front"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/terminaltest"
)

// startWithRelays has a listener for terminals and one for relays. An address may have one connection, and pays for
// each offence until it is refused.
func startWithRelays(t *testing.T) (r *running, relay func() *terminaltest.Terminal) {
	t.Helper()
	cfg := config()
	cfg.Listeners = append(cfg.Listeners, front.Listener{Address: "127.0.0.1:0", Relays: true})
	cfg.Limits.Admission.PerSource = 1
	cfg.Limits.Admission.Penalties = admission.Penalties{Threshold: time.Second, Max: time.Hour, Sources: 100}
	for i := range cfg.Limits.Admission.Penalties.Cost {
		cfg.Limits.Admission.Penalties.Cost[i] = time.Minute
	}
	r = start(t, cfg, newHandler())
	return r, func() *terminaltest.Terminal { return terminaltest.Dial(t, r.Addrs()[1].String(), nil) }
}

// TestRelaysAreNotCountedByAddress: a relay has many connections from one address, and its mistakes cost it no more
// than the one of them.
func TestRelaysAreNotCountedByAddress(t *testing.T) {
	r, relay := startWithRelays(t)
	for range 3 {
		m := relay()
		m.Send(terminaltest.Message(0x1234)) // malformed
		m.ExpectClosed()
	}
	held := make([]*terminaltest.Terminal, 3)
	for i := range held {
		held[i] = relay()
		held[i].Authenticate(software("v_s_1"), authCode)
	}
	terminal := r.dial()
	terminal.Authenticate(software("v_s_1"), authCode)
	r.dial().ExpectClosed() // a terminal's second one is
	r.refused(reason.SourceFull)

	all, err := r.Sessions(t.Context())
	relays := 0
	for i := range all {
		if all[i].Relays {
			relays++
		}
	}
	if err != nil || len(all) != 4 || relays != 3 {
		t.Errorf("%d of %d sessions are relays', %v", relays, len(all), err)
	}
}

// TestEndRelays: each connection of a relay that may not stay is told to go and ends, no other is touched.
func TestEndRelays(t *testing.T) {
	r, relay := startWithRelays(t)
	ended := []*terminaltest.Terminal{relay(), relay(), relay()}
	for _, m := range ended[:2] {
		m.Authenticate(software("v_s_1"), authCode)
	}
	ended[0].Send(login("8"))
	ended[0].Expect(ftd.TIDUserLogin, 0)
	ended[2].Send(ask("v_s_1")) // half open
	ended[2].Expect(ftd.TIDAuthenticate, -1)
	operators := []*terminaltest.Terminal{relay(), relay()}
	for i, m := range operators {
		m.Authenticate(software("v_s_2"), authCode)
		m.Send(login([]string{"7", "9"}[i]))
		m.Expect(ftd.TIDUserLogin, 0)
	}
	terminal := r.dial()
	terminal.Authenticate(software("v_s_1"), authCode)

	mayStay := func(peer session.Peer, appID, account []byte) reason.Reason {
		switch {
		case !peer.Relays:
			t.Error("asked about a terminal")
		case string(appID) == "v_s_1":
			return reason.RelayNetwork
		case string(account) == "7":
			return reason.NotOperator
		}
		return reason.OK
	}
	n, err := r.EndRelays(t.Context(), "停用 withdrawn", mayStay)
	if want := map[front.EndedRelays]int{{"v_s_1", reason.RelayNetwork}: 3, {"v_s_2", reason.NotOperator}: 1}; !maps.Equal(n, want) || err != nil {
		t.Fatalf("%v ended, %v, want %v", n, err, want)
	}
	for _, m := range append(ended, operators[0]) {
		m.Expect(ftd.TIDForceExit, -1)
		m.ExpectClosed()
		r.closedBy(reason.RelayEnded)
	}
	if n, err := r.EndRelays(t.Context(), "again", mayStay); len(n) != 0 || err != nil {
		t.Errorf("%v ended again, %v", n, err)
	}
	left, err := r.Sessions(t.Context())
	if err != nil || len(left) != 2 || !slices.ContainsFunc(left, func(s front.SessionInfo) bool { return s.Relays && s.Account == "9" }) {
		t.Errorf("%+v, %v", left, err)
	}
	terminal.Send(login("9"))
	terminal.Expect(ftd.TIDUserLogin, 0)
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.EndRelays(stopped, "too late", mayStay); err == nil {
		t.Error("a context that ended is no error")
	}
}

// TestHalfOpenRelaysAreBounded: those that do not authenticate keep others out, and only until they end.
func TestHalfOpenRelaysAreBounded(t *testing.T) {
	r, relay := startWithRelays(t)
	r.SetMaxHalfOpenRelays(2, 100)
	first, second := relay(), relay()
	for _, m := range []*terminaltest.Terminal{first, second} {
		m.Send(ask("v_s_1"))
		m.Expect(ftd.TIDAuthenticate, -1)
	}
	relay().ExpectClosed()
	r.refused(reason.UnauthenticatedFull)
	first.Send(answer("v_s_1"))
	first.Expect(ftd.TIDAuthenticate, 0)
	third := relay()
	third.Send(ask("v_s_1"))
	third.Expect(ftd.TIDAuthenticate, -1)
	relay().ExpectClosed()
	r.refused(reason.UnauthenticatedFull)
	_ = third.Close()
	r.closedBy(reason.PeerClosed)
	relay().Authenticate(software("v_s_1"), authCode)
}

// TestHalfOpenRelaysOfOneSource: a host that opens connections and says nothing leaves room for others, also behind a load
// balancer, which tells it by its header.
func TestHalfOpenRelaysOfOneSource(t *testing.T) {
	cfg := config()
	cfg.Listeners = append(cfg.Listeners, front.Listener{Address: "127.0.0.1:0", Relays: true, Proxy: &front.ProxyRule{
		Trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Timeout: time.Minute,
	}}, front.Listener{Address: "127.0.0.1:0", Relays: true})
	cfg.RelayConnections = func(from netip.Addr) int { // less than the bound of any source, and more
		return map[string]int{"203.0.113.7": 1, "203.0.113.9": 3}[from.String()]
	}
	r := start(t, cfg, newHandler())
	r.SetMaxHalfOpenRelays(100, 2)
	through := func(client string) *terminaltest.Terminal {
		m := terminaltest.Dial(t, r.Addrs()[1].String(), nil)
		m.Send(fmt.Appendf(nil, "PROXY TCP4 %s 10.9.9.9 40000 20017\r\n", client))
		return m
	}
	direct := func() *terminaltest.Terminal { return terminaltest.Dial(t, r.Addrs()[2].String(), nil) }
	for told, one := range map[bool]func() *terminaltest.Terminal{
		true: func() *terminaltest.Terminal { return through("203.0.113.7") }, false: direct,
	} {
		first, second := one(), one()
		for _, m := range []*terminaltest.Terminal{first, second} {
			m.Send(ask("v_s_1"))
			m.Expect(ftd.TIDAuthenticate, -1)
		}
		one().ExpectClosed()
		if told { // it was accepted: the header came later
			r.closedBy(reason.UnauthenticatedFull)
		} else {
			r.refused(reason.UnauthenticatedFull)
		}
		first.Send(answer("v_s_1"))
		first.Expect(ftd.TIDAuthenticate, 0)
		_ = second.Close()
		r.closedBy(reason.PeerClosed)
		one().Authenticate(software("v_s_1"), authCode)
	}
	granted := [3]*terminaltest.Terminal{through("203.0.113.9"), through("203.0.113.9"), through("203.0.113.9")}
	for _, m := range granted {
		m.Send(ask("v_s_1"))
		m.Expect(ftd.TIDAuthenticate, -1)
	}
	through("203.0.113.9").ExpectClosed()
	r.closedBy(reason.UnauthenticatedFull)
	for _, m := range granted {
		m.Send(answer("v_s_1"))
		m.Expect(ftd.TIDAuthenticate, 0)
	}
	through("203.0.113.8").Authenticate(software("v_s_1"), authCode)
	await.True(t, "no source is counted any more", func() bool { return r.HalfOpenSources() == 0 })
}

// TestDrainSendsRelaysAway: a relay is told that the front stops, behind the answers to what was on its way; a terminal is not.
func TestDrainSendsRelaysAway(t *testing.T) {
	r, relay := startWithRelays(t)
	m, terminal := relay(), r.dial()
	m.Authenticate(software("v_s_1"), authCode)
	terminal.Authenticate(software("v_s_1"), authCode)
	m.Send(login("8"))
	m.Expect(ftd.TIDUserLogin, 0)
	drained := make(chan error)
	go func() { drained <- r.Drain(t.Context()) }()
	m.Expect(ftd.TIDForceExit, -1)
	m.ExpectClosed()
	terminal.ExpectClosed()
	if err := <-drained; err != nil {
		t.Error(err)
	}
}
