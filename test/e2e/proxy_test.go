package e2e

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/demo"
	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/ports"
	"github.com/tradefront/tradefront/test/testmain"
)

// behindBalancer has two listeners for a balancer on this machine: the second takes only
// what came to the balancer over TLS. It returns where the balancer asks for the front's health.
func behindBalancer(s *site, plain, tls string) (health string) {
	health = ports.Address(s.t)
	s.replaceConfig("admin:\n", "admin:\n  health_address: \""+health+"\"\n")
	const rule = "\n      client_address: proxy\n      trusted_proxies: [127.0.0.1]\n"
	s.replaceConfig("    - address: \"127.0.0.1:0\"\n",
		"    - address: \""+plain+"\""+rule+"    - address: \""+tls+"\""+rule+"      require_tls: true\n")
	return health
}

// TestBehindHAProxy: the records show exactly the customers' addresses and ports, through
// the HAProxy and the configuration that firms are given.
func TestBehindHAProxy(t *testing.T) {
	t.Parallel()
	s := newSite(t, "", "")
	health := behindBalancer(s, "127.0.0.1:0", "127.0.0.1:0")
	d := s.serve()
	b := s.balance(t, proxied{a: d.all[0], b: d.all[0], aTLS: d.all[1], bTLS: d.all[1], aHealth: health, bHealth: health})

	t.Run("health checks are no failures", func(t *testing.T) {
		for _, backend := range []string{"fronts", "fronts_tls"} {
			b.becomes(backend, "a", "UP")
			if status := b.waitForCheck(backend, "a"); status != "L7OK" {
				t.Errorf("%s: the check says %s", backend, status)
			}
		}
		closed := d.closed(t)
		for reason, n := range closed {
			if n > 0 {
				t.Errorf("HAProxy's checks ended %d times by %s", n, reason)
			}
		}
	})

	var answers []*demo.Was
	t.Run("from everywhere in 127.0.0.0/8", func(t *testing.T) {
		firm := d.firm()
		firm.Address = b.plain
		tally, err := demo.Play(t.Context(), firm, 400, 8, func(int64) {})
		if err != nil || tally.Surprises > 0 {
			t.Fatalf("%v, %d surprises: %v", err, tally.Surprises, tally.Examples)
		}
		answers = append(answers, tally.Answers...)
	})
	t.Run("from ::1", func(t *testing.T) {
		if !testmain.Listens("::1") {
			t.Skip("no IPv6 here")
		}
		c, err := client.Dial(t.Context(), b.plain6)
		answers = append(answers, s.logInAs(t, c, err))
	})
	t.Run("over TLS", func(t *testing.T) {
		for i := range 5 {
			c, err := client.Dial(t.Context(), "", client.WithConn(b.dialTLS(fmt.Sprintf("127.7.7.%d", i+1))))
			answers = append(answers, s.logInAs(t, c, err))
		}
	})
	if _, ready := d.get(t, "/readyz"); !strings.Contains(ready, `"name":"client_addresses","ready":true`) {
		t.Errorf("/readyz %s", ready)
	}
	_, metrics := d.get(t, "/metrics")
	if want := fmt.Sprintf(`tradefront_client_ip_suspicious_total{kind="loopback"} %d`, len(answers)); !strings.Contains(metrics, want) {
		t.Errorf("/metrics lacks %s", want)
	}
	if b.stat("fronts", "BACKEND", "stot") == "0" || b.stat("fronts_tls", "BACKEND", "stot") != "5" {
		t.Error("the logins did not go through HAProxy")
	}
	d.stop()
	s.checkInvariant(answers) // opens each record: its address and port are the customer's
	s.checkAuditedProxy(len(answers))
}

