package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/client"
	front "github.com/tradefront/tradefront/internal/daemon"
	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/terminaltest"
)

// TestCoreWithoutCredit: business waits for credit, and is answered 90 with its number when none comes; meanwhile others
// log in and their heartbeats pass. With credit again everything passes.
func TestCoreWithoutCredit(t *testing.T) {
	t.Parallel()
	core := newCore(t, "a", twoCustomers, "", "--credit", "64")
	s := linked(t, []*coreProcess{core}, "wait: 300ms", "")
	d := s.serveReady()
	a := d.tradeAs(t, alice)
	for range 200 { // over the window: credit is granted again while it is used
		a.expect(echoTID, 0, a.echo())
	}
	core.do("no-credit")
	d.awaitMetric(`tradefront_core_credit{endpoint="` + core.endpoint() + `"} 0`)
	began := time.Now()
	n := a.echo()
	b := d.tradeAs(t, bob)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := b.Heartbeat(ctx); err != nil {
		t.Error(err)
	}
	a.expectRefused(90, n)
	if took := time.Since(began); took < 300*time.Millisecond {
		t.Errorf("the request was refused after %v, before core.link.wait", took)
	}
	n = b.echo()
	core.do("credit auto") // comes while that waits, or just after: it passes or is refused, never both
	if got := b.next(); got.Number != n || got.TID != echoTID && got.Err() == nil {
		t.Errorf("got TID %#x, number %d", got.TID, got.Number)
	}
	await.True(t, "the front has credit again", func() bool {
		_, page := d.get(t, "/metrics")
		return !strings.Contains(page, `tradefront_core_credit{endpoint="`+core.endpoint()+"\"} 0\n")
	})
	a.expect(echoTID, 0, a.echo())
	b.expect(echoTID, 0, b.echo())
	core.wantNoViolation()
}

// TestCoreStalled: a core that does not read fills the front's queue; every request is answered once all the same, by
// the core or by 90, and after the stall they pass.
func TestCoreStalled(t *testing.T) {
	t.Parallel()
	core := newCore(t, "a", twoCustomers, "")
	s := linked(t, []*coreProcess{core}, "wait: 200ms, queue_low: 16384, queue_bytes: 65536, verify_timeout: 1s", "limits: {inbound_bytes: 4194304}\n")
	d := s.serveReady()
	a := d.tradeAs(t, alice)
	core.do("stall 2s")
	const requests = 400 // 1.6 MB: over what sockets and the queue hold
	data := make([]byte, 4000)
	for range requests {
		a.send(client.Outgoing{TID: echoTID, Fields: []client.Field{{FID: 0x7001, Data: data}}})
	}
	answered, refused := make(map[uint32]int), 0
	for range requests {
		got := a.next()
		answered[got.Number]++
		if err := got.Err(); err != nil {
			if _, about, ok := got.Target(); err.Code != 90 || !ok || about != got.Number {
				t.Fatalf("number %d: %v about %d", got.Number, err, about)
			}
			refused++
		}
	}
	t.Logf("%d of %d refused", refused, requests)
	if len(answered) != requests || refused == 0 {
		t.Errorf("%d of %d requests were answered, %d of them by 90", len(answered), requests, refused)
	}
	a.expect(echoTID, 0, a.echo())
	d.tradeAs(t, bob)
	core.wantNoViolation()
}

// TestSlowTerminal: a terminal that does not read is closed, and the others get every message in its order.
func TestSlowTerminal(t *testing.T) {
	t.Parallel()
	core := newCore(t, "a", twoCustomers, "", "--market-status", "2ms")
	s := linked(t, []*coreProcess{core}, "", "")
	d := s.serveReady()
	b := d.tradeAs(t, bob)
	slow := terminaltest.Dial(t, d.address, nil)
	if err := slow.Conn.(*net.TCPConn).SetReadBuffer(4096); err != nil {
		t.Fatal(err)
	}
	slow.Authenticate(client.Identity{BrokerID: "9999", AppID: appID}, s.apps[0].AuthCode)
	slow.LogIn(client.LoginRequest{BrokerID: "9999", UserID: alice, Password: password, KeyVersion: "1.0", AbnormalFlag: '1'})
	fillUnread(t, d, core, slow)
	await.True(t, "the core knows why", func() bool { return core.saw().Closes["6"] == 1 })
	last := uint32(0)
	for range 100 {
		got := b.next()
		if got.TID != tidState || last != 0 && got.Number != last+1 {
			t.Fatalf("TID %#x with number %d behind number %d", got.TID, got.Number, last)
		}
		last = got.Number
	}
	core.wantNoViolation()
}

