package front_test

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/admission"
	"github.com/tradefront/tradefront/internal/front"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/terminaltest"
)

func (r *running) refused(want reason.Close) {
	r.t.Helper()
	r.counted(r.counts.refused, "refused", want)
}

func (r *running) closedBy(want reason.Close) {
	r.t.Helper()
	r.counted(r.counts.closed, "closed", want)
}

func (r *running) counted(reasons chan string, what string, want reason.Close) {
	r.t.Helper()
	select {
	case got := <-reasons:
		if got != want.String() {
			r.t.Errorf("%s by %s, want %v", what, got, want)
		}
	case <-time.After(20 * time.Second):
		r.t.Fatalf("no connection was %s, want %v", what, want)
	}
}

func TestConnectionsPerSource(t *testing.T) {
	cfg := config()
	cfg.Limits.Admission.PerSource = 2
	r := start(t, cfg, newHandler())
	first := r.dialFrom("127.0.0.2")
	first.Authenticate(software("v_s_1"), authCode)
	r.dialFrom("127.0.0.2").Authenticate(software("v_s_1"), authCode)
	r.dialFrom("127.0.0.2").ExpectClosed()
	r.refused(reason.SourceFull)
	r.dialFrom("127.0.0.3").Authenticate(software("v_s_1"), authCode)
	_ = first.Close()
	r.closedBy(reason.PeerClosed)
	r.dialFrom("127.0.0.2").Authenticate(software("v_s_1"), authCode)
}

// A source that holds all unauthenticated connections loses the oldest of them to an honest
// terminal.
func TestEviction(t *testing.T) {
	cfg := config()
	cfg.Limits.Admission.Unauthenticated = admission.EarlyDrop{Start: 3, Rate: 100, Full: 3}
	r := start(t, cfg, newHandler())
	var held []*terminaltest.Terminal
	for range 3 {
		held = append(held, r.dialFrom("127.0.0.2"))
		<-r.counts.opened // so that their order is known
	}
	r.dialFrom("127.0.0.2").ExpectClosed()
	r.refused(reason.UnauthenticatedFull)
	for i := range 2 {
		honest := r.dialFrom("127.0.0.3")
		held[i].ExpectClosed()
		r.closedBy(reason.Evicted)
		honest.Authenticate(software("v_s_1"), authCode)
		honest.Send(login("8"))
		honest.Expect(ftd.TIDUserLogin, 0)
		// Authenticated, it makes room for another half-open one.
		r.dialFrom("127.0.0.2")
		<-r.counts.opened
		<-r.counts.opened
	}
	held[2].Authenticate(software("v_s_1"), authCode) // was never the oldest
}

// Terminals that authenticate and do not log in cannot fill the front; those that are logged in
// stay.
func TestIdleAuthenticatedAreEvicted(t *testing.T) {
	cfg := config()
	cfg.Limits.Admission.Connections = 3
	h := newHandler()
	h.refuseAt = "wrong"
	r := start(t, cfg, h)
	var held []*terminaltest.Terminal
	for range 3 {
		held = append(held, r.dialFrom("127.0.0.2"))
		held[len(held)-1].Authenticate(software("v_s_1"), authCode)
	}
	held[0].Send(login("wrong")) // is as idle afterwards as before, and the youngest
	held[0].Expect(ftd.TIDUserLogin, 3)
	for _, first := range []*terminaltest.Terminal{held[1], held[2], held[0]} {
		honest := r.dialFrom("127.0.0.3")
		honest.Authenticate(software("v_s_1"), authCode)
		first.ExpectClosed()
		r.closedBy(reason.Evicted)
		honest.Send(login("8"))
		honest.Expect(ftd.TIDUserLogin, 0)
	}
	r.dialFrom("127.0.0.2").ExpectClosed()
	r.refused(reason.FrontFull)
}

// A connection may be evicted before its loop has it; the loop then closes it at once.
func TestEvictedOnItsWayToTheLoop(t *testing.T) {
	r := start(t, config(), newHandler())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	m := (&running{t: t, addr: l.Addr().String()}).dial()
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if refused, err := r.TakeInEvicted(c.(*net.TCPConn)); refused != reason.StayOpen || err != nil {
		t.Fatalf("%v, %v", refused, err)
	}
	m.ExpectClosed()
	r.closedBy(reason.Evicted)
	if s := r.Admission(0); s.Open != 0 {
		t.Errorf("%+v", s)
	}
}

