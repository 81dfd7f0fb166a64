package corebench

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/test/terminaltest"
)

func newHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(1, int64(time.Minute/time.Microsecond)*10, 3) // tenths of a microsecond
}

func tenths(d time.Duration) int64 { return max(1, int64(d/(100*time.Nanosecond))) }

func micros(h *hdrhistogram.Histogram, q float64) float64 { return float64(h.ValueAtQuantile(q)) / 10 }

// way is one of those that a request can take to the core and back.
type way struct {
	name string
	*party
	*hdrhistogram.Histogram
}

// BenchmarkRoundTrip is one order in flight on an idle machine: to the core directly, through two programs that only copy
// bytes, one in C and one in Go, and through the front, in blocks that take turns.
func BenchmarkRoundTrip(b *testing.B) {
	s := newStage(b, 4)
	takeTurns(b, []way{
		{"direct", atCore(b, s.core, nil, 900, user(0)), newHistogram()},
		{"hops", atCore(b, s.hops(b), nil, 902, user(3)), newHistogram()},
		{"copied", atCore(b, s.copier(b), nil, 901, user(1)), newHistogram()},
		{"front", s.terminal(b, user(2)), newHistogram()},
	})
}

// BenchmarkRoundTripTLS tells apart what TLS on the link adds, to a core directly and through a front.
func BenchmarkRoundTripTLS(b *testing.B) {
	plain := newStage(b, 2)
	secret, how := newTLSStage(b, 2)
	takeTurns(b, []way{
		{"direct", atCore(b, plain.core, nil, 900, user(0)), newHistogram()},
		{"direct-tls", atCore(b, secret.core, how, 900, user(0)), newHistogram()},
		{"front", plain.terminal(b, user(1)), newHistogram()},
		{"front-tls", secret.terminal(b, user(1)), newHistogram()},
	})
}

// takeTurns sends b.N requests each way, one in flight, in blocks, and reports each way's time beside the first's.
func takeTurns(b *testing.B, ways []way) {
	b.Helper()
	const block = 500
	rounds := func(n int) {
		for _, w := range ways {
			for range n {
				begin := time.Now()
				if err := w.roundTrip(); err != nil {
					b.Fatal(w.name, err)
				}
				_ = w.RecordValue(tenths(time.Since(begin)))
			}
		}
	}
	rounds(block)
	for _, w := range ways {
		w.Reset()
	}
	b.ResetTimer()
	for done := 0; done < b.N; done += block {
		rounds(min(block, b.N-done))
	}
	b.StopTimer()
	for _, q := range []float64{50, 99} {
		first := micros(ways[0].Histogram, q)
		for i, w := range ways {
			b.ReportMetric(micros(w.Histogram, q), fmt.Sprintf("%s-p%g-µs", w.name, q))
			if i > 0 {
				b.ReportMetric(micros(w.Histogram, q)/first, fmt.Sprintf("%s-p%g-ratio", w.name, q))
			}
		}
	}
}

