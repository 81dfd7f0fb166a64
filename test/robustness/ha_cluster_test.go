package robustness

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// haDisk holds one PostgreSQL with its log.
const haDisk = 4 << 30

// samples is where the configuration files are that firms are given. The test runs those very files.
const samples = "../../deploy/ha/"

// haPatience bounds everything that Patroni, etcd and HAProxy do by themselves.
const haPatience = 3 * time.Minute

// cluster is three machines with etcd, and three with Patroni and PostgreSQL, one of each in each of three places.
type cluster struct {
	t    *testing.T
	mode syncMode
	etcd []*machine
	db   []*machine
}

// syncMode is Patroni's synchronous mode.
type syncMode bool

const (
	// strictly is the mode of the sample: a COMMIT waits for a second machine, always.
	strictly syncMode = true
	// asynchronously is without that mode, to see what it is there for.
	asynchronously syncMode = false
)

var places = []string{"a", "b", "c"}

func newCluster(t *testing.T, mode syncMode) *cluster {
	t.Helper()
	c := &cluster{t: t, mode: mode}
	for i, place := range places {
		c.etcd = append(c.etcd, newMachine(t, "etcd-"+place, place, fmt.Sprintf("10.0.%d.12", i+1)))
		c.db = append(c.db, newMachine(t, "db-"+place, place, fmt.Sprintf("10.0.%d.11", i+1)))
	}
	for _, m := range c.etcd {
		c.startEtcd(m, "new")
	}
	for _, m := range c.db {
		m.data = newDisk(t, haDisk)
		c.startPatroni(m)
	}
	c.mustBeWhole()
	return c
}

// startEtcd is for a machine with an empty disk.
func (c *cluster) startEtcd(m *machine, state string) {
	env := sample(c.t, "etcd.env", "=etcd-a\n", "="+m.name+"\n", "CLUSTER_STATE=new", "CLUSTER_STATE="+state)
	// The lines that name this machine; ETCD_INITIAL_CLUSTER names all.
	for i, line := range env {
		if strings.Contains(line, "_URLS=") {
			env[i] = strings.Replace(line, "10.0.1.12", m.address, 1)
		}
	}
	m.daemons = nil
	m.daemon("", append(env, "ETCD_DATA_DIR="+filepath.Join(m.dir, "etcd"), "ETCD_LOG_LEVEL=warn"), "etcd")
}

// startPatroni is for a machine with an empty disk, too.
func (c *cluster) startPatroni(m *machine) {
	config := filepath.Join(m.dir, "patroni.yml")
	text := read(c.t, samples+"patroni.yml", "data_dir: /var/lib/postgresql/15/tradefront",
		"data_dir: "+m.data.dir+"/data\n  parameters: {unix_socket_directories: "+m.dir+"}",
		"bin_dir: /usr/lib/postgresql/15/bin", "bin_dir: "+postgresPrograms(c.t),
		"synchronous_mode: true", fmt.Sprint("synchronous_mode: ", c.mode), "synchronous_mode_strict: true", fmt.Sprint("synchronous_mode_strict: ", c.mode))
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		c.t.Fatal(err)
	}
	env := sample(c.t, "patroni.env", "=db-a\n", "="+m.name+"\n", "10.0.1.11", m.address)
	m.daemons = nil
	m.daemon("postgres", append(env, "HOME="+m.dir), "patroni", config)
}

// postgresPrograms is the folder of the newest PostgreSQL of Debian.
func postgresPrograms(t *testing.T) string {
	t.Helper()
	dirs, _ := filepath.Glob("/usr/lib/postgresql/*/bin") // the only error is a bad pattern
	if len(dirs) == 0 {
		t.Fatal("no PostgreSQL of Debian: test/ensure-tools.sh ha installs it")
	}
	return slices.Max(dirs)
}

// read is a file in which each of the old words was replaced by the new one behind it. It has all of them.
func read(t *testing.T, path string, oldNew ...string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(oldNew); i += 2 {
		if !strings.Contains(string(text), oldNew[i]) {
			t.Fatalf("%s has no %q any more", path, oldNew[i])
		}
	}
	return strings.NewReplacer(oldNew...).Replace(string(text))
}

