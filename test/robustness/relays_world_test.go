package robustness

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/configs"
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/test/cutproxy"
	"github.com/tradefront/tradefront/test/pgtest"
	"github.com/tradefront/tradefront/test/ports"
	"github.com/tradefront/tradefront/test/site"
)

// The relays' AppIDs and their operators.
const (
	agentMany  = "test_agentmany_1.0" // the many-to-many agent
	agentDesk  = "test_agentdesk_1.0" // the operator agent
	manyRelay  = "test_many_1.0"      // the many-to-many relay that the test plays
	belowRelay = "test_below_1.0"     // the one below the many-to-many agent
	deskID     = "test_desk_1.0"      // the operator relay that the test plays
	subdeskID  = "test_subdesk_1.0"   // the one below the operator agent

	agentOperator = "op8000"
	deskOperator  = "op8001"
	subOperator   = "op8002" // at the agent alone

	relayCustomers = 5
)

// relayOf is through which relay a front sees the terminals of a way: item 6.
var relayOf = map[way]string{
	investor: agentMany, chained: agentMany, operator: agentDesk, loginVia: manyRelay, desk: deskID, offline: deskID,
	subdesk: agentDesk,
}

// relaysWorld is a firm with two fronts and one PostgreSQL, an HAProxy before their listeners for terminals and one before
// those for relays, two relay agents, and terminals that come in every way.
type relaysWorld struct {
	t      *testing.T
	ctx    context.Context
	random *rand.Rand
	long   bool

	postgres  *pgtest.Cluster
	sites     []*site.Site
	fronts    []*front
	locals    []string
	links     [2]*cutproxy.Proxy // between HAProxy and each front's listener for relays
	relayAt   [2]string          // those listeners
	admins    [2]string          // of the fronts
	balancers [2]*balancer       // for terminals, for relays
	agents    [2]*agent          // many-to-many, operator
	wire      *wire
	crowd     *throng
	checker   *relaysChecker
	last      way // that was answered again after a fault
	explained int
	torn      int // connections of relays that were cut
}

func newRelaysWorld(t *testing.T, seed uint64) *relaysWorld {
	t.Helper()
	w := &relaysWorld{
		t: t, ctx: t.Context(), random: rand.New(rand.NewPCG(seed, 3)), long: *duration > 0, postgres: pgtest.Start(t), wire: newWire(),
	}
	w.crowd = &throng{secret: map[string]string{}, agents: map[way]string{}}
	w.makeFirm()
	w.makeAgents()
	cal, err := calendar.Parse(configs.Calendar)
	if err != nil {
		t.Fatal(err)
	}
	w.checker = &relaysChecker{
		checker: checker{t: t, private: w.sites[0].Private, cal: cal, clock: newClock(t, w.sites[0].Dir), opened: map[uuid.UUID]opened{}},
		wire:    w.wire,
	}
	for _, f := range w.all() {
		f.start()
	}
	for _, b := range w.balancers {
		b.start()
	}
	w.crowd.site, w.crowd.front, w.crowd.relays = w.sites[0], w.balancers[0].address, w.balancers[1].address
	startThrong(w.ctx, w.crowd, seed)
	t.Cleanup(func() {
		w.crowd.end()
		for _, f := range w.all() {
			f.abandon()
		}
	})
	if err := w.serving(); err != nil {
		t.Fatal(err, w.tails())
	}
	return w
}

// all are the daemons: fronts and agents.
func (w *relaysWorld) all() []*front {
	return []*front{w.fronts[0], w.fronts[1], w.agents[0].front, w.agents[1].front}
}

