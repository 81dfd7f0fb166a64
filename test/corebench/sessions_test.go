package corebench

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// sessionsVariable is how many sessions BenchmarkManySessions holds; the limit of open files bounds it.
const sessionsVariable = "TRADEFRONT_TEST_SESSIONS"

// BenchmarkManySessions holds many sessions, each of which sends one message a second; b.N is for how many seconds
// (-benchtime 30x). Every answer is counted, and its order held to. It prints what a session
// costs the front: of the heap what is in use after the messages and a collection, and of memory what is resident before them.
func BenchmarkManySessions(b *testing.B) {
	sessions := 2000
	if n, err := strconv.Atoi(os.Getenv(sessionsVariable)); err == nil {
		sessions = n
	}
	s := newStage(b, sessions)
	live, resident := s.live(b), s.gauge(b, "process_resident_memory_bytes")
	parties := make([]*party, sessions)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < sessions; i = int(next.Add(1)) - 1 {
				parties[i] = s.terminal(b, user(i))
			}
		})
	}
	wg.Wait()
	if b.Failed() {
		return
	}
	resident = s.gauge(b, "process_resident_memory_bytes") - resident
	answers := make([]atomic.Uint32, sessions)
	var disordered atomic.Int64
	for i, p := range parties {
		wg.Go(func() {
			for {
				err := p.receive(func(number uint32) {
					if answers[i].Add(1) != number {
						disordered.Add(1)
					}
				})
				if err != nil {
					if !errors.Is(err, net.ErrClosed) {
						b.Error(err)
					}
					return
				}
			}
		})
	}
	cpu := cpuTime(b, s.daemon)
	b.ResetTimer()
	for range b.N {
		begin := time.Now()
		for i, p := range parties {
			if due := begin.Add(time.Second * time.Duration(i) / time.Duration(sessions)); i%64 == 0 {
				time.Sleep(time.Until(due))
			}
			p.queue()
			if err := p.send(); err != nil {
				b.Fatal(err)
			}
		}
		time.Sleep(time.Until(begin.Add(time.Second)))
	}
	b.StopTimer()
	time.Sleep(time.Second) // for the last answers
	live = s.live(b) - live
	lost := 0
	for i := range answers {
		lost += b.N - int(answers[i].Load())
	}
	for _, p := range parties {
		_ = p.Close()
	}
	wg.Wait()
	b.ReportMetric(live/float64(sessions)/1024, "live-KiB/session")
	b.ReportMetric(resident/float64(sessions)/1024, "resident-KiB/session")
	b.ReportMetric(float64(lost), "lost")
	b.ReportMetric(float64(disordered.Load()), "disordered")
	b.ReportMetric(float64((cpuTime(b, s.daemon)-cpu).Nanoseconds())/1000/float64(2*b.N*sessions), "front-µs/message")
	if lost > 0 || disordered.Load() > 0 {
		b.Errorf("%d answers lost, %d out of their order", lost, disordered.Load())
	}
}

// live is what of the front's heap is in use, after a collection.
func (s *stage) live(b *testing.B) float64 {
	b.Helper()
	for range 2 { // the second collection empties pools
		r, err := http.Get(s.admin + "/debug/pprof/heap?gc=1")
		if err != nil {
			b.Fatal(err)
		}
		_, err = io.Copy(io.Discard, r.Body)
		if err = errors.Join(err, r.Body.Close()); err != nil || r.StatusCode != http.StatusOK {
			b.Fatalf("%v, status %d", err, r.StatusCode)
		}
	}
	return s.gauge(b, "go_memstats_heap_alloc_bytes")
}

// gauge is a number of the front's /metrics.
func (s *stage) gauge(b *testing.B, name string) float64 {
	b.Helper()
	r, err := http.Get(s.admin + "/metrics")
	if err != nil {
		b.Fatal(err)
	}
	defer r.Body.Close()
	for lines := bufio.NewScanner(io.LimitReader(r.Body, 1<<20)); lines.Scan(); {
		if value, is := strings.CutPrefix(lines.Text(), name+" "); is {
			n, err := strconv.ParseFloat(value, 64)
			if err != nil {
				b.Fatal(err)
			}
			return n
		}
	}
	b.Fatalf("the front has no metric %s", name)
	return 0
}
