package e2e

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/coresim"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/certificates"
	firm "github.com/tradefront/tradefront/test/site"
	"github.com/tradefront/tradefront/test/terminaltest"
)

// TestAgentsInAChain: an agent below an agent, in both modes. The report has the terminal as the lowest saw it, and the relay next
// below the front.
func TestAgentsInAChain(t *testing.T) {
	t.Parallel()
	t.Run("investor", func(t *testing.T) {
		t.Parallel()
		s := newRelaySite(t, "", quick)
		below := s.addRelay(chainedInvestor, "investor")
		s.cli("", "relay", "change", investorRelay, "--chained", "--add-app", appID, "--add-app", chainedInvestor)
		d := s.serve()
		upper := s.investorAgent(d, relaysToo)
		u := upper.run()
		lower := s.agent("investor", chainedInvestor, below, u.relays(), "")
		l := lower.run()
		v := s.mustLogIn(l, account, password)
		direct := s.mustLogIn(u, account, password)
		refused := s.terminal(l, account, "wrong")
		ref, up := lower.refs(t, refused.err)
		if code(t, refused.err) != 3 || upper.trueReason(up) != "upstream_refused" {
			t.Errorf("a wrong password: %v", refused.err)
		}
		s.explained("wrong_password", ref, upper, lower)
		l.stop()
		u.stop()
		d.stop()
		lines := s.lines(v.got.TradingDay)
		for _, v := range []*visit{v, direct} {
			if line := lineOf(t, lines, v); !strings.Contains(line, "@"+investorRelay+"@127.0.0.1@") || !strings.HasSuffix(line, "@"+account+"@1") {
				t.Errorf("line %s", line)
			}
		}
	})
	t.Run("operator", func(t *testing.T) {
		t.Parallel()
		s := newRelaySite(t, "", quick)
		below := s.addRelay(chainedOperator, "operator")
		s.cli("", "relay", "change", operatorRelay, "--chained", "--add-app", appID, "--add-app", chainedOperator)
		d := s.serve()
		upper := s.operatorAgent(d, relaysToo+"chained_exits: true\n")
		firm.AddAccount(t, binary, upper.config, relayOperator, password, "2")
		u := upper.run()
		upper.awaitUpstream(u, true)
		lower := s.agent("operator", chainedOperator, below, u.relays(), "upstream.exit_spread: 0s\n")
		l := lower.run()
		v, other := s.mustLogIn(l, account, agentPassword), s.mustLogIn(l, account, agentPassword)
		direct := s.mustLogIn(u, account, agentPassword)
		s.explained("ok", v.got.RecordID, upper, lower)
		refused := s.terminal(l, "77777777", agentPassword)
		ref, up := lower.refs(t, refused.err)
		if code(t, refused.err) != 3 || upper.trueReason(up) != "upstream_refused" {
			t.Errorf("out of scope: %v", refused.err)
		}
		s.explained("out_of_scope", ref, upper, lower)
		if n := upper.status(u).Terminals; n != 3 {
			t.Errorf("%d terminals through the upper agent, want three", n)
		}

		// The lower agent loses the upper one and comes back: its terminals are reported again, through both.
		lower.above.Lead("")
		await.Every(t, 100*time.Millisecond, "the upper agent to end their visits", func() bool { return upper.status(u).Terminals == 1 })
		lower.above.Lead(u.relays())
		await.True(t, "both to be reported again", func() bool { return lower.events("reported_again") == 2 })
		v.stays(t, "within the grace")

		// A terminal that the front takes no more is ended through both agents.
		s.cli("", "relay", "scope", "remove", operatorRelay, relayOperator, "prefix:8888")
		upper.above.Lead("")
		upper.awaitUpstream(u, false)
		upper.above.Lead(d.relays())
		v.sentAway(t)
		other.sentAway(t)
		direct.sentAway(t)
		l.stop()
		u.stop()
		d.stop()
		lines := s.lines(v.got.TradingDay)
		for v, want := range map[*visit]int{v: 2, direct: 1} {
			n := 0
			for _, line := range lines {
				if strings.Contains(line, v.item()) && strings.Contains(line, "@"+operatorRelay+"@127.0.0.1@") && strings.HasSuffix(line, "@"+account+"@2") {
					n++
				}
			}
			if n != want {
				t.Errorf("%d lines of %s, want %d in %q", n, v.item(), want, lines)
			}
		}
	})
}

// relaysToo is a second listener of an agent, for relays.
const relaysToo = "front: {id: 101, listeners: [{address: \"127.0.0.1:0\"}, {address: \"127.0.0.1:0\", admits: relays}]}\nchained: true\n"