// makeFirm sets two fronts of one firm up. The first answers from its local store, the second after PostgreSQL: what a
// relay sends again is then often at both.
func (w *relaysWorld) makeFirm() {
	var terminals, health [2]string
	for i, answer := range []string{"local", "postgres"} {
		terminals[i], w.relayAt[i], health[i] = ports.Address(w.t), ports.Address(w.t), ports.Address(w.t)
		w.admins[i] = health[i]
		local := filepath.Join(newDisk(w.t, localDisk()).dir, "front.db")
		o := site.Options{
			Binary: built.normal, Front: i + 1, URL: w.postgres.URL(), Admin: health[i],
			Listeners: proxied(terminals[i], "terminals") + proxied(w.relayAt[i], "relays"),
			More:      "relay: {enabled: true, offline_orders: true}\nauth: {refresh: 200ms}\ntimers: {drain: 2s}\n",
			Store:     fmt.Sprintf("  path: %q\n  answer_after: %s\n  patience: 1s\n", local, answer),
		}
		if i == 0 {
			w.sites = append(w.sites, site.New(w.t, o))
		} else {
			w.sites = append(w.sites, w.sites[0].Beside(o))
		}
		w.locals = append(w.locals, local)
		w.fronts = append(w.fronts, newFront(w.t, w.sites[i]))
		w.links[i] = cutproxy.StartBytes(w.t, func() cutproxy.Watcher { return w.wire.watch(i) })
		w.links[i].Lead(w.relayAt[i])
	}
	w.balancers[0] = newBalancer(w.t, ports.Address(w.t), terminals, health)
	w.balancers[1] = newBalancer(w.t, ports.Address(w.t), [2]string{w.links[0].Address(), w.links[1].Address()}, health)
	w.admitAll()
}

func proxied(address, admits string) string {
	return fmt.Sprintf("    - {address: %q, admits: %s, client_address: proxy, trusted_proxies: [\"127.0.0.1\"]}\n", address, admits)
}

func (w *relaysWorld) admitAll() {
	s := w.sites[0]
	for i := range 2 {
		s.AddApp(fmt.Sprintf("client_relays_%d.0", i+1))
	}
	for i := range relayCustomers {
		s.AddAccount(fmt.Sprintf("8800%04d", i), traderPassword, "1")
	}
	for _, name := range []string{agentOperator, deskOperator} {
		site.AddAccount(w.t, built.normal, s.Config, name, traderPassword, "2")
	}
	apps := []string{"--app", string(s.Apps[0].AppID), "--app", string(s.Apps[1].AppID)}
	w.admit(manyRelay, "investor", manyHost.String())
	w.admit(belowRelay, "investor", belowHost.String())
	w.admit(deskID, "operator", deskHost.String(), "--operator", deskOperator, "--scope", "prefix:88")
	w.admit(agentMany, "investor", "127.0.0.1", append(apps, "--chained", "--app", belowRelay)...)
	w.admit(subdeskID, "operator", subHost.String())
	w.admit(agentDesk, "operator", "127.0.0.1", append(apps, "--chained", "--app", subdeskID, "--operator", agentOperator, "--scope", "all")...)
	for _, id := range []string{manyRelay, agentMany} {
		s.CLI("", "relay", "limits", id, "--connections", "500")
	}
}

func (w *relaysWorld) admit(id, kind, network string, more ...string) {
	var added struct{ AuthCode string }
	out := w.sites[0].CLI("", append([]string{"relay", "add", "--app-id", id, "--type", kind, "--network", network, "-o", "json"}, more...)...)
	if err := json.Unmarshal([]byte(out), &added); err != nil || added.AuthCode == "" {
		w.t.Fatalf("relay add: %v in %s", err, out)
	}
	w.crowd.secret[id] = added.AuthCode
}

func (w *relaysWorld) makeAgents() {
	many, op := newAgent(w.t, "many"), newAgent(w.t, "operator")
	w.agents = [2]*agent{many, op}
	for _, a := range w.agents {
		a.listen, a.below, a.admin = ports.Address(w.t), ports.Address(w.t), ports.Address(w.t)
	}
	upstream := w.balancers[1].address
	many.write(w.t, 101, "investor", agentMany, upstream, "")
	op.file(w.t, "operator.password", traderPassword+"\n")
	op.write(w.t, 102, "operator", agentDesk, upstream, fmt.Sprintf("  operator: %q\n  password_file: operator.password\n", agentOperator))
	many.admit(w.t, w.sites[0], agentMany, w.crowd.secret[agentMany])
	op.admit(w.t, w.sites[0], agentDesk, w.crowd.secret[agentDesk])
	for _, u := range w.sites[0].Users {
		site.AddAccount(w.t, built.normal, op.config, string(u.Account), u.Password, "1")
	}
	site.AddAccount(w.t, built.normal, op.config, subOperator, traderPassword, "2")
	w.crowd.agents[subdesk] = op.below
	w.crowd.agents[investor], w.crowd.agents[chained], w.crowd.agents[operator] = many.listen, many.below, op.listen
}

