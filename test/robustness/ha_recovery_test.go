package robustness

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/tradefront/tradefront/test/site"
)

// centreLost names it, for the flag -only.
const centreLost = "data centre lost and made anew"

// loseCentre is docs/high-availability.md, "A data centre is lost", step by step: the centre that answers after the local store
// is cut off from PostgreSQL, goes on answering, and then burns with its disks. What it had answered and not forwarded is gone,
// and nothing else is; the place is made anew.
func (w *haWorld) loseCentre(r *haResult) {
	w.t.Helper()
	w.cluster.mustBeWhole()
	lost, other := w.centres[1], w.centres[0]
	join := cut(w.machinesIn(lost.place), slices.DeleteFunc(w.machines(), func(m *machine) bool { return m.place == lost.place }))
	eventually(w.t, "a leader in another place", func() bool { m := w.cluster.leader(); return m != nil && m.place != lost.place }, w.say)
	w.mustServe(lost)
	for _, m := range w.machinesIn(lost.place) {
		m.off()
	}
	join()
	lost.load.end()
	w.mustServe(other) // by itself
	w.checkPostgres()
	gone := w.giveUp(lost)
	fmt.Printf("data centre %s burned: %d answered logins were on its disks alone\n", lost.place, len(gone))
	if len(gone) == 0 {
		w.t.Error("a centre that answered on its own for seconds has lost nothing: the test does not test what it says")
	}
	w.silentFronts(lost)
	w.replaceEtcd(lost.place)
	w.replacePostgres(lost.place)
	w.replaceFronts(lost)
	w.check(r)
	w.afternoon(gone)
}

// giveUp are the RecordIDs of answers that burned. They are taken out of what must be stored.
func (w *haWorld) giveUp(c *centre) map[string]bool {
	w.t.Helper()
	s := w.stored(c, nil)
	gone, there := map[string]bool{}, map[string]bool{}
	for id := range s.records {
		there[id.String()] = true
	}
	c.load.mu.Lock()
	defer c.load.mu.Unlock()
	for _, a := range c.load.attempts {
		if a.result != nil && !there[a.result.RecordID] {
			gone[a.result.RecordID] = true
			a.result = nil
		}
	}
	return gone
}

// silentFronts is step 1: PostgreSQL names the fronts that are gone, and an operator retires them.
func (w *haWorld) silentFronts(lost *centre) {
	w.t.Helper()
	s := w.clerk
	eventually(w.t, "the lost fronts to be silent", func() bool {
		var fronts []struct {
			FrontID int32 `json:"front_id"`
			State   string
		}
		if err := json.Unmarshal([]byte(s.CLI("", "front", "list", "-o", "json")), &fronts); err != nil {
			w.t.Fatal(err)
		}
		silent := 0
		for _, f := range fronts {
			if f.State == "silent" && slices.Contains(lost.fronts, f.FrontID) {
				silent++
			}
		}
		return silent == len(lost.fronts)
	}, w.say)
	for _, id := range lost.fronts {
		s.CLI("", "front", "retire", strconv.Itoa(int(id)), "--force", "--reason", "data centre "+lost.place+" burned")
	}
}