// sample is an environment file as lines NAME=value.
func sample(t *testing.T, name string, oldNew ...string) (env []string) {
	t.Helper()
	for line := range strings.Lines(read(t, samples+name, oldNew...)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			env = append(env, line)
		}
	}
	return env
}

// superuser is PostgreSQL's, with the password of the sample.
const superuser = "postgres:change-me-1"

// hostsURL names all machines: the driver takes the one that can be written to.
func (c *cluster) hostsURL() string {
	var hosts []string
	for _, m := range c.db {
		hosts = append(hosts, m.address+":5432")
	}
	return fmt.Sprintf("postgres://%s@%s/postgres?sslmode=disable&target_session_attrs=read-write", superuser, strings.Join(hosts, ","))
}

// leaderURL is the machine that has the key. Of two primaries hostsURL may be the one that lost it.
func (c *cluster) leaderURL() string {
	c.t.Helper()
	return urlOf(c.mustLead())
}

// urlOf is the PostgreSQL of one machine.
func urlOf(m *machine) string {
	return fmt.Sprintf("postgres://%s@%s:5432/postgres?sslmode=disable&connect_timeout=1", superuser, m.address)
}

// member is what Patroni says of one machine.
type member struct {
	Name, Role, State string
	Timeline          int
}

// members are all of the cluster, by any Patroni that answers.
func (c *cluster) members() (all []member) {
	for _, m := range c.db {
		var said struct{ Members []member }
		if ask(c.t.Context(), m, "/cluster", &said) == http.StatusOK && len(said.Members) > len(all) {
			all = said.Members
		}
	}
	return all
}

// leader is the machine whose Patroni says that it has the key; nil for none.
func (c *cluster) leader() *machine {
	for _, m := range c.db {
		if m.on && ask(c.t.Context(), m, "/primary", nil) == http.StatusOK {
			return m
		}
	}
	return nil
}

func (c *cluster) mustLead() *machine {
	c.t.Helper()
	m := c.leader()
	eventually(c.t, "a leader", func() bool { m = c.leader(); return m != nil }, c.say)
	return m
}

// synchronous is the machine that COMMITs wait for.
func (c *cluster) synchronous() *machine {
	for _, m := range c.members() {
		if m.Role == "sync_standby" {
			return c.named(m.Name)
		}
	}
	return nil
}

func (c *cluster) named(name string) *machine {
	for _, m := range c.db {
		if m.name == name {
			return m
		}
	}
	return nil
}

// etcdLeader is the machine of etcd's leader; nil for none.
func (c *cluster) etcdLeader() *machine {
	for _, m := range c.etcd {
		var status struct{ Leader string }
		if !m.on || !post(c.t.Context(), m, "/v3/maintenance/status", &status) {
			continue
		}
		for _, other := range c.etcd {
			if id := c.etcdID(other); id != "" && id == status.Leader {
				return other
			}
		}
	}
	return nil
}

// etcdID is the number that etcd gave the machine; "" while it does not answer.
func (c *cluster) etcdID(m *machine) string {
	var status struct {
		Header struct {
			MemberID string `json:"member_id"`
		}
	}
	if !m.on || !post(c.t.Context(), m, "/v3/maintenance/status", &status) {
		return ""
	}
	return status.Header.MemberID
}

// mustBeWhole waits until there is a leader, a synchronous standby if the mode wants one, machines that follows, all on one timeline, and three
// healthy etcds.
func (c *cluster) mustBeWhole() {
	c.t.Helper()
	eventually(c.t, "the cluster to be whole", c.whole, c.say)
}

func (c *cluster) whole() bool {
	roles, lines := map[string]int{}, map[int]bool{}
	for _, m := range c.members() {
		if m.State != "running" && m.State != "streaming" {
			return false
		}
		roles[m.Role]++
		lines[m.Timeline] = true
	}
	for _, m := range c.db { // what etcd has of them may be a round old
		if ask(c.t.Context(), m, "/health", nil) != http.StatusOK {
			return false
		}
	}
	healthy := 0
	for _, m := range c.etcd {
		var health struct{ Health string }
		if askAt(c.t.Context(), "http://"+m.address+":2379/health", &health) == http.StatusOK && health.Health == "true" {
			healthy++
		}
	}
	waitedFor := 0
	if c.mode == strictly {
		waitedFor = 1
	}
	return roles["leader"] == 1 && roles["sync_standby"] == waitedFor && roles["replica"] == len(c.db)-1-waitedFor && len(lines) == 1 &&
		healthy == len(c.etcd) && c.leader() != nil
}

