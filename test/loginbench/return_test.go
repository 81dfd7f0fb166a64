//go:build linux

package loginbench

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/loadtest/population"
	"github.com/tradefront/tradefront/internal/loadtest/result"
	"github.com/tradefront/tradefront/test/pgtest"
	"github.com/tradefront/tradefront/test/site"
)

// returnVariable has the number of terminals; without it TestAllReturnAtOnce is skipped.
const returnVariable = "TRADEFRONT_TEST_RETURN"

const (
	returnFronts     = 3 // of 50,000 terminals each has what 20,000 open files allow
	returnGenerators = 4
)

// TestAllReturnAtOnce has all terminals of a firm leave at once and return at once: `make reconnect`. Each must be in at the end, and
// PostgreSQL must have a record of every login that was answered.
func TestAllReturnAtOnce(t *testing.T) {
	terminals, err := strconv.Atoi(os.Getenv(returnVariable))
	if err != nil {
		t.Skip("make reconnect sets " + returnVariable)
	}
	database := pgtest.StartIn(t, "")
	o := site.Options{Binary: program, URL: database.URL(), Core: "  verifier_kib: 0", Store: "log_level: error\nlimits: {connections_per_source: 0}\n"}
	s := site.New(t, o)
	people := filepath.Join(s.Dir, "people.json")
	s.CLI("", "loadtest", "prepare", "--accounts", strconv.Itoa(terminals), "--out", people)
	p, err := population.Read(people)
	if err != nil {
		t.Fatal(err)
	}
	f := firm{BrokerID: p.BrokerID}
	fronts := []*contender{startFront(t, "front 1", program, s, f, database)}
	for i := 2; i <= returnFronts; i++ {
		beside := o
		beside.Front = i
		fronts = append(fronts, startFront(t, "front "+strconv.Itoa(i), program, s.Beside(beside), f, database))
	}
	args := []string{
		"loadtest", "run", "--people", people, "--key", filepath.Join(s.Dir, "public.pem"), "--scenario", "reconnect", "--visits", strconv.Itoa(terminals),
		"--generators", strconv.Itoa(returnGenerators), "--sources", "64", "--come-again", "10m", "--heartbeat", "999", "--save", filepath.Join(s.Dir, "r.json"), "--assert", "errors==0",
	}
	for _, c := range fronts {
		args = append(args, "--to", c.address)
	}
	before := recordsOf(t, database)
	out, err := exec.Command(program, args...).CombinedOutput()
	t.Logf("\n%s", out)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(s.Dir, "r.json"))
	if err != nil {
		t.Fatal(err)
	}
	var r result.Result
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	for _, second := range r.Seconds {
		t.Logf("in: %6d in this second, %d open, p50 %.0f ms", second.LoggedIn, second.Open, second.P50)
	}
	for _, c := range fronts {
		c.settle()
	}
	if stored := recordsOf(t, database) - before; r.Counts.LoggedIn != terminals || stored < 2*terminals {
		t.Errorf("%d of %d returned; %d records of at least %d logins", r.Counts.LoggedIn, terminals, stored, 2*terminals)
	}
}

func recordsOf(t *testing.T, c *pgtest.Cluster) int {
	t.Helper()
	n, err := strconv.Atoi(strings.TrimSpace(c.SQL("SELECT count(*) FROM record")))
	if err != nil {
		t.Fatal(err)
	}
	return n
}
