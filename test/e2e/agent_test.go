package e2e

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/coresim"
	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/certificates"
	"github.com/tradefront/tradefront/test/cutproxy"
	firm "github.com/tradefront/tradefront/test/site"
)

const (
	chainedInvestor = "below_m2m_1.0"
	chainedOperator = "below_relay_1.0"
	belowAdmin      = "7000admin"      // the operator of a relay below an agent
	agentPassword   = "s3cret@thAgent" // of customers at an operator agent: no front knows it
	quick           = "auth: {refresh: 100ms}\n" + unpunished
)

// agentSite is a relay agent in a folder of its own, as the firm's and the agent's commands make it.
type agentSite struct {
	*site
	mode     string
	password string          // of customers at this agent
	above    *cutproxy.Proxy // between the agent and what is above it
}

// agent makes one that connects to upstream as relay id. extra is YAML at the end, section at the beginning of its kind: a
// line that begins with "upstream." is put into that section.
func (s *relaySite) agent(mode, id, authCode, upstream, extra string) *agentSite {
	s.t.Helper()
	a := &agentSite{site: &site{t: s.t, dir: s.t.TempDir(), private: s.private, key: s.key}, mode: mode, password: password, above: cutproxy.StartBytes(s.t, nil)}
	a.config = filepath.Join(a.dir, "relay.yaml")
	a.above.Lead(upstream)
	accounts := "core: {argon2: {memory_kib: 1024, iterations: 1}, logins_per_user: 0}\n"
	if strings.Contains(extra, "core:") {
		accounts = ""
	}
	var own strings.Builder
	for line := range strings.Lines(extra) {
		if key, is := strings.CutPrefix(line, "upstream."); is {
			own.WriteString("  " + key)
			extra = strings.Replace(extra, line, "", 1)
		}
	}
	a.write("relay.yaml", fmt.Appendf(nil, `
broker_id: "9999"
mode: %s
admin: {address: "127.0.0.1:0"}
upstream:
  addresses: [%q]
  app_id: %s
  operator: %s
  password_file: operator.password
%skeys: [{version: "1.0"}]
registry: {refresh: 100ms}
%saudit_log: audit.jsonl
timers: {drain: 2s}
%s`, mode, a.above.Address(), id, relayOperator, own.String(), accounts, extra))
	if !strings.Contains(extra, "front:") {
		a.replaceConfig("admin: {address: \"127.0.0.1:0\"}\n", "admin: {address: \"127.0.0.1:0\"}\nfront: {id: 101, listeners: [{address: \"127.0.0.1:0\"}]}\n")
	}
	a.write("relay.authcode", []byte(authCode+"\n"))
	a.write("operator.password", []byte(password+"\n"))
	a.cli("", "masterkey", "create")
	s.cli("", "app", "export", "--for-relay", id, "--master-key", filepath.Join(a.dir, "relay-master.key"), "--out", filepath.Join(a.dir, "relay-registry"))
	if mode == "operator" && accounts != "" {
		a.password = agentPassword
		firm.AddAccount(s.t, binary, a.config, account, agentPassword, "1")
		firm.AddAccount(s.t, binary, a.config, "77777777", agentPassword, "1")
	}
	return a
}

// operatorAgent and investorAgent are of the site's two relays.
func (s *relaySite) operatorAgent(d *daemon, extra string) *agentSite {
	s.t.Helper()
	return s.agent("operator", operatorRelay, s.operatorCode, d.relays(), "upstream.exit_spread: 200ms\n"+extra)
}

func (s *relaySite) investorAgent(d *daemon, extra string) *agentSite {
	s.t.Helper()
	return s.agent("investor", investorRelay, s.investorCode, d.relays(), "upstream.exit_spread: 200ms\n"+extra)
}

func (a *agentSite) run() *daemon {
	a.t.Helper()
	return a.start("relay", "serve")
}

// agentStatus is of `relay status -o json`.
type agentStatus struct {
	Mode, State, Upstream string
	Terminals             int
	UpstreamUp            bool `json:"upstream_up"`
	Ready                 bool
}

// status asks the running agent, whose admin address is any port.
func (a *agentSite) status(d *daemon) (s agentStatus) {
	a.t.Helper()
	a.ask(d, &s, "status")
	return s
}

func (a *agentSite) ask(d *daemon, into any, command ...string) {
	a.t.Helper()
	data, err := os.ReadFile(a.config)
	if err != nil {
		a.t.Fatal(err)
	}
	port := strings.TrimPrefix(d.admin, "127.0.0.1:")
	a.write("running.yaml", []byte(strings.Replace(string(data), `admin: {address: "127.0.0.1:0"`, `admin: {address: "127.0.0.1:`+port+`"`, 1)))
	out := firm.CLI(a.t, binary, filepath.Join(a.dir, "running.yaml"), "", append(append([]string{"relay"}, command...), "-o", "json")...)
	if err := json.Unmarshal([]byte(out), into); err != nil {
		a.t.Fatalf("%v in %s", err, out)
	}
}

func (a *agentSite) awaitUpstream(d *daemon, up bool) {
	a.t.Helper()
	await.True(a.t, fmt.Sprintf("the agent's upstream to be %v", up), func() bool { return a.status(d).UpstreamUp == up })
}

// visit is a terminal that tried to log in, and what became of it.
type visit struct {
	conn *client.Conn
	got  client.LoginResult
	err  error
}

