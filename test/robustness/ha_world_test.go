package robustness

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/configs"
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/test/certificates"
	"github.com/tradefront/tradefront/test/site"
)

const (
	haTerminals = 6
	haPace      = 240 * time.Millisecond
)

// centre is a data centre with fronts: two of them behind two HAProxys that share an address by keepalived, and its customers.
type centre struct {
	place     string
	fronts    []int32 // their IDs
	sites     []*site.Site
	machines  []*machine // of the fronts
	daemons   []*front
	locals    []string // paths of the local stores
	balancers []*machine
	address   string // for terminals
	postgres  bool   // answered after PostgreSQL has the record, or else after the local store has it
	byHAProxy bool   // its fronts find the primary by an HAProxy beside them, or else by the hosts in their URL

	load    *load
	checker *checker
}

// haWorld is a firm with PostgreSQL in three places and fronts in two.
type haWorld struct {
	t       *testing.T
	random  *rand.Rand
	cluster *cluster
	centres []*centre
	clerk   *site.Site // runs commands on a machine of its own
	canary  *canary
	stalls  atomic.Int64 // nanoseconds: watchStalls
}

func newHAWorld(t *testing.T, seed uint64, mode syncMode) *haWorld {
	t.Helper()
	newLAN(t)
	w := &haWorld{t: t, random: rand.New(rand.NewPCG(seed, 4)), cluster: newCluster(t, mode)}
	w.makeClerk()
	// One centre answers after PostgreSQL, the other one after the local store. The seed decides which of them finds PostgreSQL
	// by HAProxy.
	w.addCentre("a", true, seed%2 == 0)
	w.addCentre("b", false, seed%2 != 0)
	cal, err := calendar.Parse(configs.Calendar)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range w.centres {
		c.checker = &checker{t: t, private: w.clerk.Private, cal: cal, clock: newClock(t, w.clerk.Dir), opened: map[uuid.UUID]opened{}}
		c.load = &load{ledger: newLedger(), site: w.clerk, address: c.address, seed: seed + uint64(len(c.place)), source: anyCustomer}
	}
	if w.canary, err = startCanary(t.Context(), w.cluster); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.canary.end)
	var watching sync.WaitGroup
	watching.Go(w.watchStalls)
	t.Cleanup(watching.Wait)
	for _, c := range w.centres {
		c.load.start(t.Context(), haTerminals, haPace)
		t.Cleanup(c.load.end)
		w.mustServe(c)
	}
	return w
}

// addCentre makes the machines of a data centre.
func (w *haWorld) addCentre(place string, postgres, byHAProxy bool) {
	w.t.Helper()
	third := slices.Index(places, place) + 1
	c := &centre{place: place, address: fmt.Sprintf("10.0.%d.100:41205", third), postgres: postgres, byHAProxy: byHAProxy}
	w.centres = append(w.centres, c)
	for i := range 2 {
		m := newMachine(w.t, fmt.Sprintf("front-%s%d", place, i+1), place, fmt.Sprintf("10.0.%d.2%d", third, i+1))
		m.data = newDisk(w.t, localDisk())
		c.machines = append(c.machines, m)
		w.addFront(c, m)
	}
	for i := range 2 {
		c.balancers = append(c.balancers, newMachine(w.t, fmt.Sprintf("lb-%s%d", place, i+1), place, fmt.Sprintf("10.0.%d.3%d", third, i+1)))
	}
	for i := range c.balancers {
		w.startBalancer(c, i, third)
	}
}

// makeClerk sets the firm up, on a machine without a front.
func (w *haWorld) makeClerk() {
	w.t.Helper()
	w.clerk = site.New(w.t, site.Options{Binary: built.normal, Front: 99, URL: w.cluster.hostsURL()})
	for i := range 3 {
		w.clerk.AddApp(fmt.Sprintf("client_ha_%d.0", i+1))
		w.clerk.AddAccount(fmt.Sprintf("8800%04d", i), "s3cret@pass", "1")
	}
}

// addFront sets one more front of the firm up.
func (w *haWorld) addFront(c *centre, m *machine) {
	w.t.Helper()
	id, answer, url := 2*slices.Index(places, c.place)+len(c.fronts)+1, "local", w.cluster.hostsURL()
	if c.postgres {
		answer = "postgres"
	}
	third := slices.Index(places, c.place) + 1
	local := filepath.Join(m.data.dir, "front.db")
	o := site.Options{
		Binary: built.normal, Front: id, URL: url, Health: m.address + ":9465",
		Listeners: fmt.Sprintf("    - {address: %q, client_address: proxy, trusted_proxies: [\"10.0.%d.31\", \"10.0.%d.32\"]}\n",
			m.address+":41207", third, third),
		More:  "timers: {drain: 2s}\n",
		Store: fmt.Sprintf("  path: %q\n  answer_after: %s\n", local, answer),
	}
	s := w.clerk.Beside(o)
	if c.byHAProxy {
		m.daemon("", nil, "haproxy", "-db", "-f", samples+"haproxy-postgresql.cfg")
		through := fmt.Sprintf("postgres://%s@127.0.0.1:5000/postgres?sslmode=disable", superuser)
		s.Write("tradefront.yaml", []byte(read(w.t, s.Config, url, through)))
	}
	c.fronts, c.sites, c.locals = append(c.fronts, int32(id)), append(c.sites, s), append(c.locals, local)
	c.daemons = append(c.daemons, m.daemon("", nil, built.normal, "serve", "--config", s.Config))
}

