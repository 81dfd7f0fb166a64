package front_test

import (
	"encoding/binary"
	"io"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/test/terminaltest"
)

// BenchmarkVisit is connect, authenticate, log in, close, with a gateway that does nothing:
// what the front itself costs. cpu-µs is of both ends, which are one process.
func BenchmarkVisit(b *testing.B) {
	ended := make(chan struct{})
	b.Cleanup(func() { close(ended) }) // after the front has ended, which counts too
	r := start(b, config(), newHandler())
	go drainCounts(r.counts, r.h, ended)
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

// BenchmarkBusiness is a request and its answer, by a core in the same process: 32 in flight of each of eight
// terminals. cpu-µs is of all ends.
func BenchmarkBusiness(b *testing.B) {
	h := newHandler()
	startEcho(b, h)
	r := start(b, config(), h)
	const terminals, window = 8, 32
	var wg sync.WaitGroup
	trading := make([]*terminaltest.Terminal, terminals)
	for i := range trading {
		trading[i] = r.trade(strconv.Itoa(i))
	}
	each := uint32(max(b.N/terminals, 1))
	begin := cpuTime(b)
	b.ReportAllocs()
	b.ResetTimer()
	for _, m := range trading {
		room := make(chan struct{}, window)
		wg.Go(func() {
			frame := order(3, 0, 200)
			for number := uint32(1); number <= each; number++ {
				room <- struct{}{}
				binary.BigEndian.PutUint32(frame[ftd.FrameHeaderLen+8:], number)
				if _, err := m.Write(frame); err != nil {
					b.Error(err)
					return
				}
			}
		})
		wg.Go(func() {
			for number := uint32(1); number <= each; number++ {
				expectOrder(b, m, number)
				<-room
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64((cpuTime(b)-begin).Nanoseconds())/1000/float64(each*terminals), "cpu-µs/op")
	b.ReportMetric(float64(each*terminals)/b.Elapsed().Seconds(), "messages/s")
}

// expectOrder reads one order of 200 bytes of content.
func expectOrder(b *testing.B, m *terminaltest.Terminal, number uint32) {
	var frame [ftd.FrameHeaderLen + ftd.MessageHeaderLen + 200]byte
	if _, err := io.ReadFull(m.Conn, frame[:]); err != nil {
		b.Error(err)
		return
	}
	if got := binary.BigEndian.Uint32(frame[ftd.FrameHeaderLen+8:]); got != number {
		b.Errorf("order %d, want %d", got, number)
	}
}

// drainCounts keeps the test's channels from filling up.
func drainCounts(c *counts, h *handler, ended <-chan struct{}) {
	for {
		select {
		case <-c.opened:
		case <-c.closed:
		case <-h.entered:
		case <-h.ended:
		case <-ended:
			return
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