// TestWhatARelayMustNotSendToAnAgent: each mistake of the field gets from an agent the code that it gets from a front. One differs:
// under the SubmitID of a live terminal an agent takes no other content.
func TestWhatARelayMustNotSendToAnAgent(t *testing.T) {
	t.Parallel()
	s := newRelaySite(t, "", quick)
	below := s.addRelay(chainedOperator, "operator")
	s.cli("", "relay", "change", operatorRelay, "--chained", "--add-app", chainedOperator, "--add-app", appID)
	d := s.serve()
	a := s.operatorAgent(d, relaysToo+unpunished)
	firm.AddAccount(t, binary, a.config, relayOperator, password, "2")
	r := a.run()
	a.awaitUpstream(r, true)
	var bad struct {
		Results []struct {
			Case, Problem string
			Code          int
			Want          []int
			OK            bool
		}
	}
	s.relay(r, &bad, "bad", "--app-id", chainedOperator, "--authcode", below, "--next-app", operatorRelay, "--stranger", "77777777",
		"--unknown", "88889999", "--terminals-address", r.all[0], "--direct-authcode", s.apps[0].AuthCode, "--customer-password", agentPassword)
	for _, c := range bad.Results {
		if c.Case == "its SubmitID for other content" {
			c.OK = c.Code == 15
		}
		if !c.OK {
			t.Errorf("%+v", c)
		}
	}
	if len(bad.Results) < 60 {
		t.Errorf("only %d cases", len(bad.Results))
	}
	r.stop()
	d.stop()
}

// TestIndependentRelaysBelowAnAgent: relays that were written from the pages alone come to an agent as to a front. The report has
// their terminals as they told them, and the agent as the relay.
func TestIndependentRelaysBelowAnAgent(t *testing.T) {
	t.Parallel()
	s := newRelaySite(t, "", quick)
	many, one := s.addRelay(chainedInvestor, "investor"), s.addRelay(chainedOperator, "operator")
	s.cli("", "relay", "change", investorRelay, "--chained", "--add-app", chainedInvestor)
	s.cli("", "relay", "change", operatorRelay, "--chained", "--add-app", chainedOperator)
	s.cli("", "relay", "change", investorRelay, "--add-app", appID)
	s.cli("", "relay", "change", operatorRelay, "--add-app", appID)
	d := s.serve()
	investor, operator := s.investorAgent(d, relaysToo), s.operatorAgent(d, relaysToo)
	firm.AddAccount(t, binary, operator.config, relayOperator, password, "2")
	i, o := investor.run(), operator.run()
	operator.awaitUpstream(o, true)

	var via relayedLogin
	if !s.relay(i, &via, "investor", "--app-id", chainedInvestor, "--authcode", many, "--next-app", investorRelay, "--account", account) {
		t.Error("many-to-many")
	}
	var got struct {
		Terms   map[string]any
		Answers []relayedLogin
	}
	if !s.relay(o, &got, "operator", "--app-id", chainedOperator, "--authcode", one, "--next-app", operatorRelay, "--customers", account+",77777777,88880001") {
		t.Error("operator")
	}
	for _, stop := range []*daemon{i, o, d} {
		stop.stop()
	}
	want := []string{fmt.Sprintf("0@%s@%s@%d@%s@%s@", appID, via.PublicIP, via.PublicPort, via.LoginTime, investorRelay)}
	for _, a := range got.Answers {
		if out := a.UserID == "77777777"; out != (a.Answer == 9) || !out && a.Answer != 0 {
			t.Errorf("%+v", a)
		}
		if a.Answer == 0 {
			want = append(want, fmt.Sprintf("0@%s@%s@%d@%s@%s@", appID, a.IP, a.Port, a.At, operatorRelay))
		}
	}
	lines := s.lines(via.TradingDay)
	for _, w := range want {
		if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, w) }) {
			t.Errorf("%s is not in %q", w, lines)
		}
	}
	if len(want) != 3 || len(lines) != 4 { // and the agent's own operator
		t.Errorf("%d of %d lines", len(want), len(lines))
	}
	if n := operator.events("submit_end"); n != 2 {
		t.Errorf("%d TerminalEnds", n)
	}
}

// tlsProxy ends TLS before a front, as HAProxy does, and asks for a certificate of the authority.
func tlsProxy(t *testing.T, authority *certificates.Authority, front string) (address string) {
	t.Helper()
	p := authority.Issue(t, "front.firm", time.Now().Add(time.Hour))
	pair, err := tls.X509KeyPair(p.Cert, p.Key)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority.PEM)
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: roots,
	})
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	t.Cleanup(func() { _ = l.Close(); running.Wait() })
	running.Go(func() {
		for {
			down, err := l.Accept()
			if err != nil {
				return
			}
			up, err := net.Dial("tcp", front)
			if err != nil {
				_ = down.Close()
				continue
			}
			for _, ends := range [][2]net.Conn{{down, up}, {up, down}} {
				running.Go(func() {
					_, _ = io.Copy(ends[1], ends[0])
					_, _ = down.Close(), up.Close()
				})
			}
		}
	})
	return l.Addr().String()
}

