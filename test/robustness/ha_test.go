package robustness

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestHighAvailability runs what deploy/ha describes and breaks it, fault by fault in an order by the seed, for a
// duration; then a data centre is lost for good and made anew (ha_recovery_test.go).
func TestHighAvailability(t *testing.T) {
	requireHA(t)
	first := firstSeed()
	t.Logf("seed %d: repeat with -args -ha -seed %d -duration %v", first, first, *duration)
	began := time.Now()
	w := newHAWorld(t, first, strictly)
	r := &haResult{Seed: first, Faults: map[string]int{}, begin: began}
	t.Cleanup(func() { r.write(t) })
	w.run(r)
	if strings.Contains(centreLost, *only) {
		w.loseCentre(r)
	}
}

// TestSplitBrainIsSeen takes Patroni's synchronous mode away and freezes Patroni: two primaries confirm rows now, and those of one of them
// are lost. The canary has to see that; if it did not, "0 lost" of TestHighAvailability would say nothing.
func TestSplitBrainIsSeen(t *testing.T) {
	requireHA(t)
	if !strings.Contains(splitBrain, *only) {
		t.Skip("another kind of fault was asked for")
	}
	w := newHAWorld(t, firstSeed(), asynchronously)
	before := &roles{leader: w.cluster.mustLead()}
	heal := freezePatroni(w)
	eventually(t, "another leader", func() bool { return failedOver(w, before) }, w.say)
	var lost []string
	all := 0
	eventually(t, "rows that the old primary alone has", func() bool {
		var err error
		lost, all, err = w.canary.lost(t.Context(), w.cluster.leaderURL())
		return err == nil && len(lost) > 0
	}, w.say)
	heal()
	w.cluster.mustBeWhole()
	t.Logf("without the synchronous mode: of %d confirmed rows %d were in the old primary alone when they were first seen, %s among them", all, len(lost), lost[0])
	lost, all = w.lostRows()
	if len(lost) == 0 {
		t.Errorf("the old primary follows the new one, and none of %d confirmed rows is lost: two primaries were not seen", all)
	}
	t.Logf("the old primary follows the new one: %d of %d are lost for good", len(lost), all)
}

// splitBrain is the fault of TestSplitBrainIsSeen.
const splitBrain = "leader: Patroni alone frozen, without synchronous mode"

// requireHA skips the test unless it was asked for, and fails it where it cannot run.
func requireHA(t *testing.T) {
	t.Helper()
	if !*highly {
		t.Skip("takes minutes, and Debian's Patroni, etcd and keepalived: make ha")
	}
	if noDisks != nil || os.Geteuid() != 0 {
		t.Fatalf("needs root, for namespaces: %v", noDisks)
	}
	for _, program := range []string{"patroni", "patronictl", "etcd", "keepalived", "haproxy", "nsenter", "setpriv", "ip"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Fatalf("%v: ./test/ensure-tools.sh ha installs it", err)
		}
	}
}

// run strikes with all faults in an order by chance, and begins anew, until the time is over.
func (w *haWorld) run(r *haResult) {
	w.t.Helper()
	all := slices.DeleteFunc(slices.Clone(haFaults), func(f haFault) bool { return !strings.Contains(f.name, *only) })
	for end := time.Now().Add(*duration); ; {
		w.random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		for _, f := range all {
			w.round(f, r)
			if w.t.Failed() || *duration > 0 && time.Now().After(end) {
				return
			}
		}
		if *duration == 0 || len(all) == 0 {
			return
		}
	}
}

// round is one fault, from a whole cluster to a whole one.
func (w *haWorld) round(f haFault, r *haResult) {
	w.t.Helper()
	time.Sleep(time.Duration(w.random.Int64N(int64(2 * time.Second)))) // so that it meets Patroni at any point of its loop
	before := &roles{w.cluster.mustLead(), w.cluster.synchronous(), w.cluster.etcdLeader()}
	w.stalls.Store(0)
	began := time.Now()
	fmt.Printf("%s  %s\n", began.Format(time.TimeOnly), f.name)
	heal := f.strike(w)
	if f.follows != nil {
		eventually(w.t, "what follows "+f.name, func() bool { return f.follows(w, before) }, w.say)
	}
	w.servesBy(f, began, r)
	w.checkPostgres() // before anything is mended: what an automatic failover left
	heal()
	w.cluster.mustBeWhole()
	for _, c := range w.centres {
		w.mustServe(c)
	}
	w.check(r)
	r.note(f.name)
	fmt.Printf("round %3d  %-48s without answers: %s  whole after %5.1fs  %s\n", r.Rounds, f.name, r.last(f.name), time.Since(began).Seconds(), r)
}

