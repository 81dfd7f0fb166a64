package robustness

import (
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/tradefront/tradefront/test/cutproxy"
	"github.com/tradefront/tradefront/test/pgtest"
)

// fault is one way to break something. strike breaks it, holds it for a while and heals it.
type fault struct {
	name     string
	postgres bool // needs PostgreSQL
	disks    bool // needs small disks
	// everywhere: also in the short form it happens in each setting.
	everywhere bool
	// alone: the front must survive it, so that no other fault kills it meanwhile.
	alone  bool
	strike func(w *world)
}

// faults are all of them.
var faults = []fault{
	{name: "front: kill -9", everywhere: true, strike: killFront},
	{name: "front: kill -9 with commits on their way", everywhere: true, strike: killInCommit},
	{name: "front: SIGTERM", alone: true, strike: stopFront},
	{name: "front: out of descriptors", alone: true, strike: exhaustDescriptors},
	{name: "front: local store's disk full", disks: true, everywhere: true, strike: fillLocalDisk},
	{name: "front: clock stepped", alone: true, strike: stepClock},
	{name: "PostgreSQL: immediate stop", postgres: true, everywhere: true, strike: crashPostgres},
	{name: "PostgreSQL: immediate stop, and kill -9 of the front", postgres: true, strike: crashBoth},
	{name: "PostgreSQL: immediate stop, and SIGTERM of the front", postgres: true, alone: true, strike: stopWithoutPostgres},
	{name: "PostgreSQL: frozen", postgres: true, strike: freezePostgres},
	{name: "PostgreSQL: standby frozen", postgres: true, strike: freezeStandby},
	{name: "PostgreSQL: failover", postgres: true, everywhere: true, strike: failOver},
	{name: "PostgreSQL: failover of a frozen primary", postgres: true, strike: failOverFrozen},
	{name: "PostgreSQL: failover past a COMMIT in doubt", postgres: true, strike: failOverInDoubt},
	{name: "PostgreSQL: disk full", postgres: true, disks: true, strike: fillPostgresDisk},
	{name: "PostgreSQL: refuses a record", postgres: true, strike: poison},
	{name: "network: cut in a statement", postgres: true, strike: cutAt(cutproxy.InStatement)},
	{name: "network: cut before COMMIT", postgres: true, strike: cutAt(cutproxy.BeforeCommit)},
	{name: "network: cut with COMMIT on its way", postgres: true, everywhere: true, strike: cutAt(cutproxy.AtCommit)},
	{name: "network: cut after COMMIT", postgres: true, everywhere: true, strike: cutAt(cutproxy.AfterCommit)},
	{name: "network: black hole", postgres: true, strike: blackHole},
	{name: "network: black hole, and kill -9 of the front", postgres: true, strike: killInBlackHole},
	{name: "network: slow", postgres: true, strike: slowNetwork},
}

// killFront kills a few processes, some of them before they have begun to serve.
func killFront(w *world) {
	for range 1 + w.random.IntN(3) {
		w.until(10*time.Second, "the front to run", w.front.kill)
		w.hold(0, 600*time.Millisecond)
	}
}

// killInCommit kills a front whose local commits wait for a process that has the file locked, as
// a command or a backup may: what is not committed then must not have been answered.
func killInCommit(w *world) {
	unlock := w.lockLocal()
	w.hold(200*time.Millisecond, 2*time.Second)
	w.until(10*time.Second, "the front to run", w.front.kill)
	unlock()
}

func stopFront(w *world) {
	w.front.stop()
	w.front.start()
}

// exhaustDescriptors leaves the front a few descriptors and sends it more connections.
func exhaustDescriptors(w *world) {
	before := w.front.logged()
	w.until(10*time.Second, "the front to run", func() bool { return w.front.descriptors(4 + w.random.IntN(24)) })
	var conns []net.Conn
	for range 100 {
		if c, err := net.DialTimeout("tcp", w.load.address, time.Second); err == nil {
			conns = append(conns, c)
		}
	}
	w.until(healPatience, "the front to run out of descriptors", func() bool { return w.front.logHas(before, "too many open files") })
	w.hold(500*time.Millisecond, 2*time.Second)
	w.front.descriptors(-1)
	for _, c := range conns {
		c.Close()
	}
}

// fillLocalDisk also takes PostgreSQL away: what is forwarded makes room in the file. It
// holds until a login was refused.
func fillLocalDisk(w *world) {
	if w.pair != nil {
		w.pair.both(func(p *cutproxy.Proxy) { p.Lead("") })
	}
	w.cutLog() // whose room would last for a while
	w.disk.fill()
	before := w.load.counts()
	w.until(healPatience, "a refusal for want of room", func() bool { return w.load.counts().refused > before.refused })
	w.hold(200*time.Millisecond, 2*time.Second)
	w.disk.free()
	if w.pair != nil {
		w.pair.reconnect()
	}
}

func crashPostgres(w *world) {
	w.primary().Stop(pgtest.Immediate)
	w.hold(300*time.Millisecond, 3*time.Second)
	w.primary().Start()
}

