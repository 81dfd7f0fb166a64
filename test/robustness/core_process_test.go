package robustness

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/coresim"
	"github.com/tradefront/tradefront/test/child"
	"github.com/tradefront/tradefront/test/cutproxy"
	"github.com/tradefront/tradefront/test/testmain"
)

// corePatience bounds the start of a core-sim and the answer to a command.
const corePatience = 20 * time.Second

// simCore is a `tradefront core-sim`, one process after the other, behind a proxy for each front.
type simCore struct {
	t       *testing.T
	id      string // CoreID
	dir     string // short, for the control socket
	proxies []*cutproxy.Proxy

	accounts string
	cmd      *exec.Cmd // nil while none runs
	address  string
	frozen   bool

	killed    int
	instances map[string]coresim.Counters // the last that each said
	records   map[string]string           // RecordIDs with which sessions were opened or resumed, by instance
}

func newSimCore(t *testing.T, name, accounts string, fronts int, watch func() cutproxy.Watcher) *simCore {
	t.Helper()
	c := &simCore{
		t: t, id: coresim.DefaultCoreID + "-" + name, dir: testmain.ShortDir(t), accounts: accounts,
		instances: map[string]coresim.Counters{}, records: map[string]string{},
	}
	for range fronts {
		c.proxies = append(c.proxies, cutproxy.StartBytes(t, watch))
	}
	t.Cleanup(c.kill)
	return c
}

func (c *simCore) control() string { return filepath.Join(c.dir, "ctl") }

// start begins another process, under the same CoreID.
func (c *simCore) start(state string, term int) {
	c.t.Helper()
	cmd := exec.Command(built.normal, "core-sim", "--accounts", c.accounts, "--listen", "127.0.0.1:0", "--control", c.control(),
		"--core-id", c.id, "--state", state, "--term", strconv.Itoa(term), "--heartbeat", "1s", "--grace", coreGrace.String(),
		"--credit", strconv.Itoa(coreCredit), "-o", "json")
	out, err := cmd.StdoutPipe()
	if err != nil {
		c.t.Fatal(err)
	}
	log, err := os.OpenFile(filepath.Join(c.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		c.t.Fatal(err)
	}
	defer log.Close() // the process has its own copy
	cmd.Stderr = log
	if err := child.Start(cmd); err != nil {
		c.t.Fatal(err)
	}
	c.cmd = cmd
	timer := time.AfterFunc(corePatience, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	line, err := bufio.NewReader(out).ReadBytes('\n')
	var at coresim.Listening
	if err == nil {
		err = json.Unmarshal(line, &at)
	}
	if err != nil || len(at.Listen) != 1 {
		c.t.Fatalf("%s did not start: %v %s\n%s", c.id, err, line, c.log())
	}
	c.address = at.Listen[0]
	c.lead()
}

func (c *simCore) log() string {
	text, err := os.ReadFile(filepath.Join(c.dir, "log"))
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-4000):])
}

// lead leads all proxies to the process that runs; links that are open are cut.
func (c *simCore) lead() {
	for _, p := range c.proxies {
		p.Lead(c.address)
	}
}

// do has the core carry out a command.
func (c *simCore) do(command string) string {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), corePatience)
	defer cancel()
	answer, err := coresim.Ask(ctx, c.control(), command)
	if err != nil {
		c.t.Fatalf("%s: %v\n%s", c.id, err, c.log())
	}
	return answer
}

// note asks what the core saw. What it sees between this and its end is not counted here; the witness saw it.
func (c *simCore) note() {
	c.t.Helper()
	if c.cmd == nil {
		return
	}
	var r coresim.Report
	var records []string
	for command, into := range map[string]any{"report": &r, "records": &records} {
		if err := json.Unmarshal([]byte(c.do(command)), into); err != nil {
			c.t.Fatalf("%s: %s: %v", c.id, command, err)
		}
	}
	for _, i := range r.Instances {
		c.instances[i.Instance] = i
	}
	for _, id := range records {
		c.records[id] = r.Now().Instance
	}
}

// sessions are those that the core has now.
func (c *simCore) sessions() (all []coresim.Session) {
	c.t.Helper()
	if err := json.Unmarshal([]byte(c.do("sessions")), &all); err != nil {
		c.t.Fatalf("%s: sessions: %v", c.id, err)
	}
	return all
}

// open counts the open ones.
func (c *simCore) open() (n int) {
	c.t.Helper()
	for _, s := range c.sessions() {
		if s.State == "open" {
			n++
		}
	}
	return n
}

// crash is kill -9, right after the core was asked what it saw.
func (c *simCore) crash() {
	c.t.Helper()
	c.note()
	c.kill()
	c.killed++
}

func (c *simCore) kill() {
	if c.cmd != nil {
		_ = c.cmd.Process.Kill()
		_ = c.cmd.Wait()
		c.cmd = nil
	}
}

func (c *simCore) signal(s syscall.Signal) {
	c.t.Helper()
	if err := c.cmd.Process.Signal(s); err != nil {
		c.t.Fatal(err)
	}
}

// stop is SIGTERM: the core must end with status 0.
func (c *simCore) stop() {
	c.t.Helper()
	c.note()
	c.signal(syscall.SIGTERM)
	timer := time.AfterFunc(corePatience, func() { _ = c.cmd.Process.Kill() })
	defer timer.Stop()
	if err := c.cmd.Wait(); err != nil {
		c.t.Errorf("%s after SIGTERM: %v\n%s", c.id, err, c.log())
	}
	c.cmd = nil
}

func (c *simCore) freeze() {
	c.signal(syscall.SIGSTOP)
	c.frozen = true
}

func (c *simCore) thaw() {
	if c.frozen && c.cmd != nil {
		c.signal(syscall.SIGCONT)
	}
	c.frozen = false
}
