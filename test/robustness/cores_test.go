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

	"github.com/tradefront/tradefront/internal/coresim"
	"github.com/tradefront/tradefront/internal/store"
)

// shortCores bounds the short form.
const shortCores = 40 * time.Second

// TestCores breaks two trading cores, the links to them and two fronts, while terminals trade.
func TestCores(t *testing.T) {
	sideBySide(t)
	first := firstSeed()
	var chosen []coreFault
	for _, f := range coreFaults {
		if strings.Contains(f.name, *only) && (*duration > 0 || *only != "" || f.short) {
			chosen = append(chosen, f)
		}
	}
	if len(chosen) == 0 {
		t.Skip("no fault has that name")
	}
	t.Logf("seed %d: repeat with -run TestCores -args -seed %d -duration %v", first, first, *duration)
	shares := sharesOfCores()
	for share := range shares {
		t.Run(fmt.Sprintf("share %d", share+1), func(t *testing.T) {
			sideBySide(t)
			w := newCoresWorld(t, first+uint64(share))
			r := &coresResult{Seed: first, Faults: map[string]int{}, begin: time.Now()}
			w.run(shareOf(chosen, share, shares), r)
			w.finish(r)
			t.Log(r)
			r.write(t, share)
		})
	}
}

// sharesOfCores is how many worlds share the faults. In one of them, the short form would take longer than all other tests of the package.
func sharesOfCores() int {
	if *duration == 0 && *only == "" {
		return 2
	}
	return 1
}

// run strikes with all faults in an order by chance, and begins anew until the time is over.
func (w *coresWorld) run(all []coreFault, r *coresResult) {
	w.t.Helper()
	for begin := time.Now(); ; {
		w.random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		if !w.long {
			slices.SortStableFunc(all, func(a, b coreFault) int { return b.always() - a.always() })
		}
		for _, f := range all {
			w.round(f, r)
			switch past := time.Since(begin); {
			case w.t.Failed(), *duration > 0 && past > *duration, *duration == 0 && *only == "" && past > shortCores:
				return
			}
		}
		if *duration == 0 {
			return
		}
	}
}

func (w *coresWorld) round(f coreFault, r *coresResult) {
	w.t.Helper()
	w.warmUp()
	begin := time.Now()
	name := w.strike(f)
	healed := time.Now()
	err := w.serving()
	serving := time.Since(healed)
	if err == nil {
		err = forwarded(w.ctx, w.crowd.ledger, w.locals...)
	}
	if err != nil {
		w.t.Errorf("%s: %v%s", name, err, w.tails())
	}
	v := w.check()
	r.note(name, v, w)
	fmt.Printf("round %3d  %-50s held %5.1fs, serving after %4.1fs  %s\n", r.Rounds, name, healed.Sub(begin).Seconds(), serving.Seconds(), r)
	w.judge(v, r)
}

// strike lets the fault happen, in a long run now and then with a front that is killed at some moment of it.
func (w *coresWorld) strike(f coreFault) string {
	if !w.long || f.alone || w.random.IntN(3) > 0 {
		f.strike(w)
		return f.name
	}
	moment, victim := time.Duration(w.random.Int64N(int64(3*time.Second))), oneOf(w.random, w.fronts)
	var both sync.WaitGroup
	both.Go(func() {
		time.Sleep(moment)
		victim.kill()
	})
	f.strike(w)
	both.Wait()
	return f.name + " + kill -9"
}

// judge fails the test for what must not be.
func (w *coresWorld) judge(v verdict, r *coresResult) {
	w.t.Helper()
	_, seen := w.witness.counts()
	_, wrong := w.crowd.counts()
	w.crowd.ledger.mu.Lock()
	for _, code := range w.crowd.ledger.wrong {
		wrong = append(wrong, "no fault excuses this answer to a login: "+code)
	}
	w.crowd.ledger.mu.Unlock()
	for _, finding := range append(seen, wrong...) {
		w.t.Error(finding)
	}
	for what, n := range r.violations() {
		w.t.Errorf("the cores counted %d of %s", n, what)
	}
	if !v.good() || !r.Witness.good() || !r.Terminals.good() {
		w.t.Errorf("%+v\n%+v\n%+v%s", v, r.Witness, r.Terminals, w.tails())
	}
}

// finish stops the fronts and the cores; the reports must have what was answered and stored.
func (w *coresWorld) finish(r *coresResult) {
	w.t.Helper()
	w.crowd.end()
	for _, f := range w.fronts {
		f.stop()
		f.checkLog()
	}
	v := w.check()
	r.note("", v, w)
	w.sessionsAreOver()
	for _, c := range w.cores {
		c.stop()
	}
	w.judge(v, r)
	w.everyKind(r)
	s := &stored{records: map[uuid.UUID]store.Record{}}
	if err := s.scanPostgres(w.ctx, w.t, w.postgres.URL()); err != nil {
		w.t.Fatal(err)
	}
	if len(s.records) != v.Stored {
		w.t.Errorf("fronts that were stopped in peace left records: %d are in PostgreSQL, %d in all stores", len(s.records), v.Stored)
	}
	r.Reported, _ = reported(w.t, w.sites[0], s.records, filepath.Join(w.sites[0].Dir, "audit.jsonl"), filepath.Join(w.sites[1].Dir, "audit.jsonl"))
}

// sessionsAreOver: no core has a session of a front that has ended in peace.
func (w *coresWorld) sessionsAreOver() {
	w.t.Helper()
	for _, c := range w.cores {
		for _, s := range c.sessions() {
			if s.State != "suspended" { // those of a process that was killed wait for their grace
				w.t.Errorf("%s still has the session %+v", c.id, s)
			}
		}
	}
}

