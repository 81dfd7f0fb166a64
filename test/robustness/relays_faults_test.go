package robustness

import (
	"time"

	"github.com/tradefront/tradefront/test/cutproxy"
	"github.com/tradefront/tradefront/test/pgtest"
)

// relayFault is a fault of TestRelays. strike breaks something, holds it for a while and heals it.
type relayFault struct {
	name   string
	short  bool // it happens in the short form too
	first  bool // there it always does
	alone  bool // the daemons must survive it
	strike func(w *relaysWorld)
}

var relayFaults = []relayFault{
	{name: "front: kill -9", short: true, strike: killAFront},
	{name: "front: kill -9 with commits on their way", short: true, strike: killAFrontInCommit},
	{name: "front: SIGTERM", alone: true, strike: stopAFront},
	{name: "agent: kill -9", short: true, strike: killAnAgent},
	{name: "agent: SIGTERM", alone: true, strike: stopAnAgent},
	{name: "PostgreSQL: immediate stop", short: true, strike: crashRelaysPostgres},
	{name: "PostgreSQL: stopped in peace", strike: stopRelaysPostgres},
	{name: "PostgreSQL: frozen", strike: freezeRelaysPostgres},
	{name: "relay: cut in the middle of a frame", short: true, strike: tearFrame},
	{name: "relay: cut between durable and answer", short: true, strike: loseAnswer},
	{name: "relay: cut between durable and answer, and kill -9 of the front", short: true, first: true, strike: loseAnswerAndFront},
	{name: "HAProxy: reloaded", short: true, strike: reloadBalancers},
	{name: "HAProxy: kill -9", short: true, strike: killBalancer},
	{name: "firm: relays disabled and enabled", short: true, strike: disableRelays},
	{name: "firm: the agents' relays disabled and enabled", strike: disableAgents},
	{name: "firm: scope narrowed", short: true, strike: narrowScope},
}

// victim kills a process that runs, one of those.
func (w *relaysWorld) victim(all ...*front) {
	f := oneOf(w.random, all)
	for deadline := time.Now().Add(healPatience); !f.kill(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("no process runs\n%s", f.tail())
		}
	}
}

func killAFront(w *relaysWorld) {
	for range 1 + w.random.IntN(2) {
		w.victim(w.fronts...)
		w.hold(0, 600*time.Millisecond)
	}
}

// killAFrontInCommit kills a front whose local commits wait for a process that has the file locked, as a command may.
func killAFrontInCommit(w *relaysWorld) {
	i := w.random.IntN(len(w.fronts))
	unlock := lockFile(w.ctx, w.t, w.locals[i])
	w.hold(300*time.Millisecond, 2*time.Second)
	w.victim(w.fronts[i])
	unlock()
}

func stopAFront(w *relaysWorld) {
	f := oneOf(w.random, w.fronts)
	f.stop()
	f.start()
}

func killAnAgent(w *relaysWorld) {
	w.victim(w.agents[0].front, w.agents[1].front)
	w.hold(0, 600*time.Millisecond)
}

func stopAnAgent(w *relaysWorld) {
	a := oneOf(w.random, w.agents[:])
	w.until("the agent to take terminals", func() bool { return takes(a.listen) })
	a.stop()
	a.start()
}

func crashRelaysPostgres(w *relaysWorld) {
	w.postgres.Stop(pgtest.Immediate)
	w.hold(300*time.Millisecond, 3*time.Second)
	w.postgres.Start()
}

func stopRelaysPostgres(w *relaysWorld) {
	w.postgres.Stop(pgtest.Fast)
	w.hold(300*time.Millisecond, 6*time.Second)
	w.postgres.Start()
}

// freezeRelaysPostgres holds it for longer than the second front waits.
func freezeRelaysPostgres(w *relaysWorld) {
	w.postgres.Freeze()
	w.hold(1500*time.Millisecond, 5*time.Second)
	w.postgres.Thaw()
}