// TestAgentOverTLS: agents of both modes come over TLS, with a certificate. One whose authority is another gives its terminals 8
// until the file is right: it is read for each connection.
func TestAgentOverTLS(t *testing.T) {
	t.Parallel()
	s := newRelaySite(t, "", quick)
	d := s.serve()
	authority := certificates.New(t)
	proxy := tlsProxy(t, authority, d.relays())
	const upward = "upstream.tls: {enabled: true, ca_file: ca.pem, cert_file: relay.pem, key_file: relay.key, server_name: front.firm}\n"
	for _, a := range []*agentSite{s.investorAgent(d, upward), s.operatorAgent(d, upward)} {
		a.above.Lead(proxy)
		pair := authority.Issue(t, "relay", time.Now().Add(time.Hour))
		a.write("relay.pem", pair.Cert)
		a.write("relay.key", pair.Key)
		a.write("ca.pem", certificates.New(t).PEM)
		if out, errOut, err := a.try("", "relay", "check"); err != nil || strings.Contains(out, "in clear") {
			t.Errorf("relay check: %v %s%s", err, out, errOut)
		}
		r := a.run()
		v := s.terminal(r, account, a.password)
		if code(t, v.err) != 8 {
			t.Errorf("%s: a front of an unknown authority: %v", a.mode, v.err)
		}
		await.Every(t, 100*time.Millisecond, "the status to name the authority", func() bool { return strings.Contains(a.status(r).Upstream, "unknown authority") })
		a.write("ca.pem", authority.PEM)
		s.mustLogIn(r, account, a.password)
		r.stop()
	}
	d.stop()
}

// TestTradingThroughAgents: with a trading core behind the front, customers trade through an investor agent, and through two in a
// chain, as at the front. Behind an operator agent the core hears of each terminal, and a message is answered 77.
func TestTradingThroughAgents(t *testing.T) {
	t.Parallel()
	core := newCore(t, "a", twoCustomers+"  - {user: \""+relayOperator+"\", password: \""+password+"\", type: operator}\n", "")
	s := &relaySite{site: linked(t, []*coreProcess{core}, "", quick)}
	s.replaceConfig("    - address: \"127.0.0.1:0\"\n", "    - address: \"127.0.0.1:0\"\n    - {address: \"127.0.0.1:0\", admits: relays}\n")
	s.replaceConfig("admin:\n", "relay: {enabled: true}\nadmin:\n")
	s.investorCode = s.addRelay(investorRelay, "investor")
	s.operatorCode = s.addRelay(operatorRelay, "operator", "--operator", relayOperator, "--scope", "prefix:1000")
	below := s.addRelay(chainedInvestor, "investor")
	s.cli("", "relay", "change", investorRelay, "--chained", "--add-app", chainedInvestor, "--add-app", appID)
	d := s.serveReady()
	upper := s.investorAgent(d, relaysToo)
	u := upper.run()
	lower := s.agent("investor", chainedInvestor, below, u.relays(), "")
	l := lower.run()
	operator := s.operatorAgent(d, "")
	firm.AddAccount(t, binary, operator.config, alice, agentPassword, "1")
	o := operator.run()
	operator.awaitUpstream(o, true)
	upper.awaitUpstream(u, true)
	lower.awaitUpstream(l, true)
	for _, a := range []*agentSite{upper, lower, operator} {
		a.apps = s.apps
	}

	a, b := u.tradeAs(t, alice, 1), l.tradeAs(t, bob, 2)
	a.expect(tidOrder, 0, a.order("a-1", coresim.Sell))
	n := b.order("b-1", coresim.Buy)
	filled(t, b, 2, 1, n)
	filled(t, a, 1, 1, 0)
	core.do("broadcast B 夜盘开市")
	for _, m := range []*trader{a, b} {
		m.expect(tidState, 0xFF00, 1)
		chain(t, m)
	}
	var sent []uint32 // more than is on the way at once
	for range 500 {
		sent = append(sent, a.echo())
	}
	for _, number := range sent {
		a.expect(echoTID, 0, number)
	}

	for _, at := range []*daemon{u, l} { // each agent on the way counts the numbers that the front counts
		m := at.enterRaw(t, alice)
		m.Send(terminaltest.Request(0x8123, 1))
		m.Expect(ftd.TIDError, 77)
		m.Send(request(2, 'S'))
		if r := m.Next(); r.TID != echoTID || r.SequenceNumber != 2 {
			t.Errorf("behind a message that the front does not know: %v with number %d, code %d", r.TID, r.SequenceNumber, r.Code)
		}
	}

	one := o.trade(t)
	if _, err := one.login(s.site, alice, agentPassword, terminalText); err != nil {
		t.Fatal(err)
	}
	one.echo()
	if got := one.next(); got.Err() == nil || got.Err().Code != 77 {
		t.Errorf("a message behind an operator agent: %+v", got)
	}
	await.True(t, "the core to hear of the visit", func() bool { return core.saw().Visits == 1 })

	core.do("kick " + bob)
	b.expectExit('1')
	if err := a.Logout(t.Context()); err != nil {
		t.Error(err)
	}
	for _, stop := range []*daemon{l, u, o, d} {
		stop.stop()
	}
	core.wantNoViolation()
}