// tails are the ends of the logs.
func (w *relaysWorld) tails() string {
	text := ""
	for i, f := range w.all() {
		text += fmt.Sprintf("\n%s:\n%s", []string{"front 1", "front 2", "many-to-many agent", "operator agent"}[i], f.tail())
	}
	return text
}

func (w *relaysWorld) hold(atLeast, atMost time.Duration) {
	if !w.long {
		atMost = min(atMost, atLeast+shortHold)
	}
	time.Sleep(atLeast + time.Duration(w.random.Int64N(int64(atMost-atLeast)+1)))
}

// serving returns when terminals of every way are answered again.
func (w *relaysWorld) serving() error {
	before := w.answers()
	if w.crowd.await(healPatience, func(l *ledger) bool {
		for k := range atOnce {
			if l.ways[k] < before[k]+1 {
				w.last = k
				return false
			}
		}
		return true
	}) {
		return nil
	}
	return fmt.Errorf("%w within %v: %s", errNotServing, healPatience, w.last)
}

func (w *relaysWorld) answers() map[way]int {
	w.crowd.mu.Lock()
	defer w.crowd.mu.Unlock()
	all := map[way]int{}
	for k, n := range w.crowd.ways {
		all[k] = n
	}
	return all
}

// quiet pauses the terminals and waits until each outcome is known, nothing is on its way from a relay to a front, and
// PostgreSQL has all records.
func (w *relaysWorld) quiet() {
	w.t.Helper()
	w.crowd.paused.Store(true)
	var err error
	for deadline, calm := time.Now().Add(healPatience), 0; calm < 2; time.Sleep(50 * time.Millisecond) {
		if calm++; !w.settled(&err) {
			calm = 0
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("not quiet within %v: %v%s", healPatience, err, w.tails())
		}
	}
}

var errOnTheWay = errors.New("on their way")

func (w *relaysWorld) settled(why *error) bool {
	*why = nil
	if n := w.crowd.busy.Load(); n > 0 || !w.crowd.desks[desk].quiet() || !w.crowd.desks[subdesk].quiet() {
		*why = fmt.Errorf("%d visits, or submissions of the desks, are %w", n, errOnTheWay)
		return false
	}
	if w.agents[1].running() {
		if n, err := w.agents[1].unsettled(w.ctx); err != nil || n > 0 {
			*why = fmt.Errorf("%d submissions of the agent are %w: %w", n, errOnTheWay, err)
			return false
		}
	}
	for _, path := range w.locals {
		if n, err := heldIn(w.ctx, path); err != nil || n > 0 {
			*why = fmt.Errorf("%d records in %s are %w: %w", n, path, errOnTheWay, err)
			return false
		}
	}
	return true
}

// running reports whether a process runs.
func (f *front) running() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.cmd != nil
}

// heldIn counts the records in a local store and its quarantine.
func heldIn(ctx context.Context, path string) (n int, err error) {
	err = inLocal(ctx, path, func(local *journal.Journal) error {
		aside, err := local.Quarantine(ctx)
		if err != nil {
			return err
		}
		n = len(aside)
		days, err := local.Days(ctx)
		for _, d := range days {
			err = errors.Join(err, local.Scan(ctx, d.Day, func(*store.Record) error {
				n++
				return nil
			}))
		}
		return err
	})
	return n, err
}

// takes reports whether an address takes connections.
func takes(address string) bool {
	conn, err := net.DialTimeout("tcp", address, time.Second)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}
