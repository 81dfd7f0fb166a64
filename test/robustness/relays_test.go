package robustness

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/store"
)

// shortRelays bounds the rounds of the short form.
const shortRelays = 10 * time.Second

// TestRelays breaks two fronts, their PostgreSQL, two HAProxys, two relay agents, the links of relays and their permissions
// in a random order, while terminals come directly and through relays of every kind.
func TestRelays(t *testing.T) {
	sideBySide(t)
	first := firstSeed()
	var chosen []relayFault
	for _, f := range relayFaults {
		if strings.Contains(f.name, *only) && (*duration > 0 || *only != "" || f.short) {
			chosen = append(chosen, f)
		}
	}
	if len(chosen) == 0 {
		t.Skip("no fault has that name")
	}
	t.Logf("seed %d: repeat with -run TestRelays -args -seed %d -duration %v", first, first, *duration)
	w := newRelaysWorld(t, first)
	r := &relaysResult{Seed: first, Faults: map[string]int{}, begin: time.Now()}
	w.run(chosen, r)
	w.finish(r)
	t.Log(r)
	r.write(t)
}

// run strikes with all faults in an order by chance, and begins anew until the time is over.
func (w *relaysWorld) run(all []relayFault, r *relaysResult) {
	w.t.Helper()
	for begin := time.Now(); ; {
		w.random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		if i := slices.IndexFunc(all, func(f relayFault) bool { return f.first }); i > 0 && !w.long {
			all[0], all[i] = all[i], all[0]
		}
		for _, f := range all {
			w.round(f, r)
			switch past := time.Since(begin); {
			case w.t.Failed(), *duration > 0 && past > *duration, *duration == 0 && *only == "" && past > shortRelays:
				return
			}
		}
		if *duration == 0 {
			return
		}
	}
}

// round is one fault. What was answered until its end is checked; a long run makes the report, too.
func (w *relaysWorld) round(f relayFault, r *relaysResult) {
	w.t.Helper()
	n := w.crowd.counts().answered + 3 + w.random.IntN(20)
	w.crowd.await(healPatience, func(l *ledger) bool { return l.codes[answered] >= n })
	begin := time.Now()
	name := w.strike(f)
	healed := time.Now()
	if err := w.serving(); err != nil {
		w.t.Errorf("%s: %v%s", name, err, w.tails())
	}
	serving := time.Since(healed)
	w.quiet()
	defer w.crowd.paused.Store(false)
	s, v := w.check()
	if w.long {
		reported(w.t, w.sites[0], s.records, w.frontAudit(0), w.frontAudit(1))
	}
	r.note(name, v, w)
	fmt.Printf("round %3d  %-62s held %5.1fs, serving after %4.1fs (%s)  %s\n", r.Rounds, name, healed.Sub(begin).Seconds(), serving.Seconds(),
		w.last, r)
	w.judge(v, r)
}

// strike lets the fault happen, in a long run now and then with a front or an agent that is killed at some moment of it.
func (w *relaysWorld) strike(f relayFault) string {
	if !w.long || f.alone || w.random.IntN(3) > 0 {
		f.strike(w)
		return f.name
	}
	moment, victim := time.Duration(w.random.Int64N(int64(3*time.Second))), oneOf(w.random, w.all())
	var both sync.WaitGroup
	both.Go(func() {
		time.Sleep(moment)
		victim.kill()
	})
	f.strike(w)
	both.Wait()
	return f.name + " + kill -9"
}

// check reads PostgreSQL, which has everything, and compares.
func (w *relaysWorld) check() (*stored, verdict) {
	w.t.Helper()
	s := &stored{records: map[uuid.UUID]store.Record{}}
	if err := s.scanPostgres(w.ctx, w.t, w.postgres.URL()); err != nil {
		w.t.Fatalf("reading what is stored: %v", err)
	}
	auditLines(w.t, w.agents[1].audit(), func(l auditLine) {
		if l.Event == "reported_again" {
			w.crowd.note(l.RecordID, "a terminal that the operator agent reported again")
		}
	})
	w.crowd.mu.Lock()
	also := maps.Clone(w.crowd.also)
	w.crowd.mu.Unlock()
	return s, w.checker.check(w.crowd.snapshot(), also, s)
}

// judge fails the test for each thing that must not be.
func (w *relaysWorld) judge(v verdict, r *relaysResult) {
	w.t.Helper()
	w.wire.mu.Lock()
	findings := slices.Clone(w.wire.wrong)
	w.wire.mu.Unlock()
	w.crowd.mu.Lock()
	for _, code := range w.crowd.wrong {
		findings = append(findings, "no fault excuses this answer: "+code)
	}
	w.crowd.mu.Unlock()
	for _, finding := range findings {
		w.t.Error(finding)
	}
	if !v.good() || r.Wire.Unreadable+r.Wire.DrawnAnew > 0 {
		w.t.Errorf("%+v\n%+v%s", v, r.Wire, w.tails())
	}
}

// finish stops the agents and the fronts. The report must have what was answered and stored, and some visits are explained.
func (w *relaysWorld) finish(r *relaysResult) {
	w.t.Helper()
	w.quiet()
	w.crowd.end()
	for i, f := range []*front{w.agents[0].front, w.agents[1].front, w.fronts[0], w.fronts[1]} {
		if i == len(w.agents) {
			w.visitsAreOver()
		}
		f.stop()
		f.checkLog()
	}
	s, v := w.check()
	r.note("", v, w)
	w.judge(v, r)
	for _, path := range w.locals {
		if n, err := heldIn(w.ctx, path); err != nil || n > 0 {
			w.t.Errorf("a front that was stopped in peace left %d records: %v", n, err)
		}
	}
	w.everyWay(r)
	var reports []string
	r.Reported, reports = reported(w.t, w.sites[0], s.records, w.frontAudit(0), w.frontAudit(1))
	w.explain(reports)
	r.Explained = w.explained
}