// cutRelay cuts a connection of a relay to either front where such a message passes.
func (w *relaysWorld) cutRelay(match cutproxy.Match) {
	w.t.Helper()
	one, other := w.links[0].CutBytes(match, 1), w.links[1].CutBytes(match, 1)
	select {
	case <-one:
	case <-other:
	case <-time.After(healPatience):
		w.t.Fatalf("no relay came to the point where it was to be cut%s", w.tails())
	}
	for _, l := range w.links {
		l.CutBytes(nil, 0)
	}
	w.torn++
}

func tearFrame(w *relaysWorld) {
	w.cutRelay(w.wire.passes(true, aSubmission))
	for range w.random.IntN(3) {
		w.cutRelay(w.wire.passes(true, aSubmission, aRelayedLogin))
	}
}

// loseAnswer: the relay cannot know that its submission was recorded, and sends it again.
func loseAnswer(w *relaysWorld) {
	w.cutRelay(w.wire.passes(false, aSubmission))
	for range w.random.IntN(3) {
		w.cutRelay(w.wire.passes(false, aSubmission, aRelayedLogin))
	}
}

func loseAnswerAndFront(w *relaysWorld) {
	w.cutRelay(w.wire.passes(false, aSubmission))
	w.victim(w.fronts...)
	w.hold(0, 300*time.Millisecond)
}

func reloadBalancers(w *relaysWorld) {
	for _, b := range w.balancers {
		b.reload()
	}
	w.hold(200*time.Millisecond, time.Second)
}

func killBalancer(w *relaysWorld) {
	b := oneOf(w.random, w.balancers[:])
	b.kill()
	w.hold(0, 2*time.Second)
	b.start()
}

// disableRelays takes the permission of the relays that the test plays away: while it is gone they report for no terminal.
func disableRelays(w *relaysWorld) {
	played := []string{manyRelay, deskID}
	w.crowd.bar(time.Now().Add(time.Hour))
	for _, id := range played {
		w.sites[0].CLI("", "relay", "disable", id)
	}
	w.inForce("disabled", 63, loginVia, desk, offline)
	for _, id := range played {
		w.sites[0].CLI("", "relay", "enable", id)
	}
	w.crowd.bar(time.Now().Add(goneBy))
}

// disableAgents: the agents come back by themselves, and their terminals are answered 8 until then.
func disableAgents(w *relaysWorld) {
	for _, does := range []string{"disable", "enable"} {
		for _, id := range []string{agentMany, agentDesk} {
			w.sites[0].CLI("", "relay", does, id)
		}
		w.hold(500*time.Millisecond, 3*time.Second)
	}
}

// inForce waits until terminals of these ways are refused by that code and none is answered, and holds that for a while,
// in which none may be.
func (w *relaysWorld) inForce(what string, code int, ways ...way) {
	w.t.Helper()
	answered := func(all map[way]int) (n int) {
		for _, x := range ways {
			n += all[x]
		}
		return n
	}
	before, refused := -1, 0
	w.until("relays or scopes "+what+" to be refused", func() bool {
		w.crowd.mu.Lock()
		now, n := answered(w.crowd.ways), w.crowd.codes[code]
		w.crowd.mu.Unlock()
		if now != before {
			before, refused = now, n
		}
		return n >= refused+4
	})
	w.hold(300*time.Millisecond, 3*time.Second)
	if after := answered(w.answers()); after > before {
		w.t.Errorf("%s: %d terminals more were answered%s", what, after-before, w.tails())
	}
}

// narrowScope takes the customers out of the desk's scope: none is reported any more.
func narrowScope(w *relaysWorld) {
	w.crowd.bar(time.Now().Add(time.Hour))
	w.sites[0].CLI("", "relay", "scope", "remove", deskID, "prefix:88")
	w.inForce("narrowed", 9, desk, offline)
	w.sites[0].CLI("", "relay", "scope", "add", deskID, "prefix:88")
	w.crowd.bar(time.Now().Add(goneBy))
}

func (w *relaysWorld) until(what string, ok func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(healPatience); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("waited %v for %s%s", healPatience, what, w.tails())
		}
	}
}
