package daemon

import (
	"context"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/demo/site"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/forward"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/testmain"
)

// stopper is where a part of a front is stopped until it is let go on.
type stopper struct {
	store.Observer
	once    sync.Once
	armed   atomic.Bool
	entered chan struct{}
	let     chan struct{}
}

func newStopper() *stopper {
	return &stopper{Observer: store.ObserverOrNone(nil), entered: make(chan struct{}), let: make(chan struct{})}
}

func (s *stopper) here() {
	if s.armed.Load() {
		s.once.Do(func() { close(s.entered) })
		<-s.let
	}
}

func (s *stopper) LocalCommit(int, time.Duration, error)        { s.here() } // on the writer
func (s *stopper) Wants(session.Peer) bool                      { s.here(); return false }
func (*stopper) Received(session.Peer, []byte)                  {}
func (*stopper) Malformed(session.Peer, string, []byte)         {}
func (*stopper) Sent(session.Peer, []byte)                      {}
func (*stopper) Ended(session.Peer, reason.Close)               {}
func (s *stopper) CopyIn(context.Context, []store.Record) error { s.here(); return nil } // a PostgreSQL that heeds no deadline

func (s *stopper) Put(context.Context, []store.Record) error                    { s.here(); return nil }
func (*stopper) Probe(context.Context) error                                    { return nil }
func (*stopper) Earlier(context.Context, *store.Record) (*store.Earlier, error) { return nil, nil }
func (*stopper) StoredByOthers(context.Context, []store.Record) ([]int, error)  { return nil, nil }

// systemd listens as systemd does. The function tells how many pings a front had sent until now: each front of the test says in a line before
// its states which one it is.
func systemd(t *testing.T) (pings func(front string) int64) {
	t.Helper()
	folder := testmain.ShortDir(t)
	address := filepath.Join(folder, "s")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: address, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("NOTIFY_SOCKET", address)
	const asked = "ASKED=1"
	var mu sync.Mutex // between one question and its answer
	marks, ended := make(chan int64, 1), make(chan struct{})
	t.Cleanup(func() { _ = socket.Close(); <-ended })
	go func() {
		defer close(ended)
		fed := make(map[string]int64)
		for b := make([]byte, 4096); ; {
			n, err := socket.Read(b)
			if err != nil {
				return
			}
			switch front, state, _ := strings.Cut(string(b[:n]), "\n"); state {
			case "WATCHDOG=1":
				fed[front]++
			case asked:
				marks <- fed[front]
			}
		}
	}()
	return func(front string) int64 { // the kernel keeps the order, so each ping that was sent before is counted
		mu.Lock()
		defer mu.Unlock()
		tellSystemd(front + "\n" + asked)
		select {
		case fed := <-marks:
			return fed
		case <-time.After(time.Minute):
			t.Error("the listener does not answer")
			return 0
		}
	}
}

// TestWatchdogEndsWithEachPart freezes an event loop, the journal's writer and the forwarder, each of another front: systemd gets no ping of
// that while it is frozen, and gets them again after.
func TestWatchdogEndsWithEachPart(t *testing.T) {
	pings := systemd(t)
	const loops, writer, forwarding = "event loops", "local store's writer", "forwarder"
	for _, name := range []string{loops, writer, forwarding} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sent := func() int64 { return pings(name) }
			stops := map[string]*stopper{loops: newStopper(), writer: newStopper(), forwarding: newStopper()}
			stop := stops[name]
			release := sync.OnceFunc(func() { close(stop.let) })
			d := startForWatchdog(t, stops[loops])
			local, err := journal.Open(t.Context(), filepath.Join(t.TempDir(), "local.db"), journal.Options{Observer: stops[writer]})
			if err != nil {
				t.Fatal(err)
			}
			forwarder := forward.New(local, stops[forwarding], forward.Options{})
			forwarder.Start()
			const every = 400 * time.Millisecond
			w := &watchdog{parts: movingParts(every, d.front.LoopsHeldUp, local, forwarder), pause: every / pingsPerWatchdog, logger: zap.NewNop()}
			w.tell = func(state string) { tellSystemd(name + "\n" + state) }
			ctx, end := context.WithCancel(context.Background())
			var looks atomic.Int64 // that have ended
			d.repeat(ctx, w.pause/10, func(ctx context.Context) {
				w.feed(ctx)
				looks.Add(1)
			})
			t.Cleanup(func() {
				release()
				end()
				forwarder.Close()
				if err := local.Close(); err != nil {
					t.Error(err)
				}
			})
			await.True(t, "pings", func() bool { return sent() > 3 })

			stop.armed.Store(true)
			if name == loops {
				c := strangerAt(t, d)
				defer func() { _ = c.Close() }()
				_, _ = c.Write(make([]byte, 64))
			} else {
				go func() {
					_, _ = local.Append(context.Background(), &store.Record{
						ID: uuid.New(), TradingDay: 20260105, LoginTime: time.Unix(1767574800, 0), Flag: '0', UserType: '1',
					})
				}()
			}
			<-stop.entered
			// No ping for twice systemd's patience, once the last ones have come, and not for want of looks.
			const without = 10
			seen, since, looked := sent(), time.Now(), looks.Load()
			await.True(t, "the pings to end", func() bool {
				ended := looks.Load() // before the count: each of them has sent its ping
				if now := sent(); now != seen {
					seen, since, looked = now, time.Now(), looks.Load()
				}
				return time.Since(since) > 2*every && ended-looked >= without
			})
			release()
			await.True(t, "pings again", func() bool { return sent() > seen+2 })
		})
	}
}

// startForWatchdog is a front whose event loops show what they receive to tap.
func startForWatchdog(t *testing.T, tap *stopper) *Daemon {
	t.Helper()
	made, err := site.New(t.TempDir(), "", "127.0.0.1:0", "")
	if err != nil {
		t.Fatal(err)
	}
	d, err := Start(t.Context(), made.Config, Options{Log: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	d.front.SetTap(tap)
	t.Cleanup(func() {
		if err := d.Stop(); err != nil {
			t.Error(err)
		}
	})
	return d
}
