package front_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/front"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/terminaltest"
	"github.com/tradefront/tradefront/test/testmain"
)

func TestDialogueOverTCP(t *testing.T) {
	r := start(t, config(), newHandler())
	m := r.dial()
	m.Authenticate(software("v_s_1"), authCode)
	m.Send(login("8"))
	reply := m.Expect(ftd.TIDUserLogin, 0)
	resp := reply.Login()
	seen := net.JoinHostPort(string(resp.PublicIP), strconv.Itoa(resp.PublicPort))
	if seen != m.LocalAddr().String() {
		t.Errorf("the front saw %s, the terminal is %s", seen, m.LocalAddr())
	}
	m.Send(terminaltest.Logout("9999", "8"))
	m.Expect(ftd.TIDUserLogout, 0)
	m.ExpectClosed()
	if got := <-r.counts.closed; got != reason.LoggedOut.String() {
		t.Errorf("closed by %s", got)
	}
	if got := <-r.h.ended; got != "8" {
		t.Errorf("ended %q", got)
	}
}

func TestOneByteAtATime(t *testing.T) {
	r := start(t, config(), newHandler())
	m := r.dial()
	_ = m.Conn.(*net.TCPConn).SetNoDelay(true)
	drip := func(b []byte) {
		for i := range b {
			m.Send(b[i : i+1])
		}
	}
	drip(ask("v_s_1"))
	m.Expect(ftd.TIDAuthenticate, -1)
	drip(answer("v_s_1"))
	m.Expect(ftd.TIDAuthenticate, 0)
	drip(slices.Concat(ftd.AppendHeartbeat(nil), login("8")))
	m.Expect(ftd.TIDUserLogin, 0)
}

// All frames in one segment: the login overtakes nothing, and the session answers the frames after
// it by its state at that time.
func TestManyFramesInOneSegment(t *testing.T) {
	h := newHandler()
	h.hold = make(chan struct{}, 1)
	r := start(t, config(), h)
	m := r.dial()
	m.Send(slices.Concat(
		ask("v_s_1"),
		bytes.Repeat(ftd.AppendHeartbeat(nil), 1000),
		answer("v_s_1"),
		[]byte{2, 0, 0, 1, 0xff}, []byte{9, 0, 0, 0}, // compressed, unknown: discarded
		login("8"), login("9"),
	))
	m.Expect(ftd.TIDAuthenticate, -1)
	m.Expect(ftd.TIDAuthenticate, 0)
	m.Expect(ftd.TIDUserLogin, 5)
	h.hold <- struct{}{}
	m.Expect(ftd.TIDUserLogin, 0)
	if got := []string{<-r.counts.discarded, <-r.counts.discarded}; !slices.Equal(got, []string{"compressed", "unknown"}) {
		t.Errorf("discarded %v", got)
	}
}

func TestMalformedClosesOnlyItsOwn(t *testing.T) {
	tests := map[string][]byte{
		"extension over 127":           {1, 128, 0, 0},
		"body over the limit":          {1, 0, 2, 1}, // 513 before authentication
		"the longest extension":        {1, 255, 0, 0},
		"the longest body":             {1, 0, 255, 255},
		"content over the body":        field(14, 255, 255),
		"more fields than bytes":       field(12, 255, 255),
		"a field over the content":     field(16+4, 255, 255),
		"TLV that overruns":            {0, 2, 0, 0, 4, 1},
		"FTDC without a header":        {1, 0, 0, 1, 2},
		"unknown TID before login":     terminaltest.Message(0x1234),
		"an HTTP request":              []byte("GET / HTTP/1.1\r\n\r\n"),
		"a TLS client hello":           {0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03},
		"authentication without field": terminaltest.Message(ftd.TIDAuthenticate),
	}
	r := start(t, config(), newHandler())
	good := r.dial()
	good.Authenticate(software("v_s_1"), authCode)
	for name, bytes := range tests {
		t.Run(name, func(*testing.T) {
			m := r.dial()
			m.Send(bytes)
			if name == "an HTTP request" || name == "a TLS client hello" {
				_ = m.Conn.(*net.TCPConn).CloseWrite() // a frame of an unknown type that never ends
			}
			m.ExpectClosed()
		})
	}
	good.Send(login("8"))
	good.Expect(ftd.TIDUserLogin, 0)
}