// Each offence counts, with what it costs, and neither a wrong password nor going away does.
func TestPenalties(t *testing.T) {
	asked := ask("v_s_1")
	wrong := wrongAnswer("v_s_1")
	offences := map[string]struct {
		offence admission.Offence
		closed  reason.Close
		commit  func(m *terminaltest.Terminal)
	}{
		"wrong answer": {admission.FailedAuthentication, reason.AuthFailed, func(m *terminaltest.Terminal) {
			m.Send(asked)
			m.Expect(ftd.TIDAuthenticate, -1)
			m.Send(wrong)
			m.Expect(ftd.TIDAuthenticate, 63)
		}},
		"login before authentication": {admission.FailedAuthentication, reason.PeerClosed, func(m *terminaltest.Terminal) {
			m.Send(login("8"))
			m.Expect(ftd.TIDUserLogin, 64)
			_ = m.Close()
		}},
		"malformed": {admission.Malformed, reason.Malformed, func(m *terminaltest.Terminal) { m.Send([]byte{1, 255, 0, 0}) }},
		"silence":   {admission.NoAuthentication, reason.AuthTimeout, func(*terminaltest.Terminal) {}},
		"a locked source": {admission.NoAuthentication, reason.SourceRefused, func(m *terminaltest.Terminal) {
			m.Authenticate(software("v_s_1"), authCode)
			m.Send(login("locked"))
			m.Expect(ftd.TIDUserLogin, 143)
		}},
		"refusals": {admission.RefusalFlood, reason.RefusalFlood, func(m *terminaltest.Terminal) {
			m.Authenticate(software("v_s_1"), authCode)
			for range 3 {
				m.Send(terminaltest.Message(0x7777))
			}
		}},
	}
	for name, o := range offences {
		t.Run(name, func(t *testing.T) {
			cfg := config()
			cfg.Session.AuthTimeout = 200 * time.Millisecond
			cfg.Limits.Refusals = 2
			p := &cfg.Limits.Admission.Penalties
			p.Cost[o.offence] = time.Second
			p.Threshold, p.Max, p.Sources = 999*time.Millisecond, time.Hour, 10
			if o.closed == reason.RefusalFlood || o.closed == reason.SourceRefused {
				p.Cost[o.offence] = 10 * time.Second // of an authenticated one
			}
			h := newHandler()
			h.lockedAt = "locked"
			r := start(t, cfg, h)
			harmless := r.dialFrom("127.0.0.2")
			harmless.Send(asked)
			harmless.Expect(ftd.TIDAuthenticate, -1)
			_ = harmless.Close()
			r.closedBy(reason.PeerClosed)

			bad := r.dialFrom("127.0.0.2")
			o.commit(bad)
			r.closedBy(o.closed)
			r.dialFrom("127.0.0.2").ExpectClosed()
			r.refused(reason.SourcePenalized)
			r.dialFrom("127.0.0.3").Authenticate(software("v_s_1"), authCode)
			if s := r.Admission(1); s.Penalized != 1 || s.Penalties[0].Source != netip.MustParsePrefix("127.0.0.2/32") {
				t.Errorf("%+v", s)
			}
		})
	}
}

// A good login raises the threshold of its source also after the customer has disconnected; an
// authentication alone does not.
func TestGoodLoginRaisesTheThreshold(t *testing.T) {
	cfg := config()
	p := &cfg.Limits.Admission.Penalties
	p.Cost[admission.Malformed] = time.Second
	p.Threshold, p.Max, p.Sources = 999*time.Millisecond, time.Hour, 10
	r := start(t, cfg, newHandler())
	customer := r.dialFrom("127.0.0.2")
	customer.Authenticate(software("v_s_1"), authCode)
	customer.Send(login("8"))
	customer.Expect(ftd.TIDUserLogin, 0)
	_ = customer.Close()
	r.closedBy(reason.PeerClosed)
	other := r.dialFrom("127.0.0.3")
	other.Authenticate(software("v_s_1"), authCode)
	_ = other.Close()
	r.closedBy(reason.PeerClosed)
	for _, source := range []string{"127.0.0.2", "127.0.0.3"} {
		r.dialFrom(source).Send([]byte{1, 255, 0, 0})
		r.closedBy(reason.Malformed)
	}
	r.dialFrom("127.0.0.2").Authenticate(software("v_s_1"), authCode)
	r.dialFrom("127.0.0.3").ExpectClosed()
	r.refused(reason.SourcePenalized)
}

