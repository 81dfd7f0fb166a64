package e2e

import (
	"context"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/test/await"
)

func TestInvestorAgentOfAFirm(t *testing.T) {
	t.Parallel()
	s := newRelaySite(t, "", quick)
	d := s.serve()
	a := s.investorAgent(d, "")
	a.above.Lead("") // no front is there
	r := a.run()
	v := s.terminal(r, account, password)
	if own, _ := a.refs(t, v.err); code(t, v.err) != 8 || a.trueReason(own) != "upstream_away" {
		t.Errorf("without a front: %v", v.err)
	}
	a.above.Lead(d.relays())

	one, two := s.mustLogIn(r, account, password), s.mustLogIn(r, account, password)
	v = s.terminal(r, account, "wrong")
	own, upstream := a.refs(t, v.err)
	if code(t, v.err) != 3 || upstream == "" || upstream == own || s.trueReason(upstream) != "wrong_password" {
		t.Errorf("a wrong password: %v, references %s, %s", v.err, own, upstream)
	}
	for _, key := range []string{own, upstream} {
		s.explained("wrong_password", key, a)
	}
	s.explained("ok", one.got.RecordID, a)
	if st := a.status(r); st.Mode != "investor" || st.Terminals != 2 || !st.Ready {
		t.Errorf("%+v", st)
	}
	var list []struct {
		Account, Address string
		RecordID         string `json:"record_id"`
	}
	a.ask(r, &list, "terminals", "--full")
	if len(list) != 2 || !slices.ContainsFunc(list, func(x struct {
		Account, Address string
		RecordID         string `json:"record_id"`
	},
	) bool {
		return x.RecordID == two.got.RecordID && x.Account == account
	}) {
		t.Errorf("terminals %+v", list)
	}
	if out, _, err := a.try("", "relay", "check"); err != nil || !strings.Contains(out, "is good: mode investor") {
		t.Errorf("relay check: %v %s", err, out)
	}

	// Reload: a version is taken away, and is flagged 2 from then on. Nothing that is logged in is touched.
	a.replaceConfig("keys: [{version: \"1.0\"}]", "keys: [{version: \"9.0\"}]")
	if err := r.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	await.True(t, "the reload", func() bool { return strings.Contains(r.log.String(), "the configuration was reloaded") })
	one.stays(t, "by a reload")
	flagged := s.mustLogIn(r, account, password)
	if flagged.got.AbnormalFlag != '2' {
		t.Errorf("a version that the agent does not know has flag %c", flagged.got.AbnormalFlag)
	}

	// The front is lost: each terminal is told at once, and comes back with the front.
	a.above.Lead("")
	for _, v := range []*visit{one, two, flagged} {
		if exit := v.sentAway(t); !strings.Contains(exit.Msg, "log in again") {
			t.Errorf("told %q", exit.Msg)
		}
	}
	a.awaitUpstream(r, false)
	a.above.Lead(d.relays())
	a.awaitUpstream(r, true) // without a terminal
	last := s.mustLogIn(r, account, password)

	r.stop()
	if exit := last.sentAway(t); !strings.Contains(exit.Msg, "relay is stopping") {
		t.Errorf("told %q", exit.Msg)
	}
	d.stop()
	lines := s.lines(last.got.TradingDay)
	if len(lines) != 4 {
		t.Errorf("%d lines of four logins: %q", len(lines), lines)
	}
	for _, v := range []*visit{one, two, flagged, last} {
		line := lineOf(t, lines, v)
		if !strings.HasPrefix(line, string(v.got.AbnormalFlag)+"@") || !strings.Contains(line, "@"+investorRelay+"@127.0.0.1@") || !strings.HasSuffix(line, "@"+account+"@1") {
			t.Errorf("line %s", line)
		}
	}
}

