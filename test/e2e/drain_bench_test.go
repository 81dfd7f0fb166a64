package e2e

import (
	"context"
	"crypto/rand"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/tradefront/tradefront/configs"
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/pgtest"
)

// What is in the local store after an outage, and how fast logins come meanwhile: 300,000
// are an hour of 83 a second.
const (
	backlogRows   = 300_000
	loginsASecond = 83
)

// BenchmarkBacklog: a front comes up with an hour's backlog and hands it to PostgreSQL while
// logins arrive at the rate that made it. It prints how fast the backlog drains, and the
// median and the 99th percentile of the login step while it does and after, in one run.
// Terminals arrive by the clock, not when the one before is done: a front that pauses
// shows. One iteration is one backlog, at any -benchtime; with -short it is a hundredth of one.
func BenchmarkBacklog(b *testing.B) {
	for b.Loop() {
		cluster := pgtest.StartIn(b, "") // on a disk, where fsync costs
		s := newSite(b, cluster.URL(), "log_level: error\n")
		s.preload()
		d := s.serve()
		oneLogin(b, d) // pays for argon2
		began, before := time.Now(), d.pendingRows(b)
		during := d.arrive(b, func() bool { return d.pendingRows(b) > loginsASecond })
		took := time.Since(began)
		left := time.Now().Add(min(took, 20*time.Second))
		after := d.arrive(b, func() bool { return time.Now().Before(left) })
		b.ReportMetric(float64(before)/took.Seconds(), "drained-rows/s")
		b.ReportMetric(float64(during.TotalCount())/took.Seconds(), "logins/s")
		for name, h := range map[string]*hdrhistogram.Histogram{"during": during, "after": after} {
			b.ReportMetric(float64(h.ValueAtQuantile(50))/1000, "p50-ms-"+name)
			b.ReportMetric(float64(h.ValueAtQuantile(99))/1000, "p99-ms-"+name)
		}
		d.stop()
	}
}

// preload puts the backlog into the local store.
func (s *site) preload() {
	s.t.Helper()
	local, err := journal.Open(s.t.Context(), filepath.Join(s.dir, "tradefront.db"), journal.Options{})
	if err != nil {
		s.t.Fatal(err)
	}
	defer local.Close()
	cal, err := calendar.Parse(configs.Calendar)
	if err != nil {
		s.t.Fatal(err)
	}
	day, _ := cal.TradingDayOf(time.Now())
	rows := backlogRows
	if testing.Short() {
		rows /= 100
	}
	for range rows / 500 {
		recs := storetest.Records(day, 500)
		for i := range recs {
			recs[i].LoginTime = time.Now().Truncate(time.Second) // not older than store.max_age
			recs[i].Terminal, recs[i].Supplement = make([]byte, 256), make([]byte, 256)
			_, _ = rand.Read(recs[i].Terminal)
			_, _ = rand.Read(recs[i].Supplement)
		}
		if err := local.Put(s.t.Context(), recs); err != nil {
			s.t.Fatal(err)
		}
	}
}

// arrive lets terminals come by the clock until more, called every half second, returns false.
func (d *daemon) arrive(b *testing.B, more func() bool) *hdrhistogram.Histogram {
	latency := hdrhistogram.New(1, int64(time.Minute/time.Microsecond), 3)
	ctx, cancel := context.WithCancel(b.Context())
	var (
		mu      sync.Mutex
		arrived sync.WaitGroup
	)
	arrived.Go(func() {
		tick := time.NewTicker(time.Second / loginsASecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			arrived.Go(func() {
				took := oneLogin(b, d)
				mu.Lock()
				defer mu.Unlock()
				_ = latency.RecordValue(took.Microseconds())
			})
		}
	})
	ask := time.NewTicker(500 * time.Millisecond)
	defer ask.Stop()
	for more() {
		<-ask.C
	}
	cancel()
	arrived.Wait()
	return latency
}

var pendingLine = regexp.MustCompile(`(?m)^tradefront_pending_rows (\S+)$`)

func (d *daemon) pendingRows(b *testing.B) int64 {
	_, page := d.get(b, "/metrics")
	m := pendingLine.FindStringSubmatch(page)
	if m == nil {
		b.Fatal("/metrics has no tradefront_pending_rows")
	}
	n, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		b.Fatal(err)
	}
	return int64(n)
}