// startBalancer gives a machine the shipped HAProxy configuration for terminals, and keepalived.
func (w *haWorld) startBalancer(c *centre, i, third int) {
	w.t.Helper()
	m := c.balancers[i]
	pair := certificates.New(w.t).Issue(w.t, "front.test", time.Now().Add(24*time.Hour))
	certificate, keeper := filepath.Join(m.dir, "haproxy.pem"), filepath.Join(m.dir, "keepalived.conf")
	mine, other := fmt.Sprintf("10.0.%d.3%d", third, i+1), fmt.Sprintf("10.0.%d.3%d", third, 2-i)
	text := read(w.t, samples+"keepalived.conf", "unicast_src_ip 10.0.1.31", "unicast_src_ip "+mine, "\t\t10.0.1.32\n", "\t\t"+other+"\n",
		"10.0.1.100/32", fmt.Sprintf("10.0.%d.100/32", third))
	if err := errors.Join(os.WriteFile(certificate, slices.Concat(pair.Cert, pair.Key), 0o600), os.WriteFile(keeper, []byte(text), 0o600)); err != nil {
		w.t.Fatal(err)
	}
	env := []string{
		"TRADEFRONT_BIND_TLS=unix@" + filepath.Join(m.dir, "tls"), "TRADEFRONT_CERT=" + certificate,
		"TRADEFRONT_SOCKET=" + filepath.Join(m.dir, "stats"), "TRADEFRONT_MAXCONN=2000",
	}
	for n, name := range []string{"A", "B"} {
		f := c.machines[n].address
		env = append(env, "TRADEFRONT_"+name+"="+f+":41207", "TRADEFRONT_"+name+"_TLS="+f+":41208", "TRADEFRONT_"+name+"_HEALTH="+f+":9465")
	}
	m.daemon("", env, "haproxy", "-db", "-f", "../../configs/haproxy.cfg")
	m.daemon("", nil, "keepalived", "-n", "-l", "-P", "-f", keeper, "-p", filepath.Join(m.dir, "k.pid"), "-r", filepath.Join(m.dir, "v.pid"))
}

// machinesIn are all machines of a place.
func (w *haWorld) machinesIn(place string) (all []*machine) {
	for _, m := range w.machines() {
		if m.place == place {
			all = append(all, m)
		}
	}
	return all
}

func (w *haWorld) machines() []*machine {
	all := slices.Concat(w.cluster.etcd, w.cluster.db)
	for _, c := range w.centres {
		all = slices.Concat(all, c.machines, c.balancers)
	}
	return all
}

// balancer is the machine that has the centre's address; nil for none.
func (w *haWorld) balancer(c *centre) *machine {
	host, _, _ := net.SplitHostPort(c.address)
	for _, m := range c.balancers {
		if m.on && strings.Contains(m.show("addr"), host+"/32") {
			return m
		}
	}
	return nil
}

// mustServe waits until logins of a centre succeed again, some in a row.
func (w *haWorld) mustServe(c *centre) {
	w.t.Helper()
	const inRow = 10
	c.load.mu.Lock()
	c.load.row = 0
	c.load.mu.Unlock()
	if !c.load.await(haPatience, func(l *ledger) bool { return l.row >= inRow }) {
		w.t.Fatalf("%v in %s within %v: %s", errNotServing, c.place, haPatience, w.say())
	}
}

// stored are the records of a centre's fronts: those in PostgreSQL, and, if asked for, in their local stores.
func (w *haWorld) stored(c *centre, locals []string) *stored {
	w.t.Helper()
	all := &stored{records: map[uuid.UUID]store.Record{}}
	for _, path := range locals {
		if err := all.scanLocal(w.t.Context(), path); err != nil {
			w.t.Fatal(err)
		}
	}
	var err error
	eventually(w.t, "PostgreSQL to be read", func() bool {
		err = all.scanPostgres(w.t.Context(), w.t, w.cluster.leaderURL())
		return err == nil
	}, func() string { return fmt.Sprintf("%v\n%s", err, w.say()) })
	for id := range all.records {
		if !slices.Contains(c.fronts, all.records[id].FrontID) {
			delete(all.records, id)
		}
	}
	return all
}

// say is what everything is like, for a test that has failed.
func (w *haWorld) say() string {
	text := w.cluster.say()
	for _, c := range w.centres {
		for _, m := range slices.Concat(c.machines, c.balancers) {
			for _, f := range m.daemons {
				text += fmt.Sprintf("\n%s %s:\n%s", m.name, filepath.Base(f.log), lastOf(f.tail(), 1500))
			}
		}
	}
	return text
}