func TestOperatorAgentOfAFirm(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, postgresURL string) {
		s := newRelaySite(t, postgresURL, quick)
		d := s.serve()
		a := s.operatorAgent(d, "upstream.grace: 20s\nupstream.refused_retry: 200ms\n")
		a.above.Lead("")
		r := a.run()
		v := s.terminal(r, account, agentPassword)
		if own, _ := a.refs(t, v.err); code(t, v.err) != 8 || a.trueReason(own) != "upstream_away" {
			t.Errorf("without a front: %v", v.err)
		}
		a.above.Lead(d.relays())
		a.awaitUpstream(r, true)

		one, two := s.mustLogIn(r, account, agentPassword), s.mustLogIn(r, account, agentPassword)
		v = s.terminal(r, account, password) // the front's password is not the agent's
		if own, up := a.refs(t, v.err); code(t, v.err) != 3 || up != "" || a.trueReason(own) != "wrong_password" {
			t.Errorf("a wrong password: %v", v.err)
		}
		v = s.terminal(r, "77777777", agentPassword) // out of the operator's scope
		own, upstream := a.refs(t, v.err)
		if code(t, v.err) != 3 || s.trueReason(upstream) != "out_of_scope" {
			t.Errorf("out of scope: %v, %s", v.err, upstream)
		}
		s.explained("out_of_scope", own, a)
		s.explained("ok", two.got.RecordID, a)

		// The connection breaks, and is there again within the grace: both are reported again, and stay.
		a.above.Lead("")
		a.awaitUpstream(r, false)
		if v := s.terminal(r, account, agentPassword); code(t, v.err) != 8 {
			t.Errorf("a login without a front: %v", v.err)
		}
		a.above.Lead(d.relays())
		await.True(t, "both to be reported again", func() bool { return a.events("reported_again") == 2 })
		one.stays(t, "within the grace")
		two.stays(t, "within the grace")

		// The firm disables the relay, and enables it again: the agent comes back by itself.
		s.cli("", "relay", "disable", operatorRelay)
		a.awaitUpstream(r, false)
		await.True(t, "the log to say what to do", func() bool { return strings.Contains(r.log.String(), "the firm does not admit this relay at a front") })
		s.cli("", "relay", "enable", operatorRelay)
		await.True(t, "both to be reported once more", func() bool { return a.events("reported_again") == 4 })
		one.stays(t, "while the relay was disabled")

		// One leaves; the other is there when the agent stops.
		if err := one.conn.Logout(t.Context()); err != nil {
			t.Error(err)
		}
		await.True(t, "the front to hear of it", func() bool {
			return slices.ContainsFunc(s.auditLines(), func(l map[string]any) bool { return l["event"] == "submit_end" })
		})
		r.stop()
		if exit := two.sentAway(t); !strings.Contains(exit.Msg, "relay is stopping") {
			t.Errorf("told %q", exit.Msg)
		}
		d.stop()
		counts := map[string]int{}
		for _, line := range s.lines(two.got.TradingDay) {
			for _, v := range []*visit{one, two} {
				if strings.Contains(line, v.item()) && strings.HasPrefix(line, "0@") && strings.HasSuffix(line, "@"+account+"@2") {
					counts[v.item()]++
				}
			}
		}
		if counts[one.item()] != 3 || counts[two.item()] != 3 { // each connection of the relay is another item 8
			t.Errorf("lines by terminal: %v", counts)
		}
	})
}

// TestOperatorAgentWhereReplaysAreRefused: the front refuses a ciphertext that came before. The agent collects its own machine anew for
// each login of its operator, so that it comes back after its connection was lost, with its terminals.
func TestOperatorAgentWhereReplaysAreRefused(t *testing.T) {
	t.Parallel()
	s := newRelaySite(t, "", quick+"replayed_terminal_info: reject\n")
	d := s.serve()
	a := s.operatorAgent(d, "upstream.grace: 20s\nupstream.key_file: public.pem\nupstream.key_version: \"1.0\"\n")
	a.write("public.pem", []byte(readFile(t, filepath.Join(s.dir, "public.pem"))))
	if out := a.cli("", "relay", "check"); strings.Contains(out, "terminal_info_file") {
		t.Errorf("relay check says %q", out)
	}
	r := a.run()
	a.awaitUpstream(r, true)
	one, two := s.mustLogIn(r, account, agentPassword), s.mustLogIn(r, account, agentPassword)
	for round := range 2 {
		a.above.Lead("")
		a.awaitUpstream(r, false)
		a.above.Lead(d.relays())
		await.True(t, "both to be reported again", func() bool { return a.events("reported_again") == 2*(round+1) })
		a.awaitUpstream(r, true)
	}
	one.stays(t, "in spite of lost connections")
	two.stays(t, "in spite of lost connections")
	logins := 0
	for _, line := range s.auditLines() {
		if line["event"] != "login" || line["account"] != relayOperator {
			continue
		}
		if logins++; line["reason"] != "ok" || line["terminal_problem"] == "terminal_info_empty" || line["terminal_problem"] == "terminal_info_replayed" {
			t.Errorf("the operator's login: %v", line)
		}
	}
	if logins != 3 {
		t.Errorf("%d logins of the operator, want 3", logins)
	}
	r.stop()
	d.stop()
}

