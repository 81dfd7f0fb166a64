package robustness

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/configs"
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/test/pgtest"
	"github.com/tradefront/tradefront/test/ports"
	"github.com/tradefront/tradefront/test/site"
)

const (
	// healPatience bounds how long after a fault logins may fail, and records may wait.
	healPatience = 60 * time.Second
	// shortHold is how much longer than it must a fault lasts at most in the short form.
	shortHold = 300 * time.Millisecond
	// batchPatience is the store's: a batch that PostgreSQL does not answer for is in doubt.
	batchPatience = 30 * time.Second
)

// setting is one way to run a front.
type setting struct {
	name        string
	postgres    bool
	answerAfter string
}

var settings = []setting{
	{"postgres, answered after local", true, "local"},
	{"postgres, answered after postgres", true, "postgres"},
	{"embedded", false, "local"},
}

// world is a front, its stores and disks, and the terminals that use it.
type world struct {
	t      *testing.T
	ctx    context.Context
	random *rand.Rand
	long   bool // not the short form

	answersLocally bool // without PostgreSQL logins are answered all the same

	site    *site.Site
	disk    *disk
	pair    *pair // nil with the embedded driver
	front   *front
	clock   *clock
	load    *load
	checker *checker
}

func newWorld(t *testing.T, s setting, seed uint64) *world {
	t.Helper()
	w := &world{t: t, ctx: t.Context(), random: rand.New(rand.NewPCG(seed, 1)), long: *duration > 0, answersLocally: s.answerAfter == "local", disk: newDisk(t, localDisk())}
	o := site.Options{
		Binary: built.normal, Listen: ports.Address(t),
		Store: fmt.Sprintf("  path: %q\n  answer_after: %s\n  patience: 1s\n", w.localPath(), s.answerAfter),
	}
	if s.postgres {
		w.pair = newPair(t)
		o.URL = w.pair.url()
	}
	w.site = site.New(t, o)
	for i := range 3 {
		w.site.AddApp(fmt.Sprintf("client_robust_%d.0", i+1))
		w.site.AddAccount(fmt.Sprintf("8800%04d", i), "s3cret@pass", "1")
	}
	w.site.AddAccount("op01", "s3cret@pass", "2")
	cal, err := calendar.Parse(configs.Calendar)
	if err != nil {
		t.Fatal(err)
	}
	w.clock = newClock(t, w.site.Dir)
	w.checker = &checker{t: t, private: w.site.Private, cal: cal, clock: w.clock, opened: map[uuid.UUID]opened{}}
	w.front = newFront(t, w.site)
	w.front.start()
	w.load = startLoad(w.ctx, w.site, o.Listen, seed)
	t.Cleanup(func() {
		w.load.end()
		w.front.abandon()
	})
	w.mustServe()
	return w
}

func (w *world) primary() *pgtest.Cluster { return w.pair.writes().cluster }

// hold lets a fault last; in the short form not much longer than it must.
func (w *world) hold(atLeast, atMost time.Duration) {
	if !w.long {
		atMost = min(atMost, atLeast+shortHold)
	}
	time.Sleep(atLeast + time.Duration(w.random.Int64N(int64(atMost-atLeast)+1)))
}

// holdLong is hold, in a long run now and then for longer than a batch waits.
func (w *world) holdLong(atLeast, atMost time.Duration) {
	if w.long && w.random.IntN(5) == 0 {
		atLeast, atMost = batchPatience+time.Second, batchPatience+5*time.Second
	}
	w.hold(atLeast, atMost)
}

// warmUp lets some logins pass, so that a fault meets the load at any moment.
func (w *world) warmUp() {
	more := 10 + w.random.IntN(100)
	if !w.long {
		more /= 2
	}
	n := w.load.counts().answered + more
	w.load.await(healPatience, func(l *ledger) bool { return l.codes[answered] >= n })
}

// check reads both stores and the attempts, and compares them.
func (w *world) check() verdict {
	w.t.Helper()
	w.load.paused.Store(true)
	defer w.load.paused.Store(false)
	answers := w.load.snapshot()
	s, err := w.read(w.ctx)
	if err != nil {
		w.t.Fatalf("reading what is stored: %v", err)
	}
	return w.checker.check(answers, s, w.load.snapshot())
}
