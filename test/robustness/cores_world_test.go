package robustness

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/configs"
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/demo"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/test/pgtest"
	"github.com/tradefront/tradefront/test/ports"
	"github.com/tradefront/tradefront/test/site"
)

const (
	// frontGrace is core.link.grace, exitSpread core.link.failover_spread.
	frontGrace = 3 * time.Second
	exitSpread = time.Second
	// coreGrace is how long a core keeps the sessions of a front that is away.
	coreGrace = 4 * time.Second
	// coreCredit is the window of business frames that a core gives a front.
	coreCredit = 256
	// heartbeats is after how long a link without a word is over: three heartbeats of a second.
	heartbeats = 3 * time.Second
)

// coresWorld is two fronts before two cores, a PostgreSQL, and the terminals.
type coresWorld struct {
	t      *testing.T
	ctx    context.Context
	random *rand.Rand
	long   bool

	postgres *pgtest.Cluster
	sites    []*site.Site
	fronts   []*front
	locals   []string // paths of the local stores
	cores    [2]*simCore
	active   int // index of the core that is to be active
	term     int // that it has
	witness  *witness
	crowd    *crowd
	checker  *checker
}

func newCoresWorld(t *testing.T, seed uint64) *coresWorld {
	t.Helper()
	w := &coresWorld{
		t: t, ctx: t.Context(), random: rand.New(rand.NewPCG(seed, 2)), long: *duration > 0, term: 1,
		postgres: pgtest.Start(t), witness: newWitness(),
	}
	w.startCores()
	addresses := w.makeFronts()
	cal, err := calendar.Parse(configs.Calendar)
	if err != nil {
		t.Fatal(err)
	}
	w.checker = &checker{
		t: t, private: w.sites[0].Private, cal: cal, clock: newClock(t, w.sites[0].Dir), opened: map[uuid.UUID]opened{},
	}
	for _, f := range w.fronts {
		f.start()
	}
	w.crowd = startCrowd(w.ctx, w.sites[0], addresses, seed)
	t.Cleanup(func() {
		for _, c := range w.cores {
			c.thaw()
		}
		w.crowd.end()
		for _, f := range w.fronts {
			f.abandon()
		}
	})
	if err := w.serving(); err != nil {
		t.Fatal(err, w.tails())
	}
	return w
}

// startCores starts an active core and a standby one, with an account for each trader.
func (w *coresWorld) startCores() {
	accounts := new(strings.Builder)
	fmt.Fprintln(accounts, "accounts:")
	for i := range traders {
		fmt.Fprintf(accounts, "  - {user: %q, password: %q, series: %d}\n", traderName(i), traderPassword, i+1)
	}
	file := filepath.Join(w.t.TempDir(), "accounts.yaml")
	if err := os.WriteFile(file, []byte(accounts.String()), 0o600); err != nil {
		w.t.Fatal(err)
	}
	for i, state := range []string{"active", "standby"} {
		w.cores[i] = newSimCore(w.t, string(rune('a'+i)), file, 2, w.witness.watch)
		w.cores[i].start(state, w.term)
	}
}

const traderPassword = "s3cret@pass"

func traderName(i int) string { return fmt.Sprintf("9900%04d", i) }

// makeFronts sets two fronts of one firm up, each behind a proxy of its own to each core.
func (w *coresWorld) makeFronts() (addresses []string) {
	for i := range 2 {
		local := filepath.Join(newDisk(w.t, localDisk()).dir, "front.db")
		o := site.Options{
			Binary: built.normal, Front: i + 1, Listen: ports.Address(w.t), URL: w.postgres.URL(),
			Core: fmt.Sprintf("  driver: link\n  link: {endpoints: [%q, %q], insecure_loopback: true, grace: %v, failover_spread: %v, verify_timeout: 1s, wait: 300ms}\n",
				w.cores[0].proxies[i].Address(), w.cores[1].proxies[i].Address(), frontGrace, exitSpread),
			Store: fmt.Sprintf("  path: %q\n", local),
		}
		if i == 0 {
			w.sites = append(w.sites, w.firm(o))
		} else {
			w.sites = append(w.sites, w.sites[0].Beside(o))
		}
		w.locals, addresses = append(w.locals, local), append(addresses, o.Listen)
		w.fronts = append(w.fronts, newFront(w.t, w.sites[i]))
	}
	return addresses
}

func (w *coresWorld) firm(o site.Options) *site.Site {
	s := site.New(w.t, o)
	for i := range 2 {
		s.AddApp(fmt.Sprintf("client_cores_%d.0", i+1))
	}
	for i := range traders {
		s.Users = append(s.Users, demo.Account{Account: regulation.Account(traderName(i)), UserType: regulation.UserCustomer, Password: traderPassword})
	}
	return s
}

// tails are the ends of the fronts' logs.
func (w *coresWorld) tails() string {
	text := ""
	for i, f := range w.fronts {
		text += fmt.Sprintf("\nfront %d:\n%s", i+1, f.tail())
	}
	return text
}

func (w *coresWorld) hold(atLeast, atMost time.Duration) {
	if !w.long {
		atMost = min(atMost, atLeast+shortHold)
	}
	time.Sleep(atLeast + time.Duration(w.random.Int64N(int64(atMost-atLeast)+1)))
}

func (w *coresWorld) warmUp() {
	n := w.crowd.ledger.counts().answered + 3 + w.random.IntN(20)
	w.crowd.await(healPatience, func(l *ledger) bool { return l.codes[answered] >= n })
}

// serving returns when so many logins in a row were answered and each of two fronts takes orders.
func (w *coresWorld) serving() error {
	const inRow = 12
	w.crowd.ledger.mu.Lock()
	w.crowd.row = 0
	w.crowd.ledger.mu.Unlock()
	if !w.crowd.await(healPatience, func(l *ledger) bool { return l.row >= inRow }) {
		return fmt.Errorf("%w: %d in a row within %v", errNotServing, inRow, healPatience)
	}
	return nil
}

// check notes what the cores saw, reads all stores and compares.
func (w *coresWorld) check() verdict {
	w.t.Helper()
	w.crowd.paused.Store(true)
	defer w.crowd.paused.Store(false)
	for _, c := range w.cores {
		c.note()
		// A customer has one session, and one whose SessionClose is on its way.
		if open := c.open(); open > 2*traders {
			w.t.Errorf("%s has %d open sessions of %d customers", c.id, open, traders)
		}
	}
	opened := w.openedAtCores()
	answers := w.crowd.snapshot()
	s := &stored{records: map[uuid.UUID]store.Record{}}
	err := errors.Join(s.scanLocal(w.ctx, w.locals[0]), s.scanLocal(w.ctx, w.locals[1]), s.scanPostgres(w.ctx, w.t, w.postgres.URL()))
	if err != nil {
		w.t.Fatalf("reading what is stored: %v", err)
	}
	missing := 0
	for id, where := range opened {
		if _, there := s.records[uuid.MustParse(id)]; there {
			continue
		}
		if missing++; missing <= maxExamples {
			w.t.Errorf("%s has a session with the record %s, which is in no store", where, id)
		}
	}
	return w.checker.check(answers, s, w.crowd.snapshot())
}

// openedAtCores are the RecordIDs of all sessions that a core was told of, and which of them says so.
func (w *coresWorld) openedAtCores() map[string]string {
	all := map[string]string{}
	for _, id := range w.witness.records() {
		all[id] = "a core, says the witness,"
	}
	for _, c := range w.cores {
		for id, instance := range c.records {
			all[id] = c.id + " instance " + instance
		}
	}
	return all
}