// TestOperatorAgentPastItsGrace: the front does not come back in time, and all terminals are sent away.
func TestOperatorAgentPastItsGrace(t *testing.T) {
	t.Parallel()
	s := newRelaySite(t, "", quick)
	d := s.serve()
	a := s.operatorAgent(d, "upstream.grace: 300ms\n")
	r := a.run()
	all := []*visit{s.mustLogIn(r, account, agentPassword)}
	for range 9 {
		all = append(all, s.mustLogIn(r, account, agentPassword))
	}
	a.above.Lead("")
	for _, v := range all {
		if exit := v.sentAway(t); exit.Code != '2' || !strings.Contains(exit.Msg, "log in again") {
			t.Errorf("told %v", exit)
		}
	}
	if n := a.status(r).Terminals; n != 0 {
		t.Errorf("%d terminals are left", n)
	}
	a.above.Lead(d.relays())
	s.mustLogIn(r, account, agentPassword)
	r.stop()
	d.stop()
}

// TestAKilledAgent: its terminals lose their connections, the front ends their visits, and the next agent takes them.
func TestAKilledAgent(t *testing.T) {
	t.Parallel()
	s := newRelaySite(t, "", quick)
	d := s.serve()
	a := s.operatorAgent(d, "")
	r := a.run()
	v := s.mustLogIn(r, account, agentPassword)
	r.kill()
	<-v.conn.Done()
	await.True(t, "the front to end the visit", func() bool {
		return slices.ContainsFunc(s.auditLines(), func(l map[string]any) bool { return l["event"] == "relay_ended" })
	})
	r = a.run()
	again := s.mustLogIn(r, account, agentPassword)
	r.stop()
	d.stop()
	lines := s.lines(again.got.TradingDay)
	lineOf(t, lines, v)
	lineOf(t, lines, again)
	if len(lines) != 4 { // and the operator's two
		t.Errorf("%d lines: %q", len(lines), lines)
	}
}

// TestAgentBehindABalancer: items 3 and 4 are what a balancer that is listed tells, and a balancer that is not is refused.
func TestAgentBehindABalancer(t *testing.T) {
	t.Parallel()
	s := newRelaySite(t, "", quick)
	d := s.serve()
	a := s.investorAgent(d, "front: {id: 101, listeners: [{address: \"127.0.0.1:0\", client_address: proxy, trusted_proxies: [127.0.0.2]}]}\n")
	r := a.run()
	through := func(balancer string) (client.LoginResult, error) {
		dial := client.WithDialFunc(func(ctx context.Context, network, address string) (net.Conn, error) {
			dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(balancer)}}
			conn, err := dialer.DialContext(ctx, network, address)
			if err == nil {
				_, err = conn.Write([]byte("PROXY TCP4 203.0.113.7 192.0.2.1 50123 41205\r\n"))
			}
			return conn, err
		})
		c, err := client.Dial(t.Context(), r.address, dial)
		if err != nil {
			return client.LoginResult{}, err
		}
		defer c.Close()
		if _, err := c.Authenticate(t.Context(), client.Identity{BrokerID: "9999", AppID: appID}, s.apps[0].AuthCode); err != nil {
			return client.LoginResult{}, err
		}
		return login(t, c, password, func(req *client.LoginRequest) { req.Ciphertext = ciphertext() })
	}
	got, err := through("127.0.0.2")
	if err != nil || got.PublicAddr.String() != "203.0.113.7:50123" {
		t.Errorf("recorded %v, %v", got.PublicAddr, err)
	}
	if _, err := through("127.0.0.3"); err == nil {
		t.Error("a header of a balancer that is not listed was believed")
	}
	r.stop()
	d.stop()
}
