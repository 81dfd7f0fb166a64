package daemon

import (
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/demo"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/forward"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/test/await"
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

// pings listens as systemd does, and counts what feeds the watchdog.
func pings(t *testing.T) *atomic.Int64 {
	t.Helper()
	folder, err := os.MkdirTemp("", "nf") //nolint:usetesting // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	address := filepath.Join(folder, "s")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: address, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("NOTIFY_SOCKET", address)
	var fed atomic.Int64
	ended := make(chan struct{})
	t.Cleanup(func() { _ = socket.Close(); <-ended })
	go func() {
		defer close(ended)
		for b := make([]byte, 4096); ; {
			n, err := socket.Read(b)
			if err != nil {
				return
			}
			if string(b[:n]) == "WATCHDOG=1" {
				fed.Add(1)
			}
		}
	}()
	return &fed
}

// TestWatchdogEndsWithEachPart freezes an event loop, the journal's writer and the forwarder, each in its turn: systemd gets no ping while
// one is frozen, and gets them again after.
func TestWatchdogEndsWithEachPart(t *testing.T) {
	const loops, writer, forwarding = "event loops", "local store's writer", "forwarder"
	for _, name := range []string{loops, writer, forwarding} {
		t.Run(name, func(t *testing.T) {
			fed := pings(t)
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
			w := &watchdog{parts: movingParts(every, d.front.LoopsHeldUp, local, forwarder), logger: zap.NewNop(), pause: every / pingsPerWatchdog}
			ctx, end := context.WithCancel(context.Background())
			d.repeat(ctx, w.pause/10, w.feed)
			t.Cleanup(func() {
				release()
				end()
				forwarder.Close()
				if err := local.Close(); err != nil {
					t.Error(err)
				}
			})
			await.True(t, "pings", func() bool { return fed.Load() > 3 })

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
			seen, since := fed.Load(), time.Now()
			await.True(t, "the pings to end", func() bool { // no ping for twice systemd's patience, once the last ones have come
				if now := fed.Load(); now != seen {
					seen, since = now, time.Now()
				}
				return time.Since(since) > 2*every
			})
			release()
			await.True(t, "pings again", func() bool { return fed.Load() > seen+2 })
		})
	}
}

// startForWatchdog is a front whose event loops show what they receive to tap.
func startForWatchdog(t *testing.T, tap *stopper) *Daemon {
	t.Helper()
	site, err := demo.NewSite(t.TempDir(), "", "127.0.0.1:0", "")
	if err != nil {
		t.Fatal(err)
	}
	d, err := Start(t.Context(), site.Config, Options{Log: io.Discard})
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