// crashBoth: the front comes back before PostgreSQL does.
func crashBoth(w *world) {
	w.primary().Stop(pgtest.Immediate)
	w.hold(0, 500*time.Millisecond)
	w.until(10*time.Second, "the front to run", w.front.kill)
	w.servesWithoutPostgres()
	w.primary().Start()
}

// stopWithoutPostgres: the front ends in peace with records that PostgreSQL does not have, and
// begins again without it.
func stopWithoutPostgres(w *world) {
	w.primary().Stop(pgtest.Immediate)
	w.hold(200*time.Millisecond, 2*time.Second)
	w.front.stop()
	w.front.start()
	w.servesWithoutPostgres()
	w.primary().Start()
}

// freezePostgres holds it longer than an answer waits; now and then longer than a batch.
func freezePostgres(w *world) {
	w.primary().Freeze()
	w.holdLong(1500*time.Millisecond, 4*time.Second)
	w.primary().Thaw()
}

// freezeStandby: PostgreSQL runs, and each COMMIT waits.
func freezeStandby(w *world) {
	w.pair.standby().cluster.Freeze()
	w.holdLong(1500*time.Millisecond, 4*time.Second)
	w.pair.standby().cluster.Thaw()
}

func failOver(w *world) {
	w.primary().Stop(pgtest.Immediate)
	w.hold(0, time.Second)
	w.pair.standby().cluster.Promote()
	w.pair.swap()
}

// failOverFrozen: the old primary is frozen with COMMITs that wait, the standby takes
// over, and then the old one is killed, as fencing does.
func failOverFrozen(w *world) {
	w.primary().Freeze()
	w.hold(200*time.Millisecond, 2*time.Second)
	w.pair.standby().cluster.Promote()
	w.primary().Thaw()
	w.primary().Stop(pgtest.Immediate)
	w.pair.swap()
}

// failOverInDoubt: the standby is away, a connection is cut while its COMMIT waits, and the
// batch is sent again. A forwarder that takes the rows that are there for durable ones loses them:
// the primary ends, and the standby never saw them.
func failOverInDoubt(w *world) {
	standby := w.pair.standby().cluster
	standby.Stop(pgtest.Immediate)
	w.cut(cutproxy.AtCommit, 1)
	w.hold(time.Second, 3*time.Second)
	w.primary().Stop(pgtest.Immediate)
	standby.Start()
	standby.Promote()
	w.pair.swap()
}

// fillPostgresDisk: statements fail, or the server ends in a panic because there is no room for its
// log and does not come up again until there is room.
func fillPostgresDisk(w *world) {
	node, before := w.pair.writes(), w.front.logged()
	node.disk.fill()
	w.until(healPatience, "PostgreSQL to have no room", func() bool {
		// Its log has room in reserve: use it up.
		_ = node.cluster.Try("SELECT pg_logical_emit_message(false, '', ''), pg_switch_wal()")
		return w.front.logHas(before, "No space left on device") || node.cluster.Ended()
	})
	w.hold(500*time.Millisecond, 4*time.Second)
	node.disk.free()
	w.bringBackPair()
}

// bringBackPair is what an operator does when there is room again. A server may end some time after the fault: the
// primary without room for its log, the standby because the log that filled the primary came to its disk too. A standby that
// lacks log which the primary has removed is made anew: without one no commit ends.
func (w *world) bringBackPair() {
	w.t.Helper()
	for _, d := range []time.Duration{standbyPatience, healPatience} {
		for deadline := time.Now().Add(d); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
			if w.pair.restartEnded(); w.pair.followed() {
				return
			}
		}
		if d == standbyPatience {
			w.t.Logf("the standby does not follow and is made anew; its log:\n%s", w.pair.standby().cluster.Log())
			w.pair.standby().cluster.Remove()
			w.pair.attach()
		}
	}
	w.t.Fatalf("PostgreSQL has no standby again:\n%s", w.pair.writes().cluster.Log())
}

// standbyPatience is how long a standby has to follow again by itself.
const standbyPatience = 10 * time.Second

// poison has PostgreSQL refuse some records for what they are. The others must pass. When
// the reason is gone they are released.
func poison(w *world) {
	w.primary().SQL(`CREATE FUNCTION refuse_some() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN
			IF NEW.session_id % 37 = 5 THEN
				RAISE EXCEPTION 'poison' USING ERRCODE = 'invalid_parameter_value';
			END IF;
			RETURN NEW;
		END $$`)
	w.primary().SQL("CREATE TRIGGER refuse_some BEFORE INSERT ON record FOR EACH ROW EXECUTE FUNCTION refuse_some()")
	before := w.load.counts().answered
	w.until(healPatience, "a record in quarantine", func() bool { return w.inQuarantine(w.ctx) > 0 })
	w.until(healPatience, "others to pass", func() bool { return w.load.counts().answered > before })
	// It locks the table and then its partitions, which those who insert may do in another order: who is chosen as the victim tries again.
	w.primary().SQL(`DO $$ BEGIN
			FOR try IN 1..20 LOOP
				BEGIN
					DROP TRIGGER IF EXISTS refuse_some ON record;
				EXCEPTION WHEN deadlock_detected THEN
					CONTINUE;
				END;
				RETURN;
			END LOOP;
			RAISE 'twenty deadlocks';
		END $$`)
	w.primary().SQL("DROP FUNCTION refuse_some")
	// Records that were refused a moment before may still be on their way into quarantine.
	w.until(healPatience, "the quarantine to be empty", func() bool {
		w.site.CLI("", "quarantine", "release", "--all")
		return w.forwarded(w.ctx) == nil && w.inQuarantine(w.ctx) == 0
	})
}

