package e2e

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/coresim"
	"github.com/tradefront/tradefront/test/await"
)

// TestTradingThroughAnOperatorAgent: a trading core behind an operator agent verifies its customers and takes their business, each by
// its own session, while the front gets what regulation asks for. The core hears of a session after the front's 0, and of none
// that the front refused.
func TestTradingThroughAnOperatorAgent(t *testing.T) {
	t.Parallel()
	const foreign = "20001" // the core knows it, the operator may not report it
	s := newRelaySite(t, "", quick)
	s.write("scope.csv", []byte("prefix:1000\n"))
	s.cli("", "relay", "scope", "import", operatorRelay, filepath.Join(s.dir, "scope.csv"), "--operator", relayOperator)
	s.addAccount(alice, "1") // of whose password the front is never told
	s.addAccount(bob, "1")
	d := s.serve()
	core := newCore(t, "relay", twoCustomers+"  - {user: \""+foreign+"\", password: \""+password+"\"}\n", "")
	a := s.operatorAgent(d, fmt.Sprintf("core: {driver: link, link: {endpoints: [%q], grace: 0s, failover_spread: 100ms}}\n", core.endpoint()))
	if out := a.cli("", "relay", "check"); strings.Contains(out, "answered 77") {
		t.Errorf("relay check says %q, and business messages have a core", out)
	}
	r := a.run()
	a.awaitUpstream(r, true)
	r.awaitReady(200)
	a.apps = s.apps

	one, two := r.tradeAs(t, alice, 1), r.tradeAs(t, bob, 2)
	one.expect(tidOrder, 0, one.order("a-1", coresim.Sell))
	n := two.order("b-1", coresim.Buy)
	filled(t, two, 2, 1, n)
	filled(t, one, 1, 1, 0)
	chain(t, one)
	var sent []uint32
	for range 100 {
		sent = append(sent, two.echo())
	}
	for _, number := range sent {
		two.expect(echoTID, 0, number)
	}

	m := r.trade(t)
	if _, err := m.login(s.site, alice, "wrong", terminalText); code(t, err) != 3 {
		t.Errorf("a wrong password: %v", err)
	}
	m = r.trade(t)
	if _, err := m.login(s.site, foreign, password, terminalText); code(t, err) != 3 { // the front's 9
		t.Errorf("a customer outside of the operator's scope: %v", err)
	}
	await.True(t, "the core to hear that the refused login ends", func() bool { return core.saw().Aborts == 1 })
	if n := core.saw(); n.Opens != 2 || n.Visits != 0 {
		t.Errorf("the core has %d sessions and %d visits, of two terminals", n.Opens, n.Visits)
	}

	core.do("kick " + bob)
	two.expectExit('1')
	s.awaitAudit(`"event":"submit_end"`, `"account":"`+bob+`"`)

	core.kill()
	one.expectExit('2')
	m = r.trade(t)
	_, err := m.login(s.site, alice, password, terminalText)
	if own, upstream := a.refs(t, err); code(t, err) != 8 || upstream != "" || a.trueReason(own) != "core_away" {
		t.Errorf("without a trading core: %v", err)
	}
	r.awaitReady(503)
	core.start()
	r.awaitReady(200)
	r.tradeAs(t, alice).echo()

	r.stop()
	d.stop()
	core.wantNoViolation()
	if lines := s.lines(s.days(nil)[0]); len(lines) != 4 { // three terminals and the operator
		t.Errorf("%d lines: %q", len(lines), lines)
	}
}