// everyKind wants that what the test looks for had occasion to go wrong. The faults that the short form always has see to it: how
// many others fit into its time is the machine's business.
func (w *coresWorld) everyKind(r *coresResult) {
	w.t.Helper()
	if r.Terminals.Answered == 0 || r.Terminals.Fills == 0 || r.Witness.Opens == 0 || r.Witness.Orders == 0 || r.Answered == 0 {
		w.t.Errorf("nothing happened: %+v %+v", r.Witness, r.Terminals)
	}
	all := w.long && *only == ""
	if (all || r.Faults[linksCut] > 0) && r.Witness.Resumes == 0 || (all || r.Faults[coreKicks] > 0) && len(r.Terminals.Exits) == 0 {
		w.t.Errorf("no session was resumed, or none sent away: %+v %+v", r.Witness, r.Terminals)
	}
}

// coresResult is what came of TestCores.
type coresResult struct {
	Seed      uint64           `json:"seed"`
	Seconds   float64          `json:"seconds"`
	Rounds    int              `json:"rounds"`
	Faults    map[string]int   `json:"faults"`
	Refused   int              `json:"logins_refused"`
	Cut       int              `json:"logins_cut"`
	Killed    int              `json:"killed"`    // processes that a fault ended
	ByItself  int              `json:"by_itself"` // fronts that ended without a signal of the test
	Reported  int              `json:"reported"`
	Instances int              `json:"instances"` // of cores
	Cores     coresim.Counters `json:"cores"`     // the sum of what the instances said
	Witness   witnessed        `json:"witness"`
	Terminals traded           `json:"terminals"`
	verdict

	begin time.Time
}

func (r *coresResult) note(fault string, v verdict, w *coresWorld) {
	if fault != "" {
		r.Rounds++
		r.Faults[fault]++
	}
	c := w.crowd.ledger.counts()
	r.Seconds = time.Since(r.begin).Seconds()
	r.Refused, r.Cut, r.verdict = c.refused, c.cut, v
	r.Witness, _ = w.witness.counts()
	r.Terminals, _ = w.crowd.counts()
	r.Killed, r.ByItself, r.Instances, r.Cores = 0, 0, 0, coresim.Counters{}
	for _, f := range w.fronts {
		f.mu.Lock()
		r.Killed, r.ByItself = r.Killed+f.killed, r.ByItself+f.byItself
		f.mu.Unlock()
	}
	for _, core := range w.cores {
		r.Killed += core.killed
		r.Instances += len(core.instances)
		for _, i := range core.instances {
			r.add(&i)
		}
	}
}

// add sums the counters that the run is judged and told by.
func (r *coresResult) add(i *coresim.Counters) {
	c := &r.Cores
	c.Orders, c.OrdersRefused, c.Trades = c.Orders+i.Orders, c.OrdersRefused+i.OrdersRefused, c.Trades+i.Trades
	c.Verifies, c.Opens, c.Aborts = c.Verifies+i.Verifies, c.Opens+i.Opens, c.Aborts+i.Aborts
	c.Resumes, c.ResumesRefused, c.Kicks = c.Resumes+i.Resumes, c.ResumesRefused+i.ResumesRefused, c.Kicks+i.Kicks
	c.DuplicateOrders += i.DuplicateOrders
	c.Duplicates, c.OutOfOrder, c.VerifiedTwice = c.Duplicates+i.Duplicates, c.OutOfOrder+i.OutOfOrder, c.VerifiedTwice+i.VerifiedTwice
	c.CutChains, c.OverCredit, c.BeyondPassword = c.CutChains+i.CutChains, c.OverCredit+i.OverCredit, c.BeyondPassword+i.BeyondPassword
	c.UnknownTID, c.UnknownSession = c.UnknownTID+i.UnknownTID, c.UnknownSession+i.UnknownSession
}

// violations are the cores' counters that must be 0. A core that gives its sessions up, or a link that ends, leaves
// frames of unknown sessions on their way: those are counted and not judged.
func (r *coresResult) violations() map[string]uint64 {
	c := &r.Cores
	all := map[string]uint64{
		"orders twice": c.DuplicateOrders, "dialog numbers twice": c.Duplicates, "dialog numbers that fell": c.OutOfOrder,
		"sessions verified twice": c.VerifiedTwice, "cut chains": c.CutChains, "business over the credit": c.OverCredit,
		"business before the password": c.BeyondPassword, "unknown TIDs": c.UnknownTID,
	}
	maps.DeleteFunc(all, func(_ string, n uint64) bool { return n == 0 })
	return all
}

func (r *coresResult) String() string {
	return fmt.Sprintf("logins %d refused %d cut %d lost %d doubled %d untrue %d invented %d; orders %d answered %d refused %v cut %d twice %d; resumed %d exits %v",
		r.Answered, r.Refused, r.Cut, r.Lost, r.Doubled, r.Untrue, r.Invented,
		r.Terminals.Sent, r.Terminals.Answered, r.Terminals.Refused, r.Terminals.Open, r.Terminals.Twice, r.Cores.Resumes, exits(r.Terminals.Exits))
}

func exits(by map[byte]int) (text string) {
	for _, code := range slices.Sorted(maps.Keys(by)) {
		text += fmt.Sprintf("%c:%d ", code, by[code])
	}
	return strings.TrimSpace(text)
}

// write makes the file of -summary, beside that of TestRobustness: a second share's has its number.
func (r *coresResult) write(t *testing.T, share int) {
	if *summary == "" {
		return
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err == nil {
		name := *summary + ".cores"
		if share > 0 {
			name += fmt.Sprint(share + 1)
		}
		err = os.WriteFile(name, text, 0o600)
	}
	if err != nil {
		t.Error(err)
	}
}