// servesBy waits until the centres that can answer, and notes for how long each did not.
func (w *haWorld) servesBy(f haFault, began time.Time, r *haResult) {
	w.t.Helper()
	for _, c := range w.centres {
		if f.without != nil && f.without(w, c) {
			continue
		}
		w.mustServe(c)
		r.took(measured{f.name, c.answersAfter(), c.found(), c.load.gap(began).Seconds(), time.Duration(w.stalls.Load()).Seconds()})
	}
}

// leaderPatience is how long it takes until a leader that cannot write to etcd has lost its place: ttl, and a round of the others.
const leaderPatience = 27 * time.Second

// watchStalls notes for how long this process itself did not run when it should: other work on the machine delays everything.
func (w *haWorld) watchStalls() {
	const pace = 100 * time.Millisecond
	for last := time.Now(); w.t.Context().Err() == nil; last = time.Now() {
		time.Sleep(pace)
		w.stalls.Store(max(w.stalls.Load(), int64(time.Since(last)-pace)))
	}
}

// gap is the longest time since began in which no login was answered.
func (l *load) gap(began time.Time) (longest time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var at []time.Time
	for _, a := range l.attempts {
		if a.result != nil && a.done.After(began) {
			at = append(at, a.done)
		}
	}
	slices.SortFunc(at, time.Time.Compare)
	for last := began; len(at) > 0; last, at = at[0], at[1:] {
		longest = max(longest, at[0].Sub(last))
	}
	return longest
}

// checkPostgres: what a centre answered after PostgreSQL had it is there after any failover.
func (w *haWorld) checkPostgres() {
	w.t.Helper()
	for _, c := range w.centres {
		if c.postgres {
			w.judge(c, nil)
		}
	}
}

// check holds every centre's answers against what is stored, and the canary's rows against the primary.
func (w *haWorld) check(r *haResult) {
	w.t.Helper()
	r.verdict, r.Refused, r.Cut = verdict{}, 0, 0
	for _, c := range w.centres {
		var locals []string
		if !c.postgres {
			locals = c.locals
			if err := forwarded(w.t.Context(), c.load.ledger, locals...); err != nil {
				w.t.Errorf("%v\n%s", err, w.say())
			}
		}
		r.add(w.judge(c, locals))
		n := c.load.counts()
		r.Refused, r.Cut = r.Refused+n.refused, r.Cut+n.cut
	}
	lost, all := w.lostRows()
	if r.Confirmed, r.Split = all, len(lost); len(lost) > 0 {
		w.t.Errorf("of %d rows that a PostgreSQL confirmed %d are lost: %s\n%s", all, len(lost), strings.Join(lost, "; "), w.say())
	}
}

// lostRows are those of the canary that the primary lacks. On a busy machine a connection may take longer than it may.
func (w *haWorld) lostRows() (lost []string, all int) {
	w.t.Helper()
	var err error
	eventually(w.t, "the canary's rows to be read", func() bool {
		lost, all, err = w.canary.lost(w.t.Context(), w.cluster.leaderURL())
		return err == nil
	}, func() string { return fmt.Sprintf("%v\n%s", err, w.say()) })
	return lost, all
}

// judge is one centre's check, with its terminals paused.
func (w *haWorld) judge(c *centre, locals []string) verdict {
	w.t.Helper()
	c.load.paused.Store(true)
	defer c.load.paused.Store(false)
	answers := c.load.snapshot()
	s := w.stored(c, locals)
	v := c.checker.check(answers, s, c.load.snapshot())
	if !v.good() {
		w.t.Errorf("%s: %+v\n%s", c.place, v, w.say())
	}
	c.load.mu.Lock()
	defer c.load.mu.Unlock()
	for _, wrong := range c.load.wrong {
		w.t.Errorf("no fault excuses this answer: %s", wrong)
	}
	return v
}

// commandOf is what a process calls itself.
func commandOf(pid int) string {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)) // it may have ended
	return strings.ReplaceAll(string(text), "\x00", " ")
}