// say is what the cluster is like, for a test that has failed.
func (c *cluster) say() string {
	text := fmt.Sprintf("%+v", c.members())
	for _, m := range c.db {
		text += fmt.Sprintf("\n%s: pg_stat_replication %s", m.name, askPostgres(c.t.Context(), m,
			"SELECT json_agg(r) FROM (SELECT application_name, state, sync_state, flush_lsn FROM pg_stat_replication) r"))
		text += fmt.Sprintf("\n%s: pg_stat_wal_receiver %s", m.name, askPostgres(c.t.Context(), m,
			"SELECT json_agg(r) FROM (SELECT status, received_tli, flushed_lsn, sender_host FROM pg_stat_wal_receiver) r"))
		for _, f := range m.daemons {
			text += fmt.Sprintf("\n%s:\n%s", m.name, lastOf(ofInterest(f.text()), 6000))
		}
	}
	for _, m := range c.etcd {
		for _, f := range m.daemons {
			text += fmt.Sprintf("\n%s:\n%s", m.name, lastOf(f.tail(), 2500))
		}
	}
	return text
}

// askPostgres is the one value that a question to a machine's PostgreSQL has, or why there is none.
func askPostgres(ctx context.Context, m *machine, query string) string {
	ctx, cancel := context.WithTimeout(ctx, 2*askPatience)
	defer cancel()
	conn, err := pgx.Connect(ctx, urlOf(m))
	if err != nil {
		return err.Error()
	}
	defer closeNow(conn)
	var value *string
	if err := conn.QueryRow(ctx, query).Scan(&value); err != nil {
		return err.Error()
	}
	if value == nil {
		return "none"
	}
	return *value
}

// ofInterest leaves out what Patroni says whenever HAProxy ends the connection of a check, and what PostgreSQL says of the canary:
// between them they fill a log within seconds.
func ofInterest(log string) string {
	var kept []string
	for line := range strings.Lines(log) {
		dated := strings.HasPrefix(line, "20")
		of := func(word string) bool { return strings.Contains(line, word) }
		if dated && !of("Exception happened") && !of("Traceback") && !of("canary") && !of("read-only transaction") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

func lastOf(text string, n int) string { return text[max(0, len(text)-n):] }

// eventually waits for something that the programs must do by themselves.
func eventually(t *testing.T, what string, ok func() bool, say func() string) {
	t.Helper()
	for deadline := time.Now().Add(haPatience); !ok(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited %v for %s\n%s", haPatience, what, say())
		}
	}
}

// askPatience bounds a question to a machine: a frozen one does not answer.
const askPatience = time.Second

// ask is a question to a machine's Patroni; 0 if it does not answer.
func ask(ctx context.Context, m *machine, path string, into any) (status int) {
	return askAt(ctx, "http://"+m.address+":8008"+path, into)
}

func askAt(ctx context.Context, url string, into any) (status int) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return 0
	}
	return do(req, into)
}

// post asks a machine's etcd.
func post(ctx context.Context, m *machine, path string, into any) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+m.address+":2379"+path, strings.NewReader("{}"))
	return err == nil && do(req, into) == http.StatusOK
}

// asker keeps no connections: the machine at the other end may be another one next time.
// A dial goes on after its request has ended: to a machine that is off, for minutes.
var asker = &http.Client{Timeout: askPatience, Transport: &http.Transport{
	DisableKeepAlives: true, DialContext: (&net.Dialer{Timeout: askPatience}).DialContext,
}}

func do(req *http.Request, into any) (status int) {
	resp, err := asker.Do(req)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	if into != nil && json.NewDecoder(resp.Body).Decode(into) != nil {
		return 0
	}
	return resp.StatusCode
}
