package robustness

import (
	"context"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// haFault breaks something and leaves it broken until what must follow has followed: the machines must serve again by
// themselves, all centres but those that cannot. heal then mends it.
type haFault struct {
	name    string
	strike  func(w *haWorld) (heal func())
	follows func(w *haWorld, before *roles) bool // nil: nothing must
	without func(w *haWorld, c *centre) bool     // nil: every centre serves meanwhile
}

// roles are who had them before a fault.
type roles struct{ leader, synchronous, etcd *machine }

// failedOver: another machine is the leader.
func failedOver(w *haWorld, before *roles) bool {
	m := w.cluster.leader()
	return m != nil && m != before.leader
}

// standbyReplaced: another machine is the one that COMMITs wait for.
func standbyReplaced(w *haWorld, before *roles) bool {
	m := w.cluster.synchronous()
	return m != nil && m != before.synchronous
}

func etcdElected(w *haWorld, before *roles) bool {
	m := w.cluster.etcdLeader()
	return m != nil && m != before.etcd
}

var haFaults = []haFault{
	{name: "leader: power off", strike: powerOff, follows: failedOver},
	{name: "leader: PostgreSQL kill -9", strike: killPostgres, follows: failedOver},
	{name: "leader: machine frozen", strike: freezeLeader, follows: failedOver},
	{name: "leader: Patroni alone frozen", strike: freezePatroni, follows: failedOver, without: findsOldPrimary},
	{name: "leader: cut off from etcd", strike: cutFromEtcd, follows: failedOver},
	{name: "leader: disk full", strike: fillLeader, follows: failedOver},
	{name: "leader: switchover by command", strike: switchOver, follows: failedOver},
	{name: "synchronous standby: power off", strike: powerOffStandby, follows: standbyReplaced},
	{name: "etcd: leader's power off", strike: powerOffEtcd, follows: etcdElected},
	{name: "data centres: the leader's cut off", strike: cutCentre, follows: failedOver, without: cutOffFromPostgres},
	{name: "data centre: the leader's cut in two", strike: cutInTwo, without: isCut},
	{name: "fronts: restarted one after the other", strike: rollFronts},
	{name: "fronts: one of each centre kill -9", strike: killFronts},
	{name: "balancers: the one with the address power off", strike: powerOffBalancers},
}

func powerOff(w *haWorld) func() { return off(w.cluster.mustLead()) }

func off(machines ...*machine) (heal func()) {
	for _, m := range machines {
		m.off()
	}
	return func() {
		for _, m := range machines {
			m.boot()
		}
	}
}

func nothing() {}

// killPostgres leaves Patroni, which notices that its PostgreSQL has ended.
func killPostgres(w *haWorld) func() {
	m := w.cluster.mustLead()
	for _, pid := range m.processes() {
		// The server and its children: "/usr/lib/postgresql/15/bin/postgres -D …", "postgres: …".
		if command := commandOf(pid); strings.HasPrefix(command, "postgres:") || strings.Contains(command, "/postgres -D") {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	return nothing
}

func freezeLeader(w *haWorld) func() {
	m := w.cluster.mustLead()
	m.freeze()
	return m.thaw
}

// freezePatroni: PostgreSQL goes on as primary while its key in etcd runs out and another machine takes over. Without a
// watchdog, which would restart the machine, there are two primaries then; the old one's COMMITs wait for ever.
func freezePatroni(w *haWorld) func() {
	m := w.cluster.mustLead()
	var pids []int
	for _, pid := range m.processes() {
		if strings.Contains(commandOf(pid), "patroni") {
			pids = append(pids, pid)
			_ = syscall.Kill(pid, syscall.SIGSTOP)
		}
	}
	if len(pids) == 0 {
		w.t.Fatalf("no Patroni runs at %s", m.name)
	}
	return func() {
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGCONT)
		}
	}
}

// findsOldPrimary: of two servers that can be written to, the driver takes the first in the URL, and its COMMITs wait for ever.
func findsOldPrimary(_ *haWorld, c *centre) bool { return c.postgres && !c.byHAProxy }

// cutFromEtcd: the leader reaches PostgreSQL's other machines and no etcd, its own place's included.
func cutFromEtcd(w *haWorld) func() {
	return cut([]*machine{w.cluster.mustLead()}, w.cluster.etcd)
}

// fillLeader fills the disk of the leader's PostgreSQL, which ends for want of room for its log.
func fillLeader(w *haWorld) func() {
	m := w.cluster.mustLead()
	m.data.fill()
	// Its log has room in reserve: use it up.
	eventually(w.t, "PostgreSQL to have no room", func() bool {
		ctx, cancel := context.WithTimeout(w.t.Context(), 2*time.Second)
		defer cancel()
		conn, err := pgx.Connect(ctx, urlOf(m))
		if err == nil {
			_, err = conn.Exec(ctx, "SELECT pg_logical_emit_message(false, '', ''), pg_switch_wal()")
			closeNow(conn)
		}
		return err != nil
	}, w.say)
	return m.data.free
}

// switchOver is what an operator does before work on a machine.
func switchOver(w *haWorld) func() {
	m := w.cluster.mustLead()
	next := w.cluster.synchronous()
	if next == nil {
		w.t.Fatalf("no synchronous standby: %s", w.cluster.say())
	}
	args := slices.Concat(m.enter("postgres")[1:], []string{"patronictl", "-c", m.dir + "/patroni.yml", "switchover", "--master", m.name, "--candidate", next.name, "--force"})
	if out, err := exec.Command("nsenter", args...).CombinedOutput(); err != nil {
		w.t.Fatalf("patronictl: %v\n%s", err, out)
	}
	return nothing
}

func powerOffStandby(w *haWorld) func() {
	m := w.cluster.synchronous()
	if m == nil {
		w.t.Fatalf("no synchronous standby: %s", w.cluster.say())
	}
	return off(m)
}

func powerOffEtcd(w *haWorld) func() {
	var m *machine
	eventually(w.t, "a leader of etcd", func() bool { m = w.cluster.etcdLeader(); return m != nil }, w.say)
	return off(m)
}

// cutCentre cuts the place of the leader off from the two others. Customers reach both sides.
func cutCentre(w *haWorld) func() {
	place := w.cluster.mustLead().place
	var others []*machine
	for _, m := range w.machines() {
		if m.place != place {
			others = append(others, m)
		}
	}
	return cut(w.machinesIn(place), others)
}

// cutInTwo cuts half of the leader's place off from the other half; both reach the other places.
func cutInTwo(w *haWorld) func() {
	all := w.machinesIn(w.cluster.mustLead().place)
	w.random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	join := cut(all[:len(all)/2], all[len(all)/2:])
	time.Sleep(leaderPatience)
	return join
}

// isCut: which of its customers a centre in two halves serves depends on which machines are in which half.
func isCut(_ *haWorld, c *centre) bool {
	for _, m := range append(c.machines[:2:2], c.balancers...) {
		if strings.Contains(m.show("neigh"), noMachineAt) {
			return true
		}
	}
	return false
}

// cutOffFromPostgres: a centre that answers after PostgreSQL refuses while it cannot reach the primary.
func cutOffFromPostgres(w *haWorld, c *centre) bool {
	leader := w.cluster.mustLead()
	return c.postgres && leader.place != c.place && isCut(w, c)
}

// rollFronts is an upgrade: each front stops in peace, begins again, and is ready before the next one.
func rollFronts(w *haWorld) func() {
	for _, c := range w.centres {
		for i, f := range c.daemons {
			f.stop()
			f.start()
			eventually(w.t, "a front to be ready again", func() bool {
				return askAt(w.t.Context(), "http://"+c.machines[i].address+":9465/readyz", nil) == 200
			}, w.say)
		}
	}
	return nothing
}

func killFronts(w *haWorld) func() {
	for _, c := range w.centres {
		c.daemons[w.random.IntN(len(c.daemons))].kill()
	}
	return nothing
}

func powerOffBalancers(w *haWorld) func() {
	var all []*machine
	for _, c := range w.centres {
		var m *machine
		eventually(w.t, "a balancer with the address of "+c.place, func() bool { m = w.balancer(c); return m != nil }, w.say)
		all = append(all, m)
	}
	return off(all...)
}