// cutAt cuts a few connections at that point, one after the other.
func cutAt(at cutproxy.Point) func(*world) {
	return func(w *world) { w.cut(at, 1+w.random.IntN(3)) }
}

// cut cuts n connections at that point.
func (w *world) cut(at cutproxy.Point, n int) {
	select {
	case <-w.pair.writes().proxy.Cut(at, n):
	case <-time.After(healPatience):
		w.t.Fatal("no connection came to the point where it was to be cut")
	}
}

// blackHole: connections stay open and nothing passes; in the end they are cut, or go on.
func blackHole(w *world) {
	w.pair.both(func(p *cutproxy.Proxy) { p.BlackHole(true) })
	w.holdLong(1500*time.Millisecond, 4*time.Second)
	if w.random.IntN(2) == 0 {
		w.pair.both(func(p *cutproxy.Proxy) { p.Lead("") })
	}
	w.pair.both(func(p *cutproxy.Proxy) { p.BlackHole(false) })
	w.pair.reconnect()
}

// killInBlackHole: the front starts again while no server answers, or refuses, its connections to
// PostgreSQL.
func killInBlackHole(w *world) {
	w.pair.both(func(p *cutproxy.Proxy) { p.BlackHole(true) })
	w.until(10*time.Second, "the front to run", w.front.kill)
	w.servesWithoutPostgres()
	w.pair.both(func(p *cutproxy.Proxy) { p.BlackHole(false) })
	w.pair.reconnect()
}

func slowNetwork(w *world) {
	w.pair.both(func(p *cutproxy.Proxy) { p.Delay(time.Duration(10+w.random.IntN(150)) * time.Millisecond) })
	w.hold(time.Second, 4*time.Second)
	w.pair.both(func(p *cutproxy.Proxy) { p.Delay(0) })
}

// stepClock sets the clock an hour back, a day ahead, and lets the day's window and the day
// end, once by themselves and once by a step, in any order.
func stepClock(w *world) {
	steps := []func(){
		func() { w.stepTo(-time.Hour) },
		func() { w.stepTo(24 * time.Hour) },
		func() { w.passBy(15, 30) },
		func() { w.passBy(0, 0) },
	}
	w.withClock(func() {
		for _, i := range w.random.Perm(len(steps)) {
			steps[i]()
		}
	})
}

// passBy lets that hour of UTC+8 come, and then steps over it.
func (w *world) passBy(hour, minute int) {
	const before = 700 * time.Millisecond
	w.stepTo(w.clock.until(hour, minute, before))
	w.hold(before, 2*before)
	w.mustServe()
	w.stepTo(w.clock.until(hour, minute, before))
	w.stepTo(w.clock.until(hour, minute, -time.Second))
}

// withClock runs a program whose clock can be set, and then the normal one again.
func (w *world) withClock(do func()) {
	w.front.stop()
	w.front.useBinary(built.settable, "STEPCLOCK_FILE="+w.clock.file)
	w.front.start()
	w.mustServe()
	do()
	w.front.stop()
	w.clock.set(0)
	w.front.useBinary(built.normal)
	w.front.start()
}

// stepTo sets the clock and waits for logins under it.
func (w *world) stepTo(offset time.Duration) {
	w.clock.set(offset)
	w.mustServe()
}

// until waits for something that a fault needs to happen.
func (w *world) until(d time.Duration, what string, ok func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(d); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("waited %v for %s\n%s", d, what, w.front.tail())
		}
	}
}

var errNotServing = errors.New("logins do not succeed again")

// serving returns when so many logins in a row were answered.
func (w *world) serving() error {
	const inRow = 20
	w.load.mu.Lock()
	w.load.row = 0
	w.load.mu.Unlock()
	if !w.load.await(healPatience, func(l *ledger) bool { return l.row >= inRow }) {
		return fmt.Errorf("%w: %d in a row within %v", errNotServing, inRow, healPatience)
	}
	return nil
}

// servesWithoutPostgres is for while PostgreSQL is away: a front that answers from its local
// store serves all the same, also if it was started meanwhile. Another one cannot.
func (w *world) servesWithoutPostgres() {
	w.t.Helper()
	if w.answersLocally {
		w.mustServe()
		return
	}
	w.hold(500*time.Millisecond, 3*time.Second)
}

func (w *world) mustServe() {
	w.t.Helper()
	if err := w.serving(); err != nil {
		w.t.Fatalf("%v\n%s", err, w.front.tail())
	}
}
