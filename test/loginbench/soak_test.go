//go:build linux

package loginbench

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/pgtest"
	"github.com/tradefront/tradefront/test/testmain"
)

const (
	soakVariable = "TRADEFRONT_TEST_SOAK" // for how long, as 30m; without it a few storms
	soakPeriod   = 4 * time.Second        // from the begin of a storm to the next one: the disk has to hold what is recorded
	soakWarmUp   = 12                     // storms until memory is what it is to be
	soakSamples  = 10

	// What a sample may have more than the first, since a collector and the kernel give back at their own time.
	soakHeap     = 4 << 20
	soakResident = 32 << 20
)

// TestMemoryDoesNotGrow lets all terminals of a front drop at once and return, again and again: `make soak DURATION=30m`. It prints heap and resident
// memory as a table, and fails if each sample of the second half has more than the first after the warm-up.
func TestMemoryDoesNotGrow(t *testing.T) {
	t.Parallel()
	testmain.NotRaced(t)
	k := &soak{terminals: startTerminals(t), sessions: 200, seen: 2000}
	if given := os.Getenv(soakVariable); given != "" {
		var err error
		if k.length, err = time.ParseDuration(given); err != nil {
			t.Fatal(err)
		}
		k.sessions, k.seen = number(sessionsVariable, 2000), 5000
	}
	bound := fmt.Sprintf(", seen_terminals: %d", k.seen)
	k.fronts = []*contender{newFront(t, embeddedName, program, nil, bound), newFront(t, postgresName, program, k.database(t), bound)}
	for range max(soakWarmUp, k.seen/k.sessions+1) {
		k.storm(t)
	}
	k.sample(t, 0)
	k.run(t)
	t.Log("\n" + k.String())
	for i, c := range k.fronts {
		first, last := k.samples[0].of[i], k.least(i)
		if last.heap > first.heap+soakHeap || last.resident > first.resident+soakResident {
			t.Errorf("%s: %.1f MiB of heap and %.1f resident, at first %.1f and %.1f", c.name, last.heap/(1<<20), last.resident/(1<<20), first.heap/(1<<20), first.resident/(1<<20))
		}
	}
}

// least is the least of the second half: what one sample has for a moment, because a collection is about to come, is no growth.
func (k *soak) least(front int) memory {
	half := k.samples[(len(k.samples)+1)/2:]
	least := half[0].of[front]
	for _, s := range half {
		least.heap, least.resident = min(least.heap, s.of[front].heap), min(least.resident, s.of[front].resident)
	}
	return least
}

// soak is one run.
type soak struct {
	terminals *worker
	fronts    []*contender
	sessions  int
	seen      int // ciphertexts that are remembered, which the warm-up reaches: they are to grow to their bound and no further
	length    time.Duration
	logins    int // at each front
	samples   []soakSample
}

// soakSample is taken while no terminal is connected.
type soakSample struct {
	at     time.Duration
	logins int
	of     []memory // by front
}

// memory of a process, in bytes.
type memory struct{ heap, resident float64 }

// database is where the fronts are: on a disk for the long run, which is one of benchmarks, and in memory for the short one.
func (k *soak) database(t *testing.T) *pgtest.Cluster {
	if k.length > 0 {
		return pgtest.StartIn(t, "")
	}
	return pgtest.Start(t)
}

// run makes storms by the clock, and takes samples between them.
func (k *soak) run(t *testing.T) {
	t.Helper()
	begin := time.Now()
	if k.length == 0 {
		for range 5 {
			k.storm(t)
		}
		k.sample(t, time.Since(begin))
		return
	}
	due := time.NewTicker(soakPeriod)
	defer due.Stop()
	for taken := 1; taken <= soakSamples; <-due.C {
		k.storm(t)
		if since := time.Since(begin); since >= k.length*time.Duration(taken)/soakSamples {
			k.sample(t, since)
			t.Logf("%s", k.line(&k.samples[len(k.samples)-1]))
			taken++
		}
	}
}

// storm is all terminals of each front, all at once; then they drop, all at once.
func (k *soak) storm(t *testing.T) {
	t.Helper()
	for _, c := range k.fronts {
		_, err := k.terminals.ordered(&order{Address: c.address, Firm: c.firm, Terminals: k.sessions, Visits: k.sessions, Stay: true})
		if err == nil {
			_, err = k.terminals.ordered(&order{})
		}
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
	}
	k.logins += k.sessions
}

func (k *soak) sample(t *testing.T, at time.Duration) {
	t.Helper()
	s := soakSample{at: at, logins: k.logins}
	for _, c := range k.fronts {
		c.settle()
		await.True(t, "all connections have ended", func() bool { return c.metric(t, "tradefront_connections") == 0 })
		s.of = append(s.of, memory{c.heap(), residentOf(t, c.pid)})
	}
	k.samples = append(k.samples, s)
}

// residentOf is what a process has in memory.
func residentOf(t testing.TB, pid int) float64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	words := strings.Fields(rest)
	if len(words) == 0 {
		t.Fatalf("process %d has no VmRSS", pid)
	}
	kib, err := strconv.ParseFloat(words[0], 64)
	if err != nil {
		t.Fatal(err)
	}
	return kib * 1024
}

func (k *soak) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "after\tlogins\t")
	for _, c := range k.fronts {
		fmt.Fprintf(w, "%s: heap MiB\tresident MiB\t", c.name)
	}
	fmt.Fprintln(w)
	for i := range k.samples {
		fmt.Fprintln(w, k.line(&k.samples[i])+"\t")
	}
	_ = w.Flush() // into memory
	return b.String()
}

func (k *soak) line(s *soakSample) string {
	line := fmt.Sprintf("%v\t%d", s.at.Round(time.Second), s.logins)
	for _, m := range s.of {
		line += fmt.Sprintf("\t%.1f\t%.1f", m.heap/(1<<20), m.resident/(1<<20))
	}
	return line
}
