package robustness

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/test/site"
)

// agent is a `tradefront relay serve` and its supervisor.
type agent struct {
	*front
	dir, config   string
	listen, admin string
	below         string // where relays below it connect
}

// agentConfig is what an agent of that mode is told; more are keys of its own.
func (a *agent) write(t *testing.T, id int, mode, relay, upstream, more string) {
	t.Helper()
	text := fmt.Sprintf(`broker_id: "9999"
mode: %s
front:
  id: %d
  listeners:
    - address: %q
    - {address: %q, admits: relays}
chained: true
upstream:
  addresses: [%q]
  app_id: %q
  connect_timeout: 3s
  grace: %v
  exit_spread: 300ms
%sregistry: {file: exported, master_key_file: agent.key, refresh: 200ms}
keys: [{version: "1.0"}]
admin: {address: %q}
core: {argon2: {memory_kib: 1024, iterations: 1}, logins_per_user: 0}
timers: {drain: 2s}
`, mode, id, a.listen, a.below, upstream, relay, agentGrace, more, a.admin)
	if err := os.WriteFile(a.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// agentGrace is the upstream.grace of the operator agent.
const agentGrace = 5 * time.Second

func newAgent(t *testing.T, name string) *agent {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	a := &agent{dir: dir, config: filepath.Join(dir, "relay.yaml")}
	a.front = newDaemon(t, dir, "relay", "serve", "--config", a.config)
	return a
}

func (a *agent) file(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(a.dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// admit makes the files that the firm gives, and the agent's own master key.
func (a *agent) admit(t *testing.T, s *site.Site, relay, code string) {
	t.Helper()
	a.file(t, "relay.authcode", code+"\n")
	site.CLI(t, built.normal, a.config, "", "masterkey", "create")
	s.CLI("", "app", "export", "--for-relay", relay, "--master-key", filepath.Join(a.dir, "agent.key"), "--out", filepath.Join(a.dir, "exported"))
}

func (a *agent) audit() string { return filepath.Join(a.dir, "relay-audit.jsonl") }

// unsettled is how many submissions of an operator agent are on their way; an error if it cannot be asked.
func (a *agent) unsettled(ctx context.Context) (int, error) {
	return metrics(ctx, a.admin, "tradefront_agent_unanswered", "tradefront_agent_waiting")
}

// metrics is the sum of those of a daemon that have these names, with any labels.
func metrics(ctx context.Context, admin string, names ...string) (n int, err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+admin+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name, _, _ = strings.Cut(name, "{"); !slices.Contains(names, name) {
			continue
		}
		k, bad := strconv.ParseFloat(value[strings.LastIndex(value, " ")+1:], 64)
		if bad != nil {
			return 0, bad
		}
		n += int(k)
	}
	return n, err
}

// auditLine is what the test reads of an audit log.
type auditLine struct {
	Event, Reason, Ref string
	Code               int
	RecordID           string `json:"record_id"`
	SubmitID           string `json:"submit_id"`
	UpstreamRef        string `json:"upstream_ref"`
}

// auditLines gives each line of an audit log; a torn one is left out.
func auditLines(t *testing.T, path string, each func(auditLine)) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for scan := bufio.NewScanner(f); scan.Scan(); {
		var l auditLine
		if json.Unmarshal(scan.Bytes(), &l) == nil {
			each(l)
		}
	}
}