// fillUnread sends requests and reads no answer, until the front closes. It waits for the core to answer some before it
// sends more: the front's queue to the core must not be what fills.
func fillUnread(t *testing.T, d *daemon, core *coreProcess, m *terminaltest.Terminal) {
	t.Helper()
	const slow, atOnce = `tradefront_connections_closed_total{reason="slow_reader"} 1` + "\n", 32
	body := make([]byte, 4000)
	for closed, n := false, uint32(0); !closed; {
		for range atOnce {
			n++
			if _, err := m.Write(terminaltest.Request(echoTID, n, raw(0x7001, body))); errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatalf("the front neither reads nor closes, at request %d", n)
			}
		}
		await.True(t, "the core to answer, or the front to close", func() bool {
			_, page := d.get(t, "/metrics")
			closed = strings.Contains(page, slow)
			return closed || core.saw().Echoes == uint64(n)
		})
		if n > 10_000 {
			t.Fatalf("%d bytes are unread, and the connection is open", int(n)*len(body))
		}
	}
}

// TestSessionCommands: session list shows who is logged in, session end and a kick by the core end the sessions.
func TestSessionCommands(t *testing.T) {
	t.Parallel()
	core := newCore(t, "a", twoCustomers, "")
	s := linked(t, []*coreProcess{core}, "", "")
	d := s.serveReady()
	a, b := d.tradeAs(t, alice), d.tradeAs(t, bob)
	a.expect(echoTID, 0, a.echo())
	var list []front.Session
	if err := json.Unmarshal([]byte(s.cli("", "session", "list", "--front", d.admin, "-o", "json")), &list); err != nil || len(list) != 2 {
		t.Fatalf("%v: %+v", err, list)
	}
	byAccount := map[string]front.Session{list[0].Account: list[0], list[1].Account: list[1]}
	if got := byAccount[alice]; got.Sent == 0 || got.Received == 0 || got.State != "logged_in" {
		t.Errorf("alice: %+v", got)
	}
	out := s.cli("", "session", "end", strconv.Itoa(int(byAccount[alice].SessionID)), "--front", d.admin, "--text", "请联系客服")
	if !strings.Contains(out, "ended session") || !strings.Contains(out, alice) {
		t.Errorf("session end printed %q", out)
	}
	if exit := a.expectExit('3'); exit.Msg != "请联系客服" {
		t.Errorf("the terminal read %q", exit.Msg)
	}
	if _, errOut, err := s.try("", "session", "end", "999999", "--front", d.admin); err == nil || !strings.Contains(errOut, "999999") {
		t.Errorf("a session that is not there: %v, %s", err, errOut)
	}
	if out, err := exec.Command(binary, "core-sim", "ctl", "--control", core.control, "kick", bob).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	b.expectExit('1')
	await.True(t, "the core knows that both are over", func() bool { return core.saw().Closes["3"] == 2 })
	s.awaitAudit("ended_by_operator", alice)
	d.awaitMetric(`tradefront_connections_closed_total{reason="kicked"} 1`)
	if out := s.cli("", "session", "list", "--front", d.admin, "-o", "json"); strings.TrimSpace(out) != "[]" {
		t.Errorf("sessions are left: %s", out)
	}
	core.wantNoViolation()
}

// TestRequestsPerSecond: over the bound requests are refused by 90, or wait for their second, as the firm chose.
func TestRequestsPerSecond(t *testing.T) {
	t.Parallel()
	const bound, sent = 20, 50
	for _, over := range []string{"refuse", "delay"} {
		t.Run(over, func(t *testing.T) {
			t.Parallel()
			core := newCore(t, "a", twoCustomers, "")
			s := linked(t, []*coreProcess{core}, "", "limits: {requests_per_second: 20, requests_over: "+over+"}\n")
			m := s.serveReady().tradeAs(t, alice)
			began := time.Now()
			for range sent {
				m.echo()
			}
			refused := 0
			for range sent {
				if got := m.next(); got.Err() != nil {
					if _, _, ok := got.Target(); got.Err().Code != 90 || !ok {
						t.Fatal(got.Err())
					}
					refused++
				}
			}
			took := time.Since(began)
			switch {
			case over == "refuse" && (refused < 1 || refused > sent-bound):
				t.Errorf("%d of %d were refused in %v", refused, sent, took)
			case over == "delay" && (refused != 0 || took < time.Second):
				t.Errorf("%d were refused, the others took %v", refused, took)
			}
			core.wantNoViolation()
		})
	}
}
