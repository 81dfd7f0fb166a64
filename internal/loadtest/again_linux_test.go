package loadtest

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/loadtest/population"
	"github.com/tradefront/tradefront/internal/loadtest/result"
	"github.com/tradefront/tradefront/test/await"
)

// againEngine has one visit to make, at an address that takes connections unless target names another.
func againEngine(t *testing.T, target string) *engine {
	t.Helper()
	if target == "" {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = listener.Close() })
		target = listener.Addr().String()
	}
	e := engineOf(&Plan{
		Scenario: Cold, Visits: 1, Concurrency: 1, Patience: time.Second, ComeAgain: 1000 * time.Hour, Seed: 7,
		Targets: []netip.AddrPort{netip.MustParseAddrPort(target)}, People: &population.Population{Accounts: 1},
	})
	e.strings, _ = sealedStock(t, e.plan)
	t.Cleanup(e.close)
	if err := e.prepare(); err != nil {
		t.Fatal(err)
	}
	return e
}

// TestAVisitThatIsSentAwayManyTimesComesAgain: each time it needs another terminal string, and the run never ends for want of one.
func TestAVisitThatIsSentAwayManyTimesComesAgain(t *testing.T) {
	t.Parallel()
	const times = 50
	e := againEngine(t, "")
	if err := e.begin(0); err != nil {
		t.Fatal(err)
	}
	seen := map[int32]bool{}
	for range times {
		v := &e.visits[0]
		if seen[v.login] {
			t.Fatalf("login %d comes twice", v.login)
		}
		seen[v.login] = true
		v.state = loggingIn
		e.refused(v, codeLater)
		await.True(t, "the visit to come again", func() bool {
			e.now = e.later[0].at
			if err := e.begin(e.now); err != nil {
				t.Fatal(err)
			}
			return e.under == 1
		})
	}
	if r := e.measured.outcome(e.plan, ""); r.Again["refused by code 90"] != times || r.Counts.Errors() != 0 || r.Counts.Begun != 1 || len(e.strings.later) > 1 {
		t.Errorf("again %v, %+v, %d strings are kept", r.Again, r.Counts, len(e.strings.later))
	}
}

// TestAVisitWithoutAStringWaits: it comes shortly after, and counts as late; where no more can be made it fails, and the run goes on.
func TestAVisitWithoutAStringWaits(t *testing.T) {
	t.Parallel()
	e := againEngine(t, "")
	made := make(chan sealed, 1)
	e.strings.sealer.made = made // no goroutine makes any
	e.strings.again = e.strings.texts.count()
	e.later.add(comeAgain{login: -1}, 0, time.Hour, e.random)
	for range 3 {
		at := e.later[0].at
		e.now = at
		if err := e.begin(at); err != nil || len(e.later) != 1 || e.later[0].at <= at || e.later[0].at > at+longestWait || e.under != 0 {
			t.Fatalf("%v, %+v, %d under way", err, e.later, e.under)
		}
	}
	made <- sealed{login: 5}
	e.now = e.later[0].at
	if err := e.begin(e.now); err != nil || e.under != 1 || e.visits[0].login != 5 || e.measured.r.Counts.Late != 1 {
		t.Errorf("%v, %d under way, %+v", err, e.under, e.measured.r.Counts)
	}
	close(made)
	e.later.add(comeAgain{login: -1}, e.now, time.Hour, e.random)
	e.now = e.later[0].at
	if err := e.begin(e.now); err != nil || len(e.later) != 0 || e.measured.r.Failed[result.NoString] != 1 || e.measured.r.Counts.Failed != 1 {
		t.Errorf("%v, %+v, failed %v", err, e.later, e.measured.r.Failed)
	}
}

// TestAConnectionThatFailsAtOnceComesAgain as one does that fails later: a broadcast address is unreachable without a packet.
func TestAConnectionThatFailsAtOnceComesAgain(t *testing.T) {
	t.Parallel()
	e := againEngine(t, "127.255.255.255:1")
	if err := e.begin(0); err != nil {
		t.Fatal(err)
	}
	const why = "connect: network is unreachable"
	if r := e.measured.outcome(e.plan, ""); r.Again[why] != 1 || len(e.later) != 1 || e.later[0].login < 0 || r.Counts.Errors() != 0 || e.open != 0 {
		t.Errorf("again %v, %+v, failed %v", r.Again, e.later, r.Failed)
	}
	e.plan.ComeAgain = 0
	e.now = e.later[0].at
	if err := e.begin(e.now); err != nil || e.measured.r.Failed[why] != 1 {
		t.Errorf("%v, failed %v", err, e.measured.r.Failed)
	}
}
