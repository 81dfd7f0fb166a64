package front_test

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/admission"
	"github.com/tradefront/tradefront/internal/front"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/test/terminaltest"
)

// behindProxy is a front whose listener trusts this machine.
func behindProxy(change func(*front.ProxyRule)) front.Config {
	cfg := config()
	rule := &front.ProxyRule{Trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Timeout: 10 * time.Second}
	if change != nil {
		change(rule)
	}
	cfg.Listeners[0].Proxy = rule
	return cfg
}

// header is a PROXY header of version 2.
func header(command, family byte, body ...byte) []byte {
	h := append([]byte("\r\n\r\n\x00\r\nQUIT\n"), command, family)
	return append(binary.BigEndian.AppendUint16(h, uint16(len(body))), body...)
}

const (
	local, proxied = 0x20, 0x21
	tcp4           = 0x11
)

// block names 203.0.113.7:50123 as the client.
var block = []byte{203, 0, 113, 7, 192, 0, 2, 1, 0xc3, 0xcb, 0xa0, 0xf5}

const balanced = "203.0.113.7:50123"

var overTLS = []byte{0x20, 0, 15, 1, 0, 0, 0, 0, 0x21, 0, 7, 'T', 'L', 'S', 'v', '1', '.', '3'}

// logIn is a whole login in one write.
func logIn(user string) []byte {
	return slices.Concat(
		ask("v_s_1"), answer("v_s_1"), login(user),
	)
}

func expectLogin(m *terminaltest.Terminal) {
	m.Expect(ftd.TIDAuthenticate, -1)
	m.Expect(ftd.TIDAuthenticate, 0)
	m.Expect(ftd.TIDUserLogin, 0)
}

// The handler gets the client's address and the proxy's, however the header arrives.
func TestClientAddressFromProxy(t *testing.T) {
	tests := []struct {
		name   string
		header []byte
		want   string
	}{
		{"version 2", header(proxied, tcp4, block...), balanced},
		{"version 1", []byte("PROXY TCP4 203.0.113.7 192.0.2.1 50123 41205\r\n"), balanced},
		{"version 1, IPv6", []byte("PROXY TCP6 2001:db8::7 ::1 50123 41205\r\n"), "[2001:db8::7]:50123"},
		{"version 1, mapped", []byte("PROXY TCP6 ::ffff:203.0.113.7 ::1 50123 41205\r\n"), balanced},
	}
	r := start(t, behindProxy(nil), newHandler())
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for j, how := range []string{"at once", "a byte at a time", "apart"} {
				m, user := r.dial(), fmt.Sprint(10*i+j)
				switch dialogue := logIn(user); how {
				case "at once":
					m.Send(append(slices.Clone(test.header), dialogue...))
				case "apart":
					m.Send(test.header)
					m.Send(dialogue)
				default:
					_ = m.Conn.(*net.TCPConn).SetNoDelay(true)
					for _, b := range append(slices.Clone(test.header), dialogue...) {
						m.Send([]byte{b})
					}
				}
				expectLogin(m)
				r.h.mu.Lock()
				peer := r.h.peers[user]
				r.h.mu.Unlock()
				if peer.Addr.String() != test.want || peer.Proxy.String() != "127.0.0.1" {
					t.Errorf("%s: the client is %v by %v, want %s by 127.0.0.1", how, peer.Addr, peer.Proxy, test.want)
				}
			}
		})
	}
}

