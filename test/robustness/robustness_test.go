package robustness

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestRobustness runs each setting for its share of the time. Without a duration each fault
// happens once in the first setting, and the others get those that they add something to.
func TestRobustness(t *testing.T) {
	first := firstSeed()
	t.Logf("seed %d: repeat with -args -seed %d -duration %v", first, first, *duration)
	results := &summaryOf{Seed: first, Duration: duration.String()}
	t.Cleanup(func() { results.write(t) })
	sideBySide(t)
	for i, s := range settings {
		shares := sharesOf(s)
		for share := range shares {
			name := s.name
			if shares > 1 {
				name = fmt.Sprintf("%s, share %d", s.name, share+1)
			}
			t.Run(name, func(t *testing.T) {
				sideBySide(t)
				w := newWorld(t, s, first+uint64(i+share*len(settings)))
				r := results.begin(name)
				w.run(shareOf(faultsFor(w, s), share, shares), *duration/time.Duration(len(settings)), r)
				w.finish(r)
				t.Log(r)
			})
		}
	}
}

// sharesOf is how many worlds of that setting share its faults. The first one's, in the short form, would take longer than all other
// tests of the package.
func sharesOf(s setting) int {
	if *duration == 0 && *only == "" && s.name == settings[0].name {
		return 4
	}
	return 1
}

// shareOf is each fault that is this share's.
func shareOf[F any](all []F, share, shares int) (some []F) {
	for i := share; i < len(all); i += shares {
		some = append(some, all[i])
	}
	return some
}

// sideBySide lets the tests of the short form share the machine: they wait more than they work. In the long form each has
// the machine to itself, so that its figures tell of it alone.
func sideBySide(t *testing.T) {
	if *duration == 0 {
		t.Parallel()
	}
}

// faultsFor are the faults that this setting can have, and that were asked for.
func faultsFor(w *world, s setting) (all []fault) {
	for _, f := range faults {
		switch {
		case !strings.Contains(f.name, *only), f.postgres && w.pair == nil:
		case f.disks && noDisks != nil:
			w.t.Logf("left out: %s: %v", f.name, noDisks)
		case *duration == 0 && *only == "" && s.name != settings[0].name && !f.everywhere:
		default:
			all = append(all, f)
		}
	}
	return all
}

// run strikes with all faults in an order by chance, and begins anew until the time is over.
func (w *world) run(all []fault, d time.Duration, r *result) {
	w.t.Helper()
	for end := time.Now().Add(d); ; {
		w.random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		for _, f := range all {
			w.round(f, r)
			if w.t.Failed() || d > 0 && time.Now().After(end) {
				return
			}
		}
		if d == 0 || len(all) == 0 {
			return
		}
	}
}

// round is one fault, from a quiet front to a quiet front.
func (w *world) round(f fault, r *result) {
	w.t.Helper()
	w.warmUp()
	begin := time.Now()
	name := w.strike(f)
	healed := time.Now()
	err := w.serving()
	serving := time.Since(healed)
	if err == nil {
		err = w.forwarded(w.ctx)
	}
	if err != nil {
		w.t.Errorf("%s: %v\n%s", name, err, w.front.tail())
	}
	v := w.check()
	r.note(name, v, w)
	fmt.Printf("round %3d  %-52s held %5.1fs, serving after %4.1fs  %s\n", r.Rounds, name, healed.Sub(begin).Seconds(), serving.Seconds(), r)
	w.judge(v)
}

// strike lets the fault happen, in a long run now and then with a front that is killed at
// some moment of it, and returns its name.
func (w *world) strike(f fault) string {
	if !w.long || f.alone || w.random.IntN(3) > 0 {
		f.strike(w)
		return f.name
	}
	moment := time.Duration(w.random.Int64N(int64(3 * time.Second)))
	var both sync.WaitGroup
	both.Go(func() {
		time.Sleep(moment)
		w.front.kill()
	})
	f.strike(w)
	both.Wait()
	return f.name + " + kill -9"
}

// judge fails the test for what must not be.
func (w *world) judge(v verdict) {
	w.t.Helper()
	if !v.good() {
		w.t.Errorf("%+v\n%s", v, w.front.tail())
	}
	w.load.mu.Lock()
	defer w.load.mu.Unlock()
	for _, wrong := range w.load.wrong {
		w.t.Errorf("no fault excuses this answer: %s", wrong)
	}
}
