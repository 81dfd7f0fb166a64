package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/test/await"
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
	a := &agentSite{site: &site{t: s.t, dir: s.t.TempDir(), private: s.private, sealed: s.sealed}, mode: mode, password: password, above: cutproxy.StartBytes(s.t, nil)}
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
		a.cli(fmt.Sprintf("account,password\n%s,%s\n77777777,%[2]s\n", account, agentPassword), "account", "import", "-")
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
	await.Every(a.t, 100*time.Millisecond, fmt.Sprintf("the agent's upstream to be %v", up), func() bool { return a.status(d).UpstreamUp == up })
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
	ciphertext, err := s.sealed.Encrypt(nil, []byte(terminalText))
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
		if line.terminal() == "" && !strings.HasSuffix(line.supplement, "@"+relayOperator+"@2") { // an agent collects none of its own
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
