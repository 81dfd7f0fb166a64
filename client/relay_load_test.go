package client_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/test/bubblenet"
	"github.com/tradefront/tradefront/test/testmain"
)

// moody is a front that takes any number of connections, keeps what it recorded across them, answers out of
// order, refuses, and breaks off between record and answer.
type moody struct {
	l       net.Listener
	calm    bool
	running sync.WaitGroup

	mu       sync.Mutex
	recorded map[string]string // user of a SubmitID
	breaks   int
	again    int // submissions that were recorded before
	wrong    []string
}

// newMoody listens on loopback.
func newMoody(t testing.TB, calm bool) *moody {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return newMoodyOn(t, l, calm)
}

func newMoodyOn(t testing.TB, l net.Listener, calm bool) *moody {
	m := &moody{l: l, calm: calm, recorded: map[string]string{}}
	m.running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			m.running.Go(func() {
				defer conn.Close()
				m.serve(&front{conn: conn})
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		m.running.Wait()
	})
	return m
}

func (m *moody) serve(f *front) {
	terms := goodTerms()
	terms.Rate, terms.Burst = 100_000, 100_000
	if f.enter(terms) != nil {
		return
	}
	var held []report
	for {
		message, err := f.message()
		if err != nil {
			return
		}
		if message.TID == ftd.TIDTerminalEnd {
			data, _ := message.Field(ftd.FIDSubmitRef)
			if f.send(message.TID, func(e *ftd.Encoder) { e.Raw(ftd.FIDSubmitRef, data); said(0, "正确")(e) }) != nil {
				return
			}
			continue
		}
		x, err := readReport(message)
		if err != nil {
			m.mu.Lock()
			m.wrong = append(m.wrong, err.Error())
			m.mu.Unlock()
			return
		}
		mood := rand.IntN(100)
		switch {
		case m.calm || mood < 80:
			m.record(x)
			if held = append(held, x); len(f.buf) == 0 || len(held) > 5 {
				err = m.flush(f, &held)
			}
		case mood < 95:
			err = f.refuse(x, 90)
		case mood < 98:
			m.record(x)
			err = f.refuse(x, 8) // it may have been recorded
		case m.breakOff():
			m.record(x)
			return
		default:
			err = f.refuse(x, 90)
		}
		if err == nil && len(f.buf) == 0 {
			err = m.flush(f, &held)
		}
		if err != nil {
			return
		}
	}
}

// flush answers what is held, in any order.
func (m *moody) flush(f *front, held *[]report) error {
	rand.Shuffle(len(*held), func(i, j int) { (*held)[i], (*held)[j] = (*held)[j], (*held)[i] })
	for _, x := range *held {
		if err := f.accept(x); err != nil {
			return err
		}
	}
	*held = (*held)[:0]
	return nil
}

// breakOff is true a few times.
func (m *moody) breakOff() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.breaks++
	return m.breaks <= 4
}

func (m *moody) record(x report) {
	m.mu.Lock()
	defer m.mu.Unlock()
	user, was := m.recorded[x.id]
	if was {
		m.again++
	}
	if was && (user != x.user || x.attempt != '1') {
		m.wrong = append(m.wrong, fmt.Sprintf("%+v was recorded for %s", x, user))
	}
	m.recorded[x.id] = x.user
}

// TestRelayLosesAndDoublesNothing: however the front behaves, each Submit that succeeded has one record, of that account,
// and a submission that the front recorded before says so.
func TestRelayLosesAndDoublesNothing(t *testing.T) {
	synctest.Test(t, relayLosesAndDoublesNothing)
}

func relayLosesAndDoublesNothing(t *testing.T) {
	l := bubblenet.Listen()
	m := newMoodyOn(t, l, false)
	fr, ev := new(fronts), new(events)
	o := relayOptions(fr, ev, "front")
	o.Dial = []client.Option{client.WithDialFunc(func(ctx context.Context, _, _ string) (net.Conn, error) { return l.Dial(ctx) })}
	o.DownGrace = time.Minute
	r, err := client.NewRelay(o)
	if err != nil {
		t.Fatal(err)
	}
	n := testmain.Fewer(400, 200)
	recorded, doubt := 0, 0
	seen := map[client.SubmitID]bool{}
	for got := range submitAll(r, n) {
		switch {
		case errors.Is(got.err, client.ErrInDoubt):
			doubt++
		case got.err != nil:
			t.Error(got.err)
		default:
			recorded++
			m.mu.Lock()
			user := m.recorded[got.receipt.SubmitID.String()]
			m.mu.Unlock()
			if user != got.receipt.UserID || seen[got.receipt.SubmitID] {
				t.Errorf("%+v is recorded for %q, seen before: %v", got.receipt, user, seen[got.receipt.SubmitID])
			}
			seen[got.receipt.SubmitID] = true
		}
	}
	s := r.Stats()
	if s.Live+len(ev.of(client.RelayTerminalRefused)) != recorded || recorded+doubt != n || s.Logins < 2 || s.SentAgain == 0 || m.again == 0 {
		t.Errorf("%d recorded, %d in doubt, %d recorded before, %+v", recorded, doubt, m.again, s)
	}
	r.Close()
	for _, wrong := range m.wrong {
		t.Error(wrong)
	}
	t.Logf("%d recorded, %d in doubt, %d recorded before, %+v", recorded, doubt, m.again, s)
}

// TestRelayMemoryOfALiveTerminal: with all that is needed to report it again.
func TestRelayMemoryOfALiveTerminal(t *testing.T) {
	testmain.NotRaced(t)
	const (
		live  = 10_000
		bound = 700 // bytes
	)
	m := newMoody(t, true)
	o := relayOptions(new(fronts), new(events), m.l.Addr().String())
	o.Dial = nil
	r, err := client.DialRelay(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	submit := func(from, to int) {
		var wg sync.WaitGroup
		for g := range 64 {
			wg.Go(func() {
				for i := from + g; i < to; i += 64 {
					if _, err := submitAs(r, fmt.Sprintf("user%06d", i)); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		m.mu.Lock()
		m.recorded = map[string]string{} // the front's
		m.mu.Unlock()
	}
	submit(0, 500)
	before := heap()
	submit(500, 500+live)
	each := (int64(heap()) - int64(before)) / live
	if r.Stats().Live != 500+live || each > bound {
		t.Errorf("%d bytes each, at most %d; %+v", each, bound, r.Stats())
	}
	t.Logf("%d bytes each", each)
}

func heap() uint64 {
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}

// BenchmarkRelaySubmit is a whole submission, with the front of a test beside it.
func BenchmarkRelaySubmit(b *testing.B) {
	m := newMoody(b, true)
	o := relayOptions(new(fronts), new(events), m.l.Addr().String())
	o.Dial, o.Resubmit = nil, client.ResubmitUnanswered
	o.MaxTerminals = 1 << 30
	r, err := client.DialRelay(b.Context(), o)
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	s := submission()
	b.ReportAllocs()
	b.SetParallelism(64)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := r.Submit(b.Context(), s); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