// Terminals connect, authenticate or not, and disconnect or are evicted, all at once: in the end
// no connection is counted.
func TestStormLeavesNoConnectionCounted(t *testing.T) {
	cfg := config()
	cfg.Limits.Admission.Connections = 40
	cfg.Limits.Admission.PerSource = 20
	cfg.Limits.Admission.Unauthenticated = admission.EarlyDrop{Start: 5, Rate: 30, Full: 20}
	r := start(t, cfg, newHandler())
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(i%5))}}
			var held []net.Conn
			for j := range 200 {
				c, err := d.Dial("tcp", r.addr)
				if err != nil {
					continue // the listen backlog is not tested here
				}
				switch j % 3 {
				case 0:
					_ = c.Close()
				case 1:
					_, _ = c.Write(ask("v_s_1"))
					held = append(held, c)
				case 2:
					held = append(held, c)
				}
			}
			for _, c := range held {
				_ = c.Close()
			}
		})
	}
	wg.Wait()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		s := r.Admission(10)
		if s.Open == 0 && r.Connections() == 0 {
			if s.Unauthenticated+s.Closing+s.Sources != 0 || s.Evicted == 0 || s.Refused["unauthenticated_full"] == 0 {
				t.Errorf("%+v", s)
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d connections, %+v", r.Connections(), s)
		}
	}
	r.dial().Authenticate(software("v_s_1"), authCode)
}

// A byte now and then does not extend the deadline.
func TestSlowDripIsEnded(t *testing.T) {
	cfg := config()
	cfg.Session.AuthTimeout = 300 * time.Millisecond
	r := start(t, cfg, newHandler())
	m := r.dial()
	_ = m.Conn.(*net.TCPConn).SetNoDelay(true)
	for _, b := range slices.Repeat(ask("v_s_1"), 100) {
		if _, err := m.Write([]byte{b}); err != nil {
			break
		}
		select {
		case got := <-r.counts.closed:
			if got != reason.AuthTimeout.String() {
				t.Errorf("closed by %s", got)
			}
			return
		case <-time.After(20 * time.Millisecond): // it drips
		}
	}
	r.closedBy(reason.AuthTimeout)
}

// A loop that does not respond serves no terminal: the process must end, to be started again. What was due meanwhile counts as
// its lag: 1,200 parts of a sweep, a tenth of a millisecond apart.
func TestStuckLoopIsAnError(t *testing.T) {
	h := newHandler()
	h.stuck = make(chan struct{})
	seen := newCounts()
	s := front.New(config(), h, seen, zap.NewNop())
	s.SetSweepPeriod(time.Millisecond)
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	r := &running{Server: s, t: t, addr: s.Addrs()[0].String()}
	m := r.dial()
	m.Send(ask("stuck"))
	m.Expect(ftd.TIDAuthenticate, -1)
	m.Send(answer("stuck"))
	if err := <-s.Failed(); err == nil {
		t.Error("the front ended without an error")
	}
	close(h.stuck)
	await.True(t, "the standstill is measured", func() bool { return seen.lagged.Load() > 0 })
	if err := s.Drain(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestPeerAddr(t *testing.T) {
	for in, want := range map[string]string{
		"192.0.2.7":        "192.0.2.7:77",
		"::ffff:192.0.2.7": "192.0.2.7:77",
		"2001:db8::7":      "[2001:db8::7]:77",
		"fe80::7":          "[fe80::7]:77",
	} {
		// gnet gives the memory of zones to a pool: none may be left on the socket.
		local, remote := &net.TCPAddr{Zone: "eth0"}, &net.TCPAddr{IP: net.ParseIP(in), Port: 77, Zone: "eth0"}
		if got := fmt.Sprint(front.PeerAddr(local, remote)); got != want || local.Zone+remote.Zone != "" {
			t.Errorf("%s: %s, want %s; zones %q %q", in, got, want, local.Zone, remote.Zone)
		}
	}
}