// together has each terminal do its part at once, and reports what all took.
func together(b *testing.B, parties []*party, do func(p *party, h *hdrhistogram.Histogram) error) {
	b.Helper()
	var (
		all = newHistogram()
		mu  sync.Mutex
		wg  sync.WaitGroup
	)
	b.ResetTimer()
	for _, p := range parties {
		wg.Go(func() {
			h := newHistogram()
			if err := do(p, h); err != nil {
				b.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			all.Merge(h)
		})
	}
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
	b.ReportMetric(micros(all, 50)/1000, "p50-ms")
	b.ReportMetric(micros(all, 99)/1000, "p99-ms")
}

// terminals logs so many in.
func (s *stage) terminals(b *testing.B, n int) []*party {
	b.Helper()
	parties := make([]*party, n)
	for i := range parties {
		parties[i] = s.terminal(b, user(i))
	}
	return parties
}

// BenchmarkThroughput is 64 terminals with 32 requests in flight each. b.N counts business messages through the
// front: a request and its answer are two.
func BenchmarkThroughput(b *testing.B) {
	const terminals, inFlight = 64, 32
	s := newStage(b, terminals)
	parties := s.terminals(b, terminals)
	cpu, left := cpuTime(b, s.daemon), new(atomic.Int64)
	left.Store(int64(b.N) / 2)
	together(b, parties, func(p *party, h *hdrhistogram.Histogram) error { return p.pump(left, inFlight, 0, h) })
	b.ReportMetric(float64((cpuTime(b, s.daemon)-cpu).Nanoseconds())/1000/float64(b.N), "front-µs/message")
}

// BenchmarkPaced is 64 terminals that send 75,000 requests a second by the clock, without waiting for answers: what a request and its
// answer take at a rate that the front is asked to bear. b.N counts messages, as above.
func BenchmarkPaced(b *testing.B) {
	const terminals, messages = 64, 150_000
	s := newStage(b, terminals)
	together(b, s.terminals(b, terminals), func(p *party, h *hdrhistogram.Histogram) error {
		return p.paced(max(1, b.N/2/terminals), messages/2/terminals, h)
	})
}

// paced sends requests by the clock, and takes the answers beside that, which are held to their order.
func (p *party) paced(requests, perSecond int, h *hdrhistogram.Histogram) error {
	begin, sent := time.Now(), make([]atomic.Int64, requests) // when each was written, after begin
	answered := make(chan error, 1)
	go func() {
		n, disorder := 0, false
		for n < requests && !disorder {
			err := p.receive(func(number uint32) {
				disorder = disorder || int(number) != n+1
				_ = h.RecordValue(tenths(time.Since(begin) - time.Duration(sent[n].Load())))
				n++
			})
			if err != nil {
				answered <- err
				return
			}
		}
		if disorder {
			answered <- errDisorder
			return
		}
		answered <- nil
	}()
	for i := range requests {
		time.Sleep(time.Until(begin.Add(time.Second * time.Duration(i) / time.Duration(perSecond))))
		p.queue()
		sent[i].Store(int64(time.Since(begin)))
		if err := p.send(); err != nil {
			return errors.Join(err, <-answered)
		}
	}
	return <-answered
}

// pump keeps inFlight requests on their way until left is used up, at most perSecond of them (0 for as many as there
// can be), and holds answers to their order.
func (p *party) pump(left *atomic.Int64, inFlight, perSecond int, h *hdrhistogram.Histogram) error {
	begin, asked := time.Now(), 0
	var sent [1 << 10]time.Time // by the number, which never runs that far ahead
	answered, more := p.number, true
	ask := func(n int) error {
		now := time.Now()
		for ; n > 0 && more; n-- {
			if left.Add(-1) < 0 {
				more = false
				break
			}
			p.queue()
			asked++
			sent[p.number%uint32(len(sent))] = now
		}
		if len(p.out) == 0 {
			return nil
		}
		return p.send()
	}
	if err := ask(inFlight); err != nil {
		return err
	}
	for answered != p.number {
		n, now := 0, time.Time{}
		disorder := false
		err := p.receive(func(number uint32) {
			if n == 0 {
				now = time.Now()
			}
			answered++
			disorder = disorder || number != answered
			_ = h.RecordValue(tenths(now.Sub(sent[number%uint32(len(sent))])))
			n++
		})
		switch {
		case err != nil:
			return err
		case disorder:
			return errDisorder
		}
		if perSecond > 0 {
			time.Sleep(time.Until(begin.Add(time.Second * time.Duration(asked) / time.Duration(perSecond))))
		}
		if err := ask(n); err != nil {
			return err
		}
	}
	return nil
}

var errDisorder = errString("an answer is missing or out of its order")

type errString string

func (e errString) Error() string { return string(e) }

// BenchmarkLoginBesideBusiness is what a login takes while 64 terminals exchange 150,000 messages a second through the
// front, and alone; 500 logins a second are offered.
func BenchmarkLoginBesideBusiness(b *testing.B) {
	const terminals, inFlight, perSecond, messages = 64, 32, 500, 150_000
	s := newStage(b, terminals+1)
	logins := func() *hdrhistogram.Histogram {
		h, mu := newHistogram(), new(sync.Mutex)
		var wg sync.WaitGroup
		tick := time.NewTicker(time.Second / perSecond)
		defer tick.Stop()
		for range b.N {
			<-tick.C
			wg.Go(func() {
				took := s.login(b, user(terminals))
				mu.Lock()
				defer mu.Unlock()
				_ = h.RecordValue(tenths(took))
			})
		}
		wg.Wait()
		return h
	}
	b.ResetTimer()
	alone := logins()
	b.StopTimer()
	left := new(atomic.Int64)
	left.Store(1 << 40)
	var busy sync.WaitGroup
	for i := range terminals {
		p := s.terminal(b, user(i))
		busy.Go(func() {
			if err := p.pump(left, inFlight, messages/2/terminals, newHistogram()); err != nil {
				b.Error(err)
			}
		})
	}
	before := left.Load()
	b.StartTimer()
	begin := time.Now()
	beside := logins()
	passed := 2 * float64(before-left.Load()) / time.Since(begin).Seconds()
	b.StopTimer()
	left.Store(0)
	busy.Wait()
	b.ReportMetric(micros(alone, 50)/1000, "alone-p50-ms")
	b.ReportMetric(micros(beside, 50)/1000, "beside-p50-ms")
	b.ReportMetric(micros(beside, 50)/micros(alone, 50), "p50-ratio")
	b.ReportMetric(passed, "messages/s-beside")
}

// login is a terminal's visit; it returns how long the login step took.
func (s *stage) login(b *testing.B, user string) time.Duration {
	c := terminaltest.Dial(b, s.front, nil)
	defer c.Close()
	c.Authenticate(client.Identity{BrokerID: "9999", AppID: appID, ProductInfo: "bench"}, s.authCode)
	begin := time.Now()
	c.LogIn(client.LoginRequest{BrokerID: "9999", UserID: user, Password: password, KeyVersion: "1.0", AbnormalFlag: '1'})
	return time.Since(begin)
}

// cpuTime is what the process used so far, user and system.
func cpuTime(b testing.TB, pid int) time.Duration {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		b.Fatal(err)
	}
	// The name in parentheses may hold spaces; utime and stime are the 14th and 15th field.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	var ticks int64
	for _, f := range fields[11:13] {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			b.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * time.Second / 100 // USER_HZ
}