// What comes from a trusted proxy and is no header that can be taken closes the connection,
// without an answer, and no login is accepted.
func TestTrustedButWrong(t *testing.T) {
	tests := []struct {
		name  string
		bytes []byte
		fault string
	}{
		{"no header", logIn("8"), "proxy_absent"},
		{"a heartbeat", ftd.AppendHeartbeat(nil), "proxy_absent"},
		{"absurd length", append(header(proxied, tcp4, block...)[:14], 0xff, 0xff), "proxy_too_long"},
		{"a line that never ends", slices.Repeat([]byte("PROXY "), 20), "proxy_too_long"},
		{"leading zero", []byte("PROXY TCP4 203.0.113.7 192.0.2.1 050123 41205\r\n"), "proxy_line"},
		{"bad port", []byte("PROXY TCP4 203.0.113.7 192.0.2.1 65536 41205\r\n"), "proxy_line"},
		{"mixed families", []byte("PROXY TCP4 2001:db8::7 192.0.2.1 50123 41205\r\n"), "proxy_line"},
		{"LF alone", []byte("PROXY TCP4 203.0.113.7 192.0.2.1 50123 41205\n"), "proxy_line"},
		{"unknown command", header(0x2f, tcp4, block...), "proxy_version"},
		{"UDP", header(proxied, 0x12, block...), "proxy_family"},
		{"UNIX", header(proxied, 0x31, make([]byte, 216)...), "proxy_family"},
		{"too short for its addresses", header(proxied, tcp4, block[:11]...), "proxy_address"},
		{"wrong checksum", header(proxied, tcp4, append(slices.Clone(block), 3, 0, 4, 1, 2, 3, 4)...), "proxy_checksum"},
		{"cut TLV", header(proxied, tcp4, append(slices.Clone(block), 4, 0, 9)...), "proxy_tlv"},
	}
	r := start(t, behindProxy(nil), newHandler())
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := r.dial()
			m.Send(append(slices.Clone(test.bytes), logIn("8")...))
			m.ExpectClosed()
			if fault, why := <-r.counts.malformed, <-r.counts.closed; fault != test.fault || why != reason.ProxyHeader.String() {
				t.Errorf("fault %s, closed by %s, want %s, proxy_header", fault, why, test.fault)
			}
			if noted := r.h.lastNoted(); noted != test.fault+": invalid AddrPort by 127.0.0.1" {
				t.Errorf("noted %q", noted)
			}
		})
	}
	if len(r.h.peers) != 0 {
		t.Errorf("logged in: %v", r.h.peers)
	}
}

// A connection from an untrusted address is not read at all.
func TestUntrustedProxy(t *testing.T) {
	r := start(t, behindProxy(func(p *front.ProxyRule) {
		p.Trusted = []netip.Prefix{netip.MustParsePrefix("127.0.0.9/32"), netip.MustParsePrefix("::1/128")}
	}), newHandler())
	forged := append(header(proxied, tcp4, block...), logIn("8")...)
	m := r.dial()
	_, _ = m.Write(forged) // may find the connection closed
	m.ExpectClosed()
	r.refused(reason.ProxyUntrusted)
	if noted, want := r.h.lastNoted(), fmt.Sprintf("proxy_untrusted: %v by invalid IP", m.LocalAddr()); noted != want {
		t.Errorf("noted %q, want %q", noted, want)
	}
	trusted := r.dialFrom("127.0.0.9")
	trusted.Send(forged)
	expectLogin(trusted)
}

// On a listener whose peers are the terminals a header is malformed, as any such bytes are.
func TestForgedHeaderAtPeerListener(t *testing.T) {
	r := start(t, config(), newHandler())
	for _, forged := range [][]byte{header(proxied, tcp4, block...), []byte("PROXY TCP4 203.0.113.7 192.0.2.1 50123 41205\r\n")} {
		m := r.dial()
		m.Send(append(slices.Clone(forged), logIn("8")...))
		m.ExpectClosed()
		if fault, why := <-r.counts.malformed, <-r.counts.closed; fault != ftd.FaultBodyLong.Word() || why != reason.Malformed.String() {
			t.Errorf("fault %s, closed by %s", fault, why)
		}
	}
}

// A second header is a forged one: the first was the proxy's.
func TestHeaderBehindHeader(t *testing.T) {
	r := start(t, behindProxy(nil), newHandler())
	m := r.dial()
	m.Send(slices.Concat(header(proxied, tcp4, block...), header(proxied, tcp4, make([]byte, 12)...), logIn("8")))
	m.ExpectClosed()
	r.closedBy(reason.Malformed)
}

func TestRequireTLS(t *testing.T) {
	tests := []struct {
		name   string
		header []byte
		closed reason.Close // StayOpen: may log in
	}{
		{"over TLS", header(proxied, tcp4, append(slices.Clone(block), overTLS...)...), reason.StayOpen},
		{"no TLV", header(proxied, tcp4, block...), reason.TLSRequired},
		{"a TLV for no TLS", header(proxied, tcp4, append(slices.Clone(block), 0x20, 0, 5, 0, 0, 0, 0, 0)...), reason.TLSRequired},
		{"version 1 has no TLV", []byte("PROXY TCP4 203.0.113.7 192.0.2.1 50123 41205\r\n"), reason.TLSRequired},
	}
	r := start(t, behindProxy(func(p *front.ProxyRule) { p.RequireTLS = true }), newHandler())
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := r.dial()
			m.Send(append(slices.Clone(test.header), logIn("8")...))
			if test.closed == reason.StayOpen {
				expectLogin(m)
				return
			}
			m.ExpectClosed()
			r.closedBy(test.closed)
			if noted := r.h.lastNoted(); noted != "tls_required: "+balanced+" by 127.0.0.1" {
				t.Errorf("noted %q", noted)
			}
		})
	}
}