// logInAs logs in and returns what the record must be, by this side's own socket.
func (s *site) logInAs(t *testing.T, c *client.Conn, err error) *demo.Was {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if _, err := c.Authenticate(t.Context(), client.Identity{BrokerID: "9999", AppID: appID}, s.apps[0].AuthCode); err != nil {
		t.Fatal(err)
	}
	result, err := login(t, c, password, func(r *client.LoginRequest) { r.Ciphertext = ciphertext() })
	if err != nil {
		t.Fatal(err)
	}
	local := c.LocalAddr().(*net.TCPAddr).AddrPort()
	if result.PublicAddr != netip.AddrPortFrom(local.Addr().Unmap(), local.Port()) {
		t.Errorf("the front says %v, the terminal is %v", result.PublicAddr, local)
	}
	return &demo.Was{
		RecordID: result.RecordID, TradingDay: result.TradingDay,
		Supplement: fmt.Sprintf("0@%s@%s@%d@%s@@@@@%s@1", appID, regulation.AppendAddr(nil, local.Addr().Unmap()), local.Port(),
			result.LoginTime.Format("2006-01-02 15:04:05"), account),
	}
}

// ciphertext is one that no key opens and that never came before: no replay. As a number it is more than any modulus: of random bytes
// alone one in some 100,000 would open.
func ciphertext() []byte {
	b := make([]byte, 256)
	_, _ = rand.Read(b) // never fails
	copy(b, "\xff\xff\xff\xff\xff\xff\xff\xff")
	return b
}

// checkAuditedProxy: each login's line has the client's address, and HAProxy's beside it.
func (s *site) checkAuditedProxy(logins int) {
	s.t.Helper()
	seen := 0
	for line := range strings.Lines(string(s.read("audit.jsonl"))) {
		var e struct{ Event, Reason, Address, Proxy string }
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			s.t.Fatal(err)
		}
		if e.Event == logs.EventOperatorAction { // of a command, which came through no balancer
			continue
		}
		if e.Event == logs.EventLogin && e.Reason == "ok" {
			seen++
		}
		if e.Proxy != "127.0.0.1" || e.Address == "" {
			s.t.Errorf("audited as from %q by %q: %s", e.Address, e.Proxy, line)
		}
	}
	if seen != logins {
		s.t.Errorf("%d logins in the audit log, want %d", seen, logins)
	}
}

