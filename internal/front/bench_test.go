package front_test

import (
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/test/terminaltest"
)

// BenchmarkVisit is connect, authenticate, log in, close, with a gateway that does nothing:
// what the front itself costs. cpu-µs is of both ends, which are one process.
func BenchmarkVisit(b *testing.B) {
	r := start(b, config(), newHandler())
	go drainCounts(r.counts, r.h)
	begin := cpuTime(b)
	for b.Loop() {
		c, err := net.Dial("tcp", r.addr)
		if err != nil {
			b.Fatal(err)
		}
		m := terminaltest.New(b, c)
		m.Authenticate(software("v_s_1"), authCode)
		m.Send(login("8"))
		m.Expect(ftd.TIDUserLogin, 0)
		_ = c.Close()
	}
	b.ReportMetric(float64((cpuTime(b)-begin).Nanoseconds())/1000/float64(b.N), "cpu-µs/op")
}

// drainCounts keeps the test's channels from filling up, until the process ends.
func drainCounts(c *counts, h *handler) {
	for {
		select {
		case <-c.opened:
		case <-c.closed:
		case <-h.entered:
		case <-h.ended:
		}
	}
}

func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