// A proxy's health check is no failure.
func TestHealthChecks(t *testing.T) {
	tests := []struct {
		name   string
		send   []byte
		reason reason.Close
	}{
		{"connects and disconnects", nil, reason.HealthCheck},
		{"sends LOCAL", header(local, 0), reason.HealthCheck},
		{"sends LOCAL, with what is to be ignored", header(local, tcp4, block...), reason.HealthCheck},
		{"sends UNKNOWN", []byte("PROXY UNKNOWN\r\n"), reason.HealthCheck},
		{"half a header", header(local, 0)[:9], reason.PeerClosed},
		{"a client that disconnected", header(proxied, tcp4, block...), reason.PeerClosed},
		{"LOCAL, and then a frame", append(header(local, 0), ftd.AppendHeartbeat(nil)...), reason.PeerClosed},
	}
	for _, require := range []bool{false, true} {
		r := start(t, behindProxy(func(p *front.ProxyRule) { p.RequireTLS = require }), newHandler())
		for _, test := range tests {
			if require && test.name == "a client that disconnected" {
				continue
			}
			for _, abort := range []bool{false, true} {
				m := r.dial()
				if len(test.send) > 0 {
					m.Send(test.send)
				}
				<-r.counts.opened
				if abort && len(test.send) == 0 { // data may be lost in a reset
					_ = m.Conn.(*net.TCPConn).SetLinger(0)
				}
				_ = m.Close()
				if got := <-r.counts.closed; got != test.reason.String() {
					t.Errorf("%s: closed by %s, want %v", test.name, got, test.reason)
				}
			}
		}
	}
}

// A login over the proxy's own connection, or from an address that is none, has no address: the
// gateway answers 49.
func TestNoAddressOfAClient(t *testing.T) {
	r := start(t, behindProxy(nil), newHandler())
	for user, h := range map[string][]byte{
		"1": header(local, tcp4, block...),
		"2": header(proxied, tcp4, append(slices.Clone(block[:8]), 0, 0, 0, 1)...),
		"3": header(proxied, tcp4, append(make([]byte, 4), block[4:]...)...),
	} {
		m := r.dial()
		m.Send(append(h, logIn(user)...))
		expectLogin(m) // this test's handler accepts every login
		r.h.mu.Lock()
		if peer := r.h.peers[user]; peer.Addr.IsValid() || peer.Proxy.String() != "127.0.0.1" {
			t.Errorf("user %s: %v by %v", user, peer.Addr, peer.Proxy)
		}
		r.h.mu.Unlock()
	}
}

func TestHeaderInTime(t *testing.T) {
	r := start(t, behindProxy(func(p *front.ProxyRule) { p.Timeout = 10 * time.Millisecond }), newHandler())
	silent, slow := r.dial(), r.dial()
	slow.Send(header(proxied, tcp4, block...)[:20])
	for _, m := range []*terminaltest.Terminal{silent, slow} {
		m.ExpectClosed()
		r.closedBy(reason.ProxyTimeout)
		if noted := r.h.lastNoted(); noted != "proxy_timeout: invalid AddrPort by 127.0.0.1" {
			t.Errorf("noted %q", noted)
		}
	}
}

// Admission counts the header's client as the source, not the proxy.
func TestHeadersClientIsTheSource(t *testing.T) {
	cfg := behindProxy(nil)
	cfg.Limits.Admission = admission.Limits{Connections: 1000, PerSource: 2}
	r := start(t, cfg, newHandler())
	from := func(last byte) *terminaltest.Terminal {
		m := r.dial()
		m.Send(append(header(proxied, tcp4, append([]byte{203, 0, 113, last}, block[4:]...)...), ask("v_s_1")...))
		return m
	}
	for range 2 {
		from(7).Expect(ftd.TIDAuthenticate, -1)
		from(8).Expect(ftd.TIDAuthenticate, -1)
	}
	from(7).ExpectClosed()
	r.closedBy(reason.SourceFull)
	from(9).Expect(ftd.TIDAuthenticate, -1)
}

// SetTrusted is in force for the next connection, and for no one before it.
func TestSetTrusted(t *testing.T) {
	r := start(t, behindProxy(nil), newHandler())
	before := r.dial()
	before.Send(header(proxied, tcp4, block...))
	<-r.counts.opened
	r.SetTrusted([][]netip.Prefix{{netip.MustParsePrefix("127.0.0.9/32")}})
	r.dial().ExpectClosed()
	r.refused(reason.ProxyUntrusted)
	before.Send(logIn("1"))
	expectLogin(before)
	after := r.dialFrom("127.0.0.9")
	after.Send(append(header(proxied, tcp4, block...), logIn("2")...))
	expectLogin(after)
}