// field is a step 1 with two bytes of its body set.
func field(at int, high, low byte) []byte {
	b := ask("v_s_1")
	b[4+at], b[4+at+1] = high, low
	return b
}

func TestRefusedAnswerIsSentBeforeTheClose(t *testing.T) {
	r := start(t, config(), newHandler())
	for range 50 {
		m := r.dial()
		m.Send(ask("v_s_1"))
		m.Expect(ftd.TIDAuthenticate, -1)
		m.Send(wrongAnswer("v_s_1"))
		m.Expect(ftd.TIDAuthenticate, 63)
		m.ExpectClosed()
	}
}

func TestPanicsCloseOneConnection(t *testing.T) {
	h := newHandler()
	h.panicAt = "13"
	r := start(t, config(), h)
	good := r.dial()
	good.Authenticate(software("v_s_1"), authCode)

	onLoop := r.dial()
	onLoop.Send(ask("panics"))
	onLoop.Expect(ftd.TIDAuthenticate, -1)
	onLoop.Send(answer("panics"))
	onLoop.ExpectClosed()

	inLogin := r.dial()
	inLogin.Authenticate(software("v_s_1"), authCode)
	inLogin.Send(login("13"))
	inLogin.ExpectClosed()

	for range 2 {
		if got := <-r.counts.closed; got != reason.FrontPanic.String() {
			t.Errorf("closed by %s", got)
		}
	}
	good.Send(login("8"))
	good.Expect(ftd.TIDUserLogin, 0)
}

// TestPanicsOutsideOfCallbacks: in a sweep one connection is closed, in an acceptor the one that it accepts. The front lives.
func TestPanicsOutsideOfCallbacks(t *testing.T) {
	h := newHandler()
	h.panicNote = true
	cfg := config()
	trusted := func(network string) *front.ProxyRule {
		return &front.ProxyRule{Trusted: []netip.Prefix{netip.MustParsePrefix(network)}, Timeout: time.Millisecond}
	}
	cfg.Listeners = append(cfg.Listeners,
		front.Listener{Address: "127.0.0.1:0", Proxy: trusted("127.0.0.0/8")},
		front.Listener{Address: "127.0.0.1:0", Proxy: trusted("192.0.2.0/24")})
	r := start(t, cfg, h)
	good := r.dial()
	good.Authenticate(software("v_s_1"), authCode)
	terminaltest.Dial(t, r.Addrs()[1].String(), nil).ExpectClosed()
	if got := <-r.counts.closed; got != reason.FrontPanic.String() {
		t.Errorf("closed by %s", got)
	}
	for range 8 { // each acceptor lives
		terminaltest.Dial(t, r.Addrs()[2].String(), nil).ExpectClosed()
	}
	good.Send(login("8"))
	good.Expect(ftd.TIDUserLogin, 0)
}

func TestLoginOutlivesItsTerminal(t *testing.T) {
	h := newHandler()
	h.hold = make(chan struct{}, 1)
	r := start(t, config(), h)
	m := r.dial()
	m.Authenticate(software("v_s_1"), authCode)
	m.Send(login("8"))
	<-h.entered
	_ = m.Close()
	if got := <-r.counts.closed; got != reason.PeerClosed.String() {
		t.Errorf("closed by %s", got)
	}
	h.hold <- struct{}{}
	if reply := <-h.unanswered; reply.Reason != reason.OK {
		t.Errorf("unanswered %v", reply.Reason)
	}
}

