package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/coresim"
	"github.com/tradefront/tradefront/test/await"
)

// TestCoreKilledAndBack: kill -9 of the core and a restart within core.link.grace ends no session. The order that it took
// and did not answer is answered 90 with its number; the dialog and the private flows go on; each customer has one record.
func TestCoreKilledAndBack(t *testing.T) {
	t.Parallel()
	core := newCore(t, "a", twoCustomers, "")
	s := linked(t, []*coreProcess{core}, "grace: 1m", "")
	d := s.serveReady()
	a, b := d.tradeAs(t, alice, 1), d.tradeAs(t, bob, 2)
	cross(t, a, b, 1)
	core.do("mute 1h")
	lost := a.order("a-lost", coresim.Sell)
	await.True(t, "the core has the order that it will not answer", func() bool { return core.saw().Muted == 1 })
	core.kill()
	d.awaitReady(http.StatusServiceUnavailable)
	a.expectRefused(8, a.echo())

	core.start()
	a.expectRefused(90, lost) // once the session is resumed
	d.awaitReady(http.StatusOK)
	d.awaitResumed(t, 2)
	cross(t, a, b, 2) // the number behind the one before the kill
	if n := core.saw(); n.Opens != 0 || n.ResumesRefused != 0 || n.Verifies != 0 {
		t.Errorf("after the restart: %+v", n)
	}
	core.wantNoViolation()
	d.stop()
	if n := len(s.records()); n != 2 {
		t.Errorf("%d records, want 2", n)
	}
}

// awaitResumed waits until the front passes business of that many sessions again. The core knows earlier: its answer to
// SessionResume is still on its way then, and an order gets 8.
func (d *daemon) awaitResumed(t *testing.T, sessions int) {
	t.Helper()
	line := fmt.Sprintf("tradefront_core_resumed_total{result=\"resumed\"} %d\n", sessions)
	await.Every(t, 20*time.Millisecond, fmt.Sprintf("%d sessions to be resumed", sessions), func() bool {
		_, page := d.get(t, "/metrics")
		return strings.Contains(page, line)
	})
}

// cross lets both trade one lot; number is that of the fill in both flows.
func cross(t *testing.T, a, b *trader, number uint32) {
	t.Helper()
	ref := fmt.Sprint(number)
	a.expect(tidOrder, 0, a.order("a-"+ref, coresim.Sell))
	n := b.order("b-"+ref, coresim.Buy)
	filled(t, b, 2, number, n)
	filled(t, a, 1, number, 0)
}

// TestCoreKilledForGood: without a core within the grace the terminals are told to log in again, and do so at the second
// core once that is active, with a higher term.
func TestCoreKilledForGood(t *testing.T) {
	t.Parallel()
	first := newCore(t, "a", twoCustomers, "")
	second := newCore(t, "b", twoCustomers, "", "--state", "standby", "--term", "2")
	s := linked(t, []*coreProcess{first, second}, "grace: 300ms, failover_spread: 300ms", "")
	d := s.serveReady()
	if _, page := d.get(t, "/metrics"); !strings.Contains(page, "core_term 1\n") {
		t.Error("the first core's term is not 1")
	}
	a, b := d.tradeAs(t, alice), d.tradeAs(t, bob)
	killed := time.Now()
	first.kill()
	for _, m := range []*trader{a, b} {
		m.expectExit('2')
	}
	if took := time.Since(killed); took > 20*time.Second {
		t.Errorf("the terminals were told after %v, grace and spread are 600 ms", took)
	}
	again := d.trade(t)
	if _, err := again.login(s, alice, password, terminalText); code(t, err) != 8 {
		t.Errorf("without an active core the login was answered %d, want 8", code(t, err))
	}
	second.do("active")
	// Until a check has failed for some time /readyz stays as it was: 200 alone may still be the first core's.
	await.True(t, "the front names the second core", func() bool {
		status, page := d.get(t, "/readyz")
		return status == http.StatusOK && strings.Contains(page, "core-sim-b") && strings.Contains(page, "term 2")
	})
	if _, err := again.login(s, alice, password, terminalText); err != nil {
		t.Fatal(err)
	}
	again.expect(echoTID, 0, again.echo())
	d.tradeAs(t, bob)
	second.wantNoViolation()
	d.stop()
	if n := len(s.records()); n != 4 {
		t.Errorf("%d records, want 4: each login is one", n)
	}
}
