package simulation

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tradefront/tradefront/test/testmain"
)

var (
	seeds = flag.Int("seeds", 0, "how many seeds to run, from -first on; 0 for as many as belong to the tests")
	first = flag.Uint64("first", 1, "the first seed")
	seed  = flag.Uint64("seed", 0, "the only seed to run, with its whole trace")
)

// ofTheTests is how many seeds run with the tests. CI runs a thousand besides (make sim), without
// the race detector, which makes SQLite ten times slower.
var ofTheTests = testmain.Fewer(100, 40)

// enough is how many seeds that fail are printed: further ones would show the same.
const enough = 5

// run is one seed from its first step to its last check.
func run(t *testing.T, seed uint64) *world {
	dir, err := os.MkdirTemp(ramDisk(), "tradefront-simulation-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	shared() // outside of the bubble: it is shared
	w := newWorld(seed, dir)
	synctest.Test(t, func(*testing.T) {
		time.Sleep(time.Until(w.plan.start))
		w.trace.started = time.Now()
		for range w.plan.steps {
			if w.failed() {
				break
			}
			w.step()
		}
		if w.plan.liveness && !w.failed() {
			w.heal()
			if !w.failed() {
				w.settle()
			}
		}
		if w.failed() {
			if w.process != nil {
				w.process.die(w.process.snapshot())
			}
			return
		}
		w.checkLeft()
	})
	return w
}

func report(t *testing.T, w *world) {
	t.Helper()
	if w.failure != nil {
		t.Errorf("seed %d: %v\nagain: make sim SEED=%d\nplan: %+v\nlast steps:\n%s", w.seed, w.failure, w.seed, w.plan, w.trace.last())
	}
}

// TestSeeds runs seed after seed; each is one process of a front or several, among faults.
func TestSeeds(t *testing.T) {
	if *seed != 0 {
		w := run(t, *seed)
		for _, line := range w.trace.lines {
			fmt.Println(line)
		}
		t.Logf("plan %+v, counts %+v", w.plan, w.counts)
		report(t, w)
		return
	}
	n := *seeds
	if n == 0 {
		n = ofTheTests
	}
	var all counts
	for i, failures := uint64(0), 0; i < uint64(n) && failures < enough; i++ {
		w := run(t, *first+i)
		all.add(&w.counts)
		report(t, w)
		if w.failure != nil {
			failures++
		}
	}
	t.Logf("%d seeds: %+v", n, all)
}

// TestSameSeedSameRun: without this a seed that failed would prove nothing when it runs
// again.
func TestSameSeedSameRun(t *testing.T) {
	for seed := range uint64(max(2, ofTheTests/15)) {
		a, b := run(t, seed), run(t, seed)
		for i := range min(len(a.trace.lines), len(b.trace.lines)) {
			if a.trace.lines[i] != b.trace.lines[i] {
				t.Fatalf("seed %d: after\n%s\nonce\n%s\nand again\n%s", seed,
					strings.Join(a.trace.lines[max(0, i-kept):i], "\n"), a.trace.lines[i], b.trace.lines[i])
			}
		}
		if a.trace.hash != b.trace.hash {
			t.Fatalf("seed %d has two traces, of %d and %d steps", seed, len(a.trace.lines), len(b.trace.lines))
		}
	}
}

// regressions are seeds that found something, with what it was.
var regressions = []struct {
	seed uint64
	bug  string
}{
	{144, "a seq was given to a new record that a released one had had: with answer_after postgres it was answered before PostgreSQL had it"},
	{13679, "a quarantine whose commit failed and happened was not looked at: a login that waited for PostgreSQL was answered"},
}

func TestRegressions(t *testing.T) {
	for _, r := range regressions {
		t.Run(fmt.Sprint(r.seed), func(t *testing.T) { report(t, run(t, r.seed)) })
	}
}

func (c *counts) add(o *counts) {
	for _, p := range []struct {
		sum *int
		n   int
	}{
		{&c.steps, o.steps},
		{&c.logins, o.logins},
		{&c.refused, o.refused},
		{&c.processes, o.processes},
		{&c.crashes, o.crashes},
		{&c.tornCommits, o.tornCommits},
		{&c.stops, o.stops},
		{&c.commitFaults, o.commitFaults},
		{&c.batches, o.batches},
		{&c.sendFaults, o.sendFaults},
		{&c.fullDisks, o.fullDisks},
		{&c.clockSteps, o.clockSteps},
		{&c.reloads, o.reloads},
		{&c.outages, o.outages},
		{&c.partitions, o.partitions},
		{&c.diskFull, o.diskFull},
		{&c.linked, o.linked},
		{&c.links, o.links},
		{&c.cuts, o.cuts},
		{&c.coreCrashes, o.coreCrashes},
		{&c.terms, o.terms},
		{&c.resumed, o.resumed},
		{&c.kicks, o.kicks},
		{&c.flows, o.flows},
		{&c.lies, o.lies},
		{&c.orders, o.orders},
		{&c.answers, o.answers},
		{&c.unanswered, o.unanswered},
		{&c.quiet, o.quiet},
		{&c.relayed, o.relayed},
		{&c.relayedLogins, o.relayedLogins},
		{&c.submissions, o.submissions},
		{&c.resubmitted, o.resubmitted},
		{&c.renewed, o.renewed},
		{&c.recorded, o.recorded},
		{&c.submitRefused, o.submitRefused},
		{&c.rows, o.rows},
		{&c.permissions, o.permissions},
		{&c.visits, o.visits},
		{&c.denied, o.denied},
	} {
		*p.sum += p.n
	}
}
