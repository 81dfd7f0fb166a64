package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tradefront/tradefront/test/terminaltest"
)

// refusals are frames that a front answers by a line of its audit log each: behind an authcode
// it closes at the 65th.
func refusals(t *testing.T, n int) (frames []byte) {
	t.Helper()
	for range n {
		frames = append(frames, terminaltest.Message(0x7777)...)
	}
	return frames
}

// floodPace is the time between two connections of one of the eight that flood. Together they make 1,600 in two seconds, and with 65 lines
// each many times what the audit log may have. A front that has enough of them closes each at once: as fast as that goes, they would take
// both processors to be refused ten times as often.
const floodPace = 10 * time.Millisecond

// flood connects, sends the frames, waits for the end and connects again, until the time is over.
func (d *daemon) flood(frames []byte, enter func(c net.Conn) bool, lasting time.Duration) (connections int64) {
	var count atomic.Int64
	var all sync.WaitGroup
	end := time.Now().Add(lasting)
	for range 8 {
		all.Go(func() {
			for pace := time.NewTicker(floodPace); time.Now().Before(end); <-pace.C {
				c, err := net.Dial("tcp", d.address)
				if err != nil {
					continue
				}
				count.Add(1)
				_ = c.SetDeadline(end.Add(time.Second))
				if enter == nil || enter(c) {
					_, _ = c.Write(frames)
					_, _ = io.Copy(io.Discard, c)
				}
				_ = c.Close()
			}
		})
	}
	all.Wait()
	return count.Load()
}

// TestFloodBehindASharedAddress: ten customers have logged in from an address, and an attacker
// at the same address floods the front with refusals, first without an authcode, then with one. The audit
// log stays small and has every accepted login, the attacker is refused in the end, and the
// customers get in, from the same address too.
func TestFloodBehindASharedAddress(t *testing.T) {
	t.Parallel()
	s := newSite(t, "", "")
	d := s.serve()
	customer := func() int {
		c, err := net.Dial("tcp", d.address)
		if err != nil {
			return terminaltest.Closed
		}
		defer c.Close()
		m := terminaltest.New(t, c)
		_ = c.SetDeadline(time.Now().Add(10 * time.Second))
		m.Send(ask(appID))
		a := m.Next()
		if a.Code != -1 {
			return a.Code
		}
		m.Send(answerOf(appID, terminaltest.Respond(s.apps[0].AuthCode, a.Challenge())))
		if a = m.Next(); a.Code != 0 {
			return a.Code
		}
		m.Send(loginAs(account, password, fresh()))
		return m.Next().Code
	}
	for range 10 {
		if got := customer(); got != 0 {
			t.Fatalf("a customer gets %d", got)
		}
	}
	early := bytes.Repeat(loginAs(account, "guess", nil), 3) // 64, and closed at the third
	without := d.flood(early, nil, 2*time.Second)
	with := d.flood(refusals(t, 70), func(c net.Conn) bool { return admitted(s, c) }, 2*time.Second)
	tries, accepted := 0, 10
	for end := time.Now().Add(20 * time.Second); accepted < 11 && time.Now().Before(end); tries++ {
		if customer() == 0 {
			accepted++
		}
	}
	penalized := d.metric(t, `tradefront_connections_refused_total{reason="source_penalized"}`)
	d.stop()

	logins, told, missing := 0, 0, 0.0
	lines := s.auditLines()
	for _, l := range lines {
		switch {
		case l["event"] == "login" && l["reason"] == "ok":
			logins++
		case l["event"] == "suppressed":
			told++
			missing += l["lines"].(float64)
		}
	}
	t.Logf("%d connections without and %d with an authcode: %d lines, %d of them summaries of %.0f; %.0f connections were refused; "+
		"a customer got in at try %d", without, with, len(lines), told, missing, penalized, tries)
	if most := 1000 + 10*5 + 5000 + 100; len(lines) > most {
		t.Errorf("the audit log has %d lines, want at most %d", len(lines), most)
	}
	if logins != accepted || accepted != 11 {
		t.Errorf("%d lines of %d accepted logins, want 11", logins, accepted)
	}
	if penalized == 0 {
		t.Error("the stranger was never refused")
	}
}

// admitted authenticates on a raw connection, as fast as it can.
func admitted(s *site, c net.Conn) bool {
	var buf [4096]byte
	var inbox terminaltest.Inbox
	if _, err := c.Write(ask(appID)); err != nil {
		return false
	}
	n, err := c.Read(buf[:])
	if err != nil {
		return false
	}
	inbox.Add(buf[:n])
	reply, ok, err := inbox.Next()
	if !ok || err != nil {
		return false
	}
	answer := terminaltest.Respond(s.apps[0].AuthCode, reply.Challenge())
	if _, err := c.Write(answerOf(appID, answer)); err != nil {
		return false
	}
	_, err = c.Read(buf[:])
	return err == nil
}

// TestReserveOfTheDisk: with less than twice store.min_free on the disk, refusals are only counted
// and logins go on; readiness says so.
func TestReserveOfTheDisk(t *testing.T) {
	var disk unix.Statfs_t
	if err := unix.Statfs(t.TempDir(), &disk); err != nil {
		t.Fatal(err)
	}
	minFree := disk.Bavail * uint64(disk.Bsize) / 3 * 2 // tests beside this one take and leave some
	s := newSite(t, "", fmt.Sprintf("  min_free: %d\n", minFree))
	d := s.serve()
	for range 3 {
		m := d.stranger(t, "")
		m.Send(loginAs(account, password, fresh()))
		m.ExpectCode(64)
	}
	if got := d.loginFrom(t, "", account); got != 0 {
		t.Errorf("a customer gets %d", got)
	}
	if _, body := d.get(t, "/readyz"); !strings.Contains(body, "less than twice the") {
		t.Errorf("readiness: %s", body)
	}
	d.stop()
	words := make(map[any]float64)
	for _, l := range s.auditLines() {
		switch l["event"] {
		case "suppressed":
			words[l["reason"]] += l["lines"].(float64)
		default:
			words[fmt.Sprint(l["event"], " ", l["reason"])]++
		}
	}
	// Three refusals and one admission.
	if len(words) != 2 || words["login ok"] != 1 || words["disk_reserve"] != 4 {
		t.Errorf("%v", words)
	}
}
