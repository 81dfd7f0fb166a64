package e2e

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/loadtest"
	"github.com/tradefront/tradefront/internal/loadtest/result"
	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/ports"
)

// TestLoadOfOrders: each message through the front to the core comes back once, and the core saw as many.
func TestLoadOfOrders(t *testing.T) {
	t.Parallel()
	core := newCore(t, "orders", twoCustomers, ports.Address(t))
	s := linked(t, []*coreProcess{core}, "insecure_loopback: true", "limits: {connections_per_source: 0}\n")
	accounts := filepath.Join(s.dir, "core-accounts.yaml")
	s.cli("", "loadtest", "prepare", "--accounts", "30", "--apps", "2", "--out", filepath.Join(s.dir, "people.json"), "--core-accounts", accounts)
	core.kill()
	core = newCore(t, "orders", readFile(t, accounts), core.endpoint())
	d := s.serveReady()
	r, answers, err := s.load(d, "--scenario", "orders", "--visits", "30", "--orders-rate", "1500", "--hold", "2s",
		"--assert", "requests_answered==3000", "--assert", "request.p50<10s", "--assert", "errors==0")
	q := r.Requests
	if err != nil || !r.Good || q == nil || q.Sent != 3000 || q.Answered != 3000 || r.Step("request").Count() != 3000 ||
		r.Step("request_service").Count() != 3000 || r.Counts.LoggedIn != 30 || len(answers) != 30 || q.ElapsedS < 1.9 {
		t.Fatalf("%v, good %v, ended early %q, %+v, %+v, failed %v", err, r.Good, r.EndedEarly, r.Counts, q, r.Failed)
	}
	if took := r.Lasted(); took < r.ElapsedS+q.ElapsedS || took < 1.9 {
		t.Errorf("the run lasted %v s: the logins %v s, and then the orders %v s", took, r.ElapsedS, q.ElapsedS)
	}
	if saw := core.saw(); saw.Echoes != 3000 {
		t.Errorf("the core sent %d messages back", saw.Echoes)
	}
	core.wantNoViolation()
	s.wantSteps(d, loadtest.Plan{Scenario: loadtest.Orders, Visits: 3, OrdersRate: 100, Hold: time.Second}, false)
	s.faultyOrders(d, core)
}

// faultyOrders: what a core does wrong while orders come is counted by what it is, and the run is not good.
func (s *site) faultyOrders(d *daemon, core *coreProcess) {
	s.t.Helper()
	for _, fault := range []struct {
		command string
		count   func(*result.Requests) int
	}{
		{"wrong twice 3", func(q *result.Requests) int { return q.Doubled }},
		{"mute 1m", func(q *result.Requests) int { return q.Lost }},
	} {
		before := core.saw().Echoes
		ended := make(chan *result.Result)
		go func() {
			r, _, err := s.load(d, "--scenario", "orders", "--visits", "5", "--orders-rate", "200", "--hold", "5s", "--patience", "2s")
			if err == nil {
				s.t.Errorf("%s: exit status 0", fault.command)
			}
			ended <- r
		}()
		await.True(s.t, "orders to come", func() bool { return core.saw().Echoes > before+20 })
		core.do(fault.command)
		r := <-ended
		q := r.Requests
		if n := fault.count(q); n == 0 || r.Errors() != n || q.Answered+q.Lost != q.Sent || r.Good || q.Answered < 20 {
			s.t.Errorf("%s: %d of them, %+v, %+v, failed %v", fault.command, n, q, r.Counts, r.Failed)
		}
	}
}

// TestLoadOfOrdersWithoutACore: a front without a trading core is said to be one, and the run ends at once with what it found.
func TestLoadOfOrdersWithoutACore(t *testing.T) {
	t.Parallel()
	s, d := loadSite(t, "10")
	r, _, err := s.load(d, "--scenario", "orders", "--visits", "10", "--orders-rate", "100", "--hold", "10m")
	const want = "the front has no trading core (code 77): set core.driver to link, and give it a core that sends messages back (core-sim)"
	if err == nil || r.Good || r.EndedEarly != want || r.Counts.LoggedIn != 10 || r.Requests.RefusedBy["77"] == 0 || r.Requests.Answered != 0 {
		t.Errorf("%v, good %v, %q, %+v, %+v", err, r.Good, r.EndedEarly, r.Counts, r.Requests)
	}
}