// visitsAreOver: no relay is left, and no front holds a terminal or a submission of one.
func (w *relaysWorld) visitsAreOver() {
	w.t.Helper()
	for i, admin := range w.admins {
		w.until(fmt.Sprintf("front %d to hold no visit of a relay that has gone", i+1), func() bool {
			n, err := metrics(w.ctx, admin, "tradefront_relay_visits", "tradefront_relay_submissions_in_flight")
			return err == nil && n == 0
		})
	}
}

// everyWay wants that what the test looks for had occasion to go wrong.
func (w *relaysWorld) everyWay(r *relaysResult) {
	w.t.Helper()
	for k := range atOnce {
		if r.Ways[k] == 0 {
			w.t.Errorf("no terminal was answered that came %s", k)
		}
	}
	if *only == "" && (r.Wire.Resubmitted == 0 || r.Again == 0) {
		w.t.Errorf("nothing was submitted again: %+v", r.Wire)
	}
}

func (w *relaysWorld) frontAudit(i int) string { return filepath.Join(w.sites[i].Dir, "audit.jsonl") }

// explain looks some visits up, by what an operator or customer has of them: each came through an agent and a front, and
// its record is a line of the report.
func (w *relaysWorld) explain(reports []string) {
	w.t.Helper()
	visits := slices.DeleteFunc(w.crowd.snapshot(), func(a attempt) bool {
		return a.result == nil || a.via == nil || a.via.way != investor && a.via.way != operator && a.via.way != chained && a.via.way != subdesk
	})
	w.random.Shuffle(len(visits), func(i, j int) { visits[i], visits[j] = visits[j], visits[i] })
	for _, a := range visits[:min(explains, len(visits))] {
		args := []string{
			"explain", a.result.RecordID, "-o", "json", "--audit", w.frontAudit(0), "--audit", w.frontAudit(1),
			"--audit", w.agents[0].audit(), "--audit", w.agents[1].audit(),
		}
		for _, path := range reports {
			args = append(args, "--report", path)
		}
		var found struct {
			Visits []struct {
				Entries []struct {
					FrontID  int    `json:"front_id"`
					RecordID string `json:"record_id"`
				}
			}
			Records []struct {
				Stored bool
				Lines  []string
			}
		}
		out := w.sites[0].CLI("", args...)
		if err := json.Unmarshal([]byte(out), &found); err != nil {
			w.t.Fatalf("explain: %v\n%s", err, out)
		}
		agent, front := false, false
		for _, v := range found.Visits {
			for _, e := range v.Entries {
				agent = agent || e.FrontID > 100 && e.RecordID == a.result.RecordID
				front = front || e.FrontID < 100 && e.RecordID == a.result.RecordID
			}
		}
		if !agent || !front || len(found.Records) != 1 || !found.Records[0].Stored || len(found.Records[0].Lines) != 1 {
			w.t.Errorf("explain does not find %v through agent (%v) and front (%v):\n%s", &a, agent, front, out)
		}
		w.explained++
	}
}

// explains is how many visits are looked up.
const explains = 3

// relaysResult is what came of TestRelays.
type relaysResult struct {
	Seed      uint64         `json:"seed"`
	Seconds   float64        `json:"seconds"`
	Rounds    int            `json:"rounds"`
	Faults    map[string]int `json:"faults"`
	Ways      map[way]int    `json:"answered_by_way"`
	Refused   int            `json:"refused"`
	Cut       int            `json:"cut"`
	Again     int            `json:"answered_again"` // records that relays read of: reported again, and operators' own
	Exits     map[byte]int   `json:"force_exits"`
	Killed    int            `json:"killed"`    // processes that a fault ended
	ByItself  int            `json:"by_itself"` // that ended without a signal of the test
	Torn      int            `json:"torn"`      // connections of relays that were cut at a login, a submission or an answer
	Reported  int            `json:"reported"`
	Explained int            `json:"explained"`
	Wire      wired          `json:"wire"`
	verdict

	begin time.Time
}

func (r *relaysResult) note(fault string, v verdict, w *relaysWorld) {
	if fault != "" {
		r.Rounds++
		r.Faults[fault]++
	}
	c := w.crowd.counts()
	r.Seconds = time.Since(r.begin).Seconds()
	r.Refused, r.Cut, r.verdict, r.Torn = c.refused, c.cut, v, w.torn
	r.Ways = w.answers()
	w.crowd.mu.Lock()
	r.Again, r.Exits = len(w.crowd.also), maps.Clone(w.crowd.exits)
	w.crowd.mu.Unlock()
	w.wire.mu.Lock()
	r.Wire = w.wire.count
	w.wire.mu.Unlock()
	r.Killed, r.ByItself = 0, 0
	for _, f := range w.all() {
		f.mu.Lock()
		r.Killed, r.ByItself = r.Killed+f.killed, r.ByItself+f.byItself
		f.mu.Unlock()
	}
}

func (r *relaysResult) String() string {
	return fmt.Sprintf("answered %d %v refused %d cut %d; also answered %d; recorded %d lost %d doubled %d untrue %d invented %d; wire %+v exits %s",
		r.Answered, r.Ways, r.Refused, r.Cut, r.Again, r.Stored, r.Lost, r.Doubled, r.Untrue, r.Invented, r.Wire, exits(r.Exits))
}

// write makes the file of -summary, beside that of TestRobustness.
func (r *relaysResult) write(t *testing.T) {
	if *summary == "" {
		return
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err == nil {
		err = os.WriteFile(*summary+".relays", text, 0o600)
	}
	if err != nil {
		t.Error(err)
	}
}
