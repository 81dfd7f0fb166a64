package e2e

import (
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/test/ports"
	firm "github.com/tradefront/tradefront/test/site"
)

// wholeFront is front 1 with all that can be behind and before a front.
type wholeFront struct {
	*relaySite
	*daemon
	core  *coreProcess
	agent *daemon
}

// serveWhole starts it, with a link to the core whose certificate ends within a day, a second core that does not exist, and an
// obstacle of the last report.
func (w *watched) serveWhole(t *testing.T) *wholeFront {
	t.Helper()
	w.obstacle(t)
	certs := newCertified(t)
	cert, key := certs.issue(t, certs.authority, "core.firm")
	f := &wholeFront{core: newCore(t, "a", twoCustomers+"  - {user: \""+relayOperator+"\", password: \""+password+"\", type: operator}\n", ports.Address(t),
		"--credit", "64", "--cert", cert, "--key", key, "--client-ca", certs.ca)}
	f.relaySite = &relaySite{site: w.siteAt(t, w.whole, firm.Options{
		Listeners: fmt.Sprintf("    - address: %q\n    - {address: %q, admits: relays}\n", ports.Address(t), ports.Address(t)),
		Core: fmt.Sprintf("  driver: link\n  link: {endpoints: [%q, %q], %s, server_name: core.firm, wait: 200ms, verify_timeout: 2s}\n",
			f.core.endpoint(), ports.Address(t), certs.front(t, certs.authority)),
		More: "relay: {enabled: true, max_visits: 25}\nauth: {refresh: 100ms}\nlimits: {refusals: 100000, penalties: {sources: 0}}\n",
	})}
	f.operatorCode = f.addRelay(operatorRelay, "operator", "--operator", relayOperator, "--scope", "single:"+alice)
	f.investorCode = f.addRelay(investorRelay, "investor")
	f.daemon = f.serveReady()
	a := f.investorAgent(f.daemon, "")
	a.replaceConfig(`admin: {address: "127.0.0.1:0"}`, fmt.Sprintf("admin: {address: %q}", w.agent))
	f.agent = a.run()
	return f
}

// breakCore breaks the trading core, then what relays report.
func (w *watched) breakCore(t *testing.T, f *wholeFront) {
	w.scrapes(t, w.whole)
	w.fires(t, w.whole, "TradefrontCoreEndpointAway", "TradefrontCertificateEnds", "TradefrontCertificateEndsNow")
	w.fires(t, "", "TradefrontReportHeldBack")
	a := f.tradeAs(t, alice, 1)
	w.quiet(t, w.whole, "TradefrontCoreSlow", "TradefrontLoginsSlow", "TradefrontOrdersRefused", "TradefrontCoreTimeouts", "TradefrontCoreDown")
	f.core.do("late-verify 1200ms")
	f.tradeAs(t, bob, 2)
	f.core.do("late-verify 0s")
	w.fires(t, w.whole, "TradefrontCoreSlow", "TradefrontLoginsSlow")
	f.core.do("no-credit")
	f.awaitMetric(`tradefront_core_credit{endpoint="` + f.core.endpoint() + `"} 0`)
	for range 12 {
		a.send(client.Outgoing{TID: echoTID, Fields: []client.Field{{FID: 0x7001, Data: []byte("x")}}})
	}
	w.fires(t, w.whole, "TradefrontOrdersRefused")
	f.core.do("credit auto")

	w.breakRelays(t, f)
	f.core.do("mute 1m")
	var logins sync.WaitGroup
	for range 12 {
		m := f.trade(t)
		logins.Go(func() { _, _ = m.login(f.site, alice, password, terminalText) })
	}
	w.fires(t, w.whole, "TradefrontCoreTimeouts")
	logins.Wait()
	f.core.kill()
	w.fires(t, w.whole, "TradefrontCoreDown")
}

// killWhole kills the front. Until then the twin has another front of its front.id.
func (w *watched) killWhole(t *testing.T, f *wholeFront) {
	w.quiet(t, w.agent, "TradefrontAgentUpstreamAway")
	f.kill()
	w.fires(t, w.whole, "TradefrontDown")
	w.fires(t, w.agent, "TradefrontAgentUpstreamAway")
}

// breakRelays has an operator relay tell one address of all its terminals, report strangers, and report more than it may; and
// an attacker try passwords through the other relay.
func (w *watched) breakRelays(t *testing.T, f *wholeFront) {
	w.quiet(t, "", "TradefrontRelayOneAddress", "TradefrontRelaySubmissionsRefused", "TradefrontRelayFlood", "TradefrontRelayGuessing")
	r, err := client.DialRelay(t.Context(), client.RelayOptions{
		Addresses: []string{f.relays()}, AuthCode: f.operatorCode, Identity: client.Identity{BrokerID: "9999", AppID: operatorRelay},
		Login: client.LoginRequest{
			BrokerID: "9999", UserID: relayOperator, Password: password, KeyVersion: "1.0", AbnormalFlag: '0', Ciphertext: make([]byte, 256),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var all sync.WaitGroup
	submit := func(user string, n int) {
		all.Go(func() {
			_, _ = r.Submit(t.Context(), client.Submission{
				UserID: user, KeyVersion: "1.0", AbnormalFlag: '0', Ciphertext: make([]byte, 256),
				Terminal: client.RelayedTerminal{AppID: appID, PublicAddr: customerAt(n), LoginTime: time.Now(), Type: '2'},
			})
		})
	}
	for n := range 20 {
		submit(alice, n)
	}
	all.Wait()
	w.fires(t, "", "TradefrontRelayOneAddress")
	for n := range 12 {
		submit(bob, n)
	}
	all.Wait()
	w.fires(t, "", "TradefrontRelaySubmissionsRefused")

	for n := range 70 {
		submit(alice, 20+n)
	}
	all.Wait()
	w.fires(t, "", "TradefrontRelayFlood")
	w.guess(t, f)
}

// guess tries wrong passwords through the many-to-many relay until the front takes no more of them.
func (w *watched) guess(t *testing.T, f *wholeFront) {
	t.Helper()
	var last atomic.Int64
	var refused atomic.Bool
	once := func() {
		n := int(last.Add(1))
		c, err := client.Dial(t.Context(), f.relays())
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		if _, err := c.Authenticate(t.Context(), client.Identity{BrokerID: "9999", AppID: investorRelay}, f.investorCode); err != nil {
			t.Error(err)
			return
		}
		_, err = c.LoginVia(t.Context(), client.LoginRequest{
			BrokerID: "9999", UserID: fmt.Sprint(20000 + n), Password: "wrong", KeyVersion: "1.0", AbnormalFlag: '0', Ciphertext: make([]byte, 256),
		}, client.RelayedTerminal{AppID: appID, PublicAddr: customerAt(n), LoginTime: time.Now(), Type: '2'})
		if refusal, is := errors.AsType[*client.Error](err); is && refusal.Code == 90 {
			refused.Store(true)
		}
	}
	var guessers sync.WaitGroup
	for range 8 { // the relay may guess ten times a second in the long run: one alone might be no faster
		guessers.Go(func() {
			for !refused.Load() && !t.Failed() && last.Load() < guesses {
				once()
			}
		})
	}
	guessers.Wait()
	if !refused.Load() {
		t.Fatalf("the front took %d guesses through the relay", guesses)
	}
	w.fires(t, "", "TradefrontRelayGuessing")
}

// guesses are many more than a relay may make.
const guesses = 20_000

// customerAt is always the same address, and a port of its own.
func customerAt(n int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{203, 0, 113, 7}), uint16(10000+n))
}