// TestForgedHeaders: a peer that is not a trusted proxy cannot name the client's address, nor can
// a client of one; and a wrong header of a trusted one lets no terminal in.
func TestForgedHeaders(t *testing.T) {
	t.Parallel()
	s := newSite(t, "", "")
	health := behindBalancer(s, "127.0.0.1:0", "127.0.0.1:0")
	d := s.serve()
	b := s.balance(t, proxied{a: d.all[0], b: d.all[0], aTLS: d.all[1], bTLS: d.all[1], aHealth: health, bHealth: health})
	v1 := "PROXY TCP4 203.0.113.7 192.0.2.1 50123 41205\r\n"
	block := "\xcb\x00\x71\x07\xc0\x00\x02\x01\xc3\xcb\xa0\xf5"
	tests := []struct {
		name, from, to, send string
		reason               string
		fault                string // of the audit log's line of event proxy_header, if there is to be one
	}{
		{"version 2 through HAProxy", "127.0.0.1", b.plain, v2(0x21, 0x11, block), "malformed", ""},
		{"version 1 through HAProxy", "127.0.0.7", b.plain, v1, "malformed", ""},
		{"from an untrusted place", "127.0.0.2", d.all[0], v2(0x21, 0x11, block), "proxy_untrusted", "proxy_untrusted"},
		{"truncated", "127.0.0.1", d.all[0], v2(0x21, 0x11, block[:11]), "proxy_header", "proxy_address"},
		{"wrong checksum", "127.0.0.1", d.all[0], v2(0x21, 0x11, block+"\x03\x00\x04\x01\x02\x03\x04"), "proxy_header", "proxy_checksum"},
		{"absurd length", "127.0.0.1", d.all[0], v2(0x21, 0x11, block)[:14] + "\xff\xff", "proxy_header", "proxy_too_long"},
		{"leading zero", "127.0.0.1", d.all[0], "PROXY TCP4 203.0.113.7 192.0.2.1 050123 41205\r\n", "proxy_header", "proxy_line"},
		{"bad port", "127.0.0.1", d.all[0], "PROXY TCP4 203.0.113.7 192.0.2.1 65536 41205\r\n", "proxy_header", "proxy_line"},
		{"mixed families", "127.0.0.1", d.all[0], "PROXY TCP6 203.0.113.7 ::1 50123 41205\r\n", "proxy_header", "proxy_line"},
		{"no header at all", "127.0.0.1", d.all[0], "", "proxy_header", "proxy_absent"},
		{"plain where TLS is required", "127.0.0.1", d.all[1], v2(0x21, 0x11, block), "tls_required", "tls_required"},
		{"said to be plain where TLS is required", "127.0.0.1", d.all[1], v2(0x21, 0x11, block+"\x20\x00\x05\x00\x00\x00\x00\x00"), "tls_required", "tls_required"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before := d.closed(t)[test.reason]
			dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(test.from)}}
			conn, err := dialer.DialContext(t.Context(), "tcp", test.to)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = conn.Write([]byte(test.send)) // may be closed already
			c, err := client.Dial(t.Context(), "", client.WithConn(conn))
			if err == nil {
				t.Cleanup(func() { _ = c.Close() })
				_, err = c.Authenticate(t.Context(), client.Identity{BrokerID: "9999", AppID: appID}, s.apps[0].AuthCode)
			}
			if code(t, err) != -1 {
				t.Errorf("the front answered: %v", err)
			}
			s.eventually(func() bool { return d.closed(t)[test.reason] == before+1 })
			if test.fault != "" {
				s.awaitAudit(`"event":"proxy_header"`, `"reason":"`+test.fault+`"`)
			}
		})
	}
	t.Run("a health check that would log in", func(t *testing.T) {
		for _, header := range []string{v2(0x20, 0x11, block), "PROXY UNKNOWN\r\n", "PROXY TCP4 203.0.113.7 192.0.2.1 0 41205\r\n", "PROXY TCP4 0.0.0.0 192.0.2.1 50123 41205\r\n"} {
			conn, err := net.Dial("tcp", d.all[0])
			if err != nil {
				t.Fatal(err)
			}
			if _, err := conn.Write([]byte(header)); err != nil {
				t.Fatal(err)
			}
			c, err := client.Dial(t.Context(), "", client.WithConn(conn))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = c.Close() })
			if _, err := c.Authenticate(t.Context(), client.Identity{BrokerID: "9999", AppID: appID}, s.apps[0].AuthCode); err != nil {
				t.Fatal(err)
			}
			if _, err := login(t, c, password, nil); code(t, err) != 49 {
				t.Errorf("%q: %v, want 49", header, err)
			}
		}
	})
	_, metrics := d.get(t, "/metrics")
	if !strings.Contains(metrics, `tradefront_logins_total{reason="ok"} 0`) || !strings.Contains(metrics, `tradefront_logins_total{reason="no_public_address"} 4`) {
		t.Error("a terminal was logged in, or the four were not refused for their address")
	}
	d.stop()
	for line := range strings.Lines(string(s.read("audit.jsonl"))) { // without TLS it is the balancer's own header, and names the client
		if strings.Contains(line, "203.0.113.7") && !strings.Contains(line, `"reason":"tls_required"`) {
			t.Errorf("a forged address is in the audit log: %s", line)
		}
	}
}

// v2 is a PROXY header of version 2.
func v2(command, family byte, body string) string {
	h := append([]byte("\r\n\r\n\x00\r\nQUIT\n"), command, family)
	return string(append(h, byte(len(body)>>8), byte(len(body)))) + body
}

var endedBy = regexp.MustCompile(`tradefront_connections_(?:closed|refused)_total\{reason="(\w+)"\} (\d+)`)

// closed is how often connections ended, or were refused, by reason.
func (d *daemon) closed(t *testing.T) map[string]int {
	t.Helper()
	_, metrics := d.get(t, "/metrics")
	counts := make(map[string]int)
	for _, m := range endedBy.FindAllStringSubmatch(metrics, -1) {
		n, err := strconv.Atoi(m[2])
		if err != nil {
			t.Fatal(err)
		}
		counts[m[1]] += n
	}
	return counts
}

// waitForCheck is the result of HAProxy's last finished check: it waits until one has finished.
// HAProxy puts "* " before the last result, which is INI at first, while a check is on its way.
func (b *balancer) waitForCheck(backend, server string) (status string) {
	b.t.Helper()
	await.Every(b.t, 50*time.Millisecond, "HAProxy's check of "+backend+"/"+server, func() bool {
		status = strings.TrimPrefix(b.stat(backend, server, "check_status"), "* ")
		return status != "" && status != "INI"
	})
	return status
}