func TestLoginsInFlightAreBounded(t *testing.T) {
	h := newHandler()
	h.hold = make(chan struct{}, 4)
	cfg := config()
	cfg.Limits.Logins = 2
	r := start(t, cfg, h)
	var waiting []*terminaltest.Terminal
	for i := range 2 {
		m := r.dial()
		m.Authenticate(software("v_s_1"), authCode)
		m.Send(login(strconv.Itoa(i)))
		<-h.entered
		waiting = append(waiting, m)
	}
	extra := r.dial()
	extra.Authenticate(software("v_s_1"), authCode)
	extra.Send(login("2"))
	extra.Expect(ftd.TIDUserLogin, 90)
	for _, m := range waiting {
		h.hold <- struct{}{}
		m.Expect(ftd.TIDUserLogin, 0)
	}
	h.hold <- struct{}{}
	extra.Send(login("2"))
	extra.Expect(ftd.TIDUserLogin, 0)
}

func TestConnectionCap(t *testing.T) {
	cfg := config()
	cfg.Limits.Admission.Connections = 3
	r := start(t, cfg, newHandler())
	var in []*terminaltest.Terminal
	for range 3 {
		m := r.dial()
		m.Authenticate(software("v_s_1"), authCode)
		m.Send(login("8"))
		m.Expect(ftd.TIDUserLogin, 0)
		in = append(in, m)
	}
	r.dial().ExpectClosed()
	if got := <-r.counts.refused; got != reason.FrontFull.String() {
		t.Errorf("refused by %s", got)
	}
	_ = in[0].Close()
	<-r.counts.closed
	r.dial().Authenticate(software("v_s_1"), authCode)
}

// A terminal that asks and never reads must not make us keep its answers.
func TestSlowReaderIsClosed(t *testing.T) {
	cfg := config()
	cfg.Limits.Outbound = 16 << 10
	r := start(t, cfg, newHandler())
	m := r.dial()
	_ = m.Conn.(*net.TCPConn).SetReadBuffer(4 << 10)
	m.Authenticate(software("v_s_1"), authCode)
	unknown := bytes.Repeat(terminaltest.Message(0x7777), 200) // each is answered with 77
	for {
		if _, err := m.Write(unknown); err != nil {
			break
		}
	}
	if got := <-r.counts.closed; got != reason.SlowReader.String() {
		t.Errorf("closed by %s", got)
	}
}

func TestClocksCloseSilentConnections(t *testing.T) {
	cfg := config()
	cfg.Session.AuthTimeout = time.Millisecond
	r := start(t, cfg, newHandler())
	r.dial().ExpectClosed()
	if got := <-r.counts.closed; got != reason.AuthTimeout.String() {
		t.Errorf("closed by %s", got)
	}
}

func TestDrain(t *testing.T) {
	h := newHandler()
	h.hold = make(chan struct{}, 1)
	r := start(t, config(), h)
	inFlight, late, idle := r.dial(), r.dial(), r.dial()
	for _, m := range []*terminaltest.Terminal{inFlight, late, idle} {
		m.Authenticate(software("v_s_1"), authCode)
	}
	inFlight.Send(login("8"))
	<-h.entered
	done := make(chan error, 1)
	go func() { done <- r.Drain(t.Context()) }()

	await.True(t, "the drain to begin", r.Draining)
	// The port is closed: the terminal tries another front at once.
	if c, err := net.Dial("tcp", r.addr); err == nil {
		_ = c.Close()
		t.Error("a draining front still listens")
	} else if !errors.Is(err, syscall.ECONNREFUSED) {
		t.Error(err)
	}
	late.Send(login("9"))
	late.Expect(ftd.TIDUserLogin, 8)
	h.hold <- struct{}{}
	inFlight.Expect(ftd.TIDUserLogin, 0)
	if err := <-done; err != nil {
		t.Error(err)
	}
	idle.ExpectClosed()
	h.hold = nil
}

func TestDrainGivesUp(t *testing.T) {
	h := newHandler()
	h.hold = make(chan struct{})
	r := start(t, config(), h)
	m := r.dial()
	m.Authenticate(software("v_s_1"), authCode)
	m.Send(login("8"))
	<-h.entered
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.Drain(ctx); err == nil {
		t.Error("no error for the login that was left")
	}
	m.ExpectClosed()
	close(h.hold)
	if reply := <-h.unanswered; reply.Reason != reason.OK {
		t.Errorf("unanswered %v", reply.Reason)
	}
	h.hold = nil
}

func TestAddressInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	cfg := config()
	cfg.Listeners[0].Address = l.Addr().String()
	if err := front.Probe(l.Addr().String()); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("probe: %v", err)
	}
	err = front.New(cfg, newHandler(), newCounts(), zap.NewNop()).Start()
	if !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("start: %v", err)
	}
}

// TestAddressInUseIsNamedAsConfigured: Go's own message calls [::] 0.0.0.0, which may be another listener's.
func TestAddressInUseIsNamedAsConfigured(t *testing.T) {
	if !testmain.Listens("::") {
		t.Skip("no IPv6 here")
	}
	l, err := net.Listen("tcp", "[::]:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	address := l.Addr().String()
	want := "listen tcp " + address + ": bind: address already in use"
	if err := front.Probe(address); err == nil || err.Error() != want {
		t.Errorf("probe: %v, want %s", err, want)
	}
	cfg := config()
	cfg.Listeners[0].Address = address
	if err := front.New(cfg, newHandler(), newCounts(), zap.NewNop()).Start(); err == nil || err.Error() != "front: "+want {
		t.Errorf("start: %v, want front: %s", err, want)
	}
}

func TestSeveralListenersAndIPv6(t *testing.T) {
	want := []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.IPv6Loopback()}
	if !testmain.Listens("::1") {
		t.Log("no IPv6 here: another IPv4 address in its place")
		want[1] = netip.MustParseAddr("127.0.0.2")
	}
	cfg := config()
	cfg.Listeners = nil
	for _, a := range want {
		cfg.Listeners = append(cfg.Listeners, front.Listener{Address: netip.AddrPortFrom(a, 0).String()})
	}
	s := front.New(cfg, newHandler(), newCounts(), zap.NewNop())
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	defer s.Drain(t.Context())
	addrs := s.Addrs()
	if len(addrs) != len(want) {
		t.Fatalf("listens on %v", addrs)
	}
	for i, a := range addrs {
		if a.Addr() != want[i] || a.Port() == 0 {
			t.Errorf("listener %d: %v", i, a)
		}
		c, err := net.Dial("tcp", a.String())
		if err != nil {
			t.Fatal(err)
		}
		_ = c.Close()
	}
}

// A dual-stack listener sees IPv4 terminals as v4-mapped IPv6: the record must not.
func TestMappedAddressIsUnmapped(t *testing.T) {
	if !testmain.Listens("::") {
		t.Skip("no IPv6 here")
	}
	cfg := config()
	cfg.Listeners[0].Address = "[::]:0"
	h := newHandler()
	r := start(t, cfg, h)
	_, port, _ := net.SplitHostPort(r.addr)
	r.addr = net.JoinHostPort("127.0.0.1", port)
	m := r.dial()
	m.Authenticate(software("v_s_1"), authCode)
	m.Send(login("8"))
	m.Expect(ftd.TIDUserLogin, 0)
	h.mu.Lock()
	defer h.mu.Unlock()
	if got := h.peers["8"].Addr.String(); got != m.LocalAddr().String() {
		t.Errorf("recorded %s, the terminal is %s", got, m.LocalAddr())
	}
}

// The front does not read what follows a logout, even in the same segment.
func TestLoginAfterLogout(t *testing.T) {
	h := newHandler()
	r := start(t, config(), h)
	m := r.dial()
	m.Authenticate(software("v_s_1"), authCode)
	m.Send(login("8"))
	m.Expect(ftd.TIDUserLogin, 0)
	<-h.entered
	m.Send(slices.Concat(terminaltest.Logout("9999", "8"), login("8")))
	m.Expect(ftd.TIDUserLogout, 0)
	m.ExpectClosed()
	if len(h.entered) != 0 {
		t.Error("a login was begun after the logout")
	}
}