// replaceEtcd is step 2.
func (w *haWorld) replaceEtcd(place string) {
	w.t.Helper()
	var lost, other *machine
	for _, m := range w.cluster.etcd {
		if m.place == place {
			lost = m
		} else {
			other = m
		}
	}
	etcdctl := func(args ...string) string {
		cmd := exec.Command("etcdctl", append([]string{"--endpoints=http://" + other.address + ":2379"}, args...)...)
		cmd.Env = append(os.Environ(), "ETCDCTL_API=3")
		out, err := cmd.CombinedOutput()
		if err != nil {
			w.t.Fatalf("etcdctl %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	for line := range strings.Lines(etcdctl("member", "list")) { // "8e9e05c52164694d, started, etcd-b, …"
		if f := strings.Split(line, ", "); len(f) > 2 && f[2] == lost.name {
			etcdctl("member", "remove", f[0])
		}
	}
	etcdctl("member", "add", lost.name, "--peer-urls=http://"+lost.address+":2380")
	lost.replace()
	w.cluster.startEtcd(lost, "existing")
}

// replacePostgres is step 3: a machine with an empty disk copies the data by itself.
func (w *haWorld) replacePostgres(place string) {
	w.t.Helper()
	m := w.cluster.named("db-" + place)
	m.replace()
	w.cluster.startPatroni(m)
	w.cluster.mustBeWhole()
}

// replaceFronts is step 4: the configuration and the keys are in the firm's backup, the local store is a new one.
func (w *haWorld) replaceFronts(c *centre) {
	w.t.Helper()
	for _, m := range slices.Concat(c.machines, c.balancers) {
		daemons := m.daemons
		m.replace()
		m.daemons = daemons
		m.on = false
		m.boot()
	}
	c.load.start(w.t.Context(), haTerminals, haPace)
	w.mustServe(c)
}

// replace is a new machine in the place of one that is off: its disk for a store is empty.
func (m *machine) replace() {
	m.daemons, m.on = nil, true
	old := []string{filepath.Join(m.dir, "etcd")}
	if m.data != nil {
		old, _ = filepath.Glob(filepath.Join(m.data.dir, "*")) // the only error is a bad pattern
	}
	for _, path := range old {
		if err := os.RemoveAll(path); err != nil {
			m.t.Error(err)
		}
	}
}

// afternoon is step 5: the day is exported and verified; reconcile with the audit logs, which the lost fronts had sent to
// another machine line by line, names exactly what was lost.
func (w *haWorld) afternoon(gone map[string]bool) {
	w.t.Helper()
	for _, c := range w.centres {
		c.load.end()
		for _, f := range c.daemons {
			f.stop()
			f.checkLog()
		}
	}
	s := w.clerk
	days := map[string]bool{}
	for _, c := range w.centres {
		for _, rec := range w.stored(c, nil).records {
			days[rec.TradingDay.String()] = true
		}
	}
	missing := 0
	for day := range days {
		var done struct{ Path string }
		out := s.CLI("", "report", "export", "--partial", "--day", day, "--out", s.Dir, "-o", "json")
		if err := json.Unmarshal([]byte(out), &done); err != nil {
			w.t.Fatal(err)
		}
		s.Verified(done.Path, "1.0="+filepath.Join(s.Dir, "private.pem"))
		missing += w.reconciled(day, done.Path, gone)
	}
	if missing != len(gone) {
		w.t.Errorf("reconcile names %d answered logins that are nowhere; %d burned", missing, len(gone))
	}
}

// reconciled is how many answered logins of a day reconcile misses. All of them must be gone.
func (w *haWorld) reconciled(day, report string, gone map[string]bool) (missing int) {
	w.t.Helper()
	args := []string{"reconcile", "--day", day, "--report", report, "-o", "json", "--limit", "100000"}
	for _, c := range w.centres {
		for _, s := range c.sites {
			args = append(args, "--audit", filepath.Join(s.Dir, "audit.jsonl"))
		}
	}
	out, errOut, _ := site.Run(built.normal, w.clerk.Config, "", args...) // status 1 is what it says of a loss
	var said struct {
		Differences []struct {
			Kind  string
			Fault bool
			Total int64
			First []struct {
				RecordID string `json:"record_id"`
			}
		}
	}
	if err := json.Unmarshal([]byte(out), &said); err != nil {
		w.t.Fatalf("reconcile: %v\n%s%s", err, out, errOut)
	}
	for _, d := range said.Differences {
		if !d.Fault {
			continue
		}
		for _, one := range d.First {
			if missing++; d.Kind != "answered_not_stored" || !gone[one.RecordID] {
				w.t.Errorf("reconcile: %s of %s", d.Kind, one.RecordID)
			}
		}
	}
	return missing
}