// item is the terminal as a report has it: items 1 to 5.
func (v *visit) item() string {
	local := v.conn.LocalAddr().(*net.TCPAddr)
	return fmt.Sprintf("@%s@%s@%d@", appID, local.IP, local.Port)
}

// terminal connects to an agent as to any front and logs in.
func (s *relaySite) terminal(d *daemon, user, pass string) *visit {
	s.t.Helper()
	c, err := d.enter(s.t, s.apps[0].AuthCode)
	if err != nil {
		s.t.Fatal(err)
	}
	ciphertext, err := s.key.Encrypt(nil, []byte(terminalText))
	if err != nil {
		s.t.Fatal(err)
	}
	v := &visit{conn: c}
	v.got, v.err = login(s.t, c, pass, func(r *client.LoginRequest) { r.UserID, r.Ciphertext = user, ciphertext })
	return v
}

// mustLogIn tries until the agent has its front.
func (s *relaySite) mustLogIn(d *daemon, user, pass string) (v *visit) {
	s.t.Helper()
	await.True(s.t, user+" to be logged in", func() bool {
		v = s.terminal(d, user, pass)
		if n := code(s.t, v.err); n != 0 && n != 8 && n != 63 {
			s.t.Fatalf("%s: %v", user, v.err)
		}
		return v.err == nil
	})
	return v
}

// sentAway waits for the ForceExit that ends the connection.
func (v *visit) sentAway(t *testing.T) *client.ForceExit {
	t.Helper()
	select {
	case <-v.conn.Done():
	case <-time.After(20 * time.Second):
		t.Fatal("the terminal was not sent away")
	}
	exit, is := errors.AsType[*client.ForceExit](v.conn.Err())
	if !is {
		t.Fatalf("ended with %v, not by ForceExit", v.conn.Err())
	}
	return exit
}

func (v *visit) stays(t *testing.T, when string) {
	t.Helper()
	if err := v.conn.Err(); err != nil {
		t.Errorf("%s the terminal was sent away: %v", when, err)
	}
}

// refs are the agent's reference of a refusal, and the front's of the same.
func (a *agentSite) refs(t *testing.T, err error) (own, upstream string) {
	t.Helper()
	refused, is := errors.AsType[*client.Error](err)
	if !is {
		t.Fatalf("%v is no refusal", err)
	}
	a.trueReason(refused.Ref)
	for _, line := range a.auditLines() {
		if line["ref"] == refused.Ref {
			upstream, _ = line["upstream_ref"].(string)
		}
	}
	return refused.Ref, upstream
}

func (a *agentSite) events(event string) (n int) {
	for _, line := range a.auditLines() {
		if line["event"] == event {
			n++
		}
	}
	return n
}

// explained checks that explain leads from a key to the lines of the front and of each agent, and to the true reason.
func (s *relaySite) explained(want, key string, agents ...*agentSite) {
	s.t.Helper()
	logs := []string{filepath.Join(s.dir, "audit.jsonl")}
	for _, a := range agents {
		logs = append(logs, filepath.Join(a.dir, "audit.jsonl"))
	}
	args := []string{"explain", key, "-o", "json"}
	for _, log := range logs {
		args = append(args, "--audit", log)
	}
	var r struct {
		Visits []struct {
			Entries []struct{ Where string }
			Why     struct{ Reason string }
		}
	}
	out := s.cli("", args...)
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		s.t.Fatalf("explain %s: %v in %s", key, err, out)
	}
	reasons, places := map[string]bool{}, map[string]bool{}
	for _, v := range r.Visits {
		reasons[v.Why.Reason] = true
		for _, e := range v.Entries {
			places[e.Where[:strings.LastIndex(e.Where, ":")]] = true
		}
	}
	if !reasons[want] || len(places) != len(logs) {
		s.t.Errorf("explain %s: reasons %v in %d of %d logs, want %s in all:\n%s", key, reasons, len(places), len(logs), want, out)
	}
}

// lines are those of the report of a login's day, as items 1 to 11; the report has no other fault.
func (s *relaySite) lines(day string) (all []string) {
	s.t.Helper()
	for _, line := range s.export(day) {
		if line.terminal == "" && !strings.HasSuffix(line.supplement, "@"+relayOperator+"@2") { // an agent collects none of its own
			s.t.Errorf("the terminal information of %s does not open", line.supplement)
		}
		all = append(all, line.supplement)
	}
	report := filepath.Join(s.dir, "0001clientinfo"+day+".txt")
	if rec := s.reconcile(0, "--day", day, "--report", report, "--audit", filepath.Join(s.dir, "audit.jsonl")); !rec.Complete {
		s.t.Errorf("%+v", rec)
	}
	return all
}

// lineOf is the one line that has the parts of a terminal, from AppID to port.
func lineOf(t *testing.T, lines []string, v *visit) (line string) {
	t.Helper()
	n := 0
	for _, l := range lines {
		if strings.Contains(l, v.item()) {
			line, n = l, n+1
		}
	}
	if n != 1 {
		t.Errorf("%d lines of %s in %q", n, v.item(), lines)
	}
	return line
}

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
		await.True(t, "the upper agent to end their visits", func() bool { return upper.status(u).Terminals == 1 })
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
		await.True(t, "the status to name the authority", func() bool { return strings.Contains(a.status(r).Upstream, "unknown authority") })
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
