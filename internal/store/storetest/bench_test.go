package storetest_test

import (
	"fmt"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/forward"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/pgtest"
)

// BenchmarkLocalAppend is one login's wait for its local commit, with so many waiting at
// once. Each commit is synced.
func BenchmarkLocalAppend(b *testing.B) {
	for _, waiters := range []int{1, 8, 64, 512} {
		b.Run(fmt.Sprint("waiters=", waiters), func(b *testing.B) { benchmarkAppend(b, waiters, false) })
		b.Run(fmt.Sprint("seen/waiters=", waiters), func(b *testing.B) { benchmarkAppend(b, waiters, true) })
	}
}

// benchmarkAppend has the store remember the terminal ciphertexts too, if seen.
func benchmarkAppend(b *testing.B, waiters int, seen bool) {
	l := storetest.OpenJournalAt(b, filepath.Join(b.TempDir(), "local.db"), journal.Options{})
	recs := storetest.Records(storetest.Day, b.N)
	for i := range recs {
		if seen {
			recs[i].Seen = store.HashTerminal(recs[i].Terminal)
		}
	}
	var next atomic.Int64
	b.SetParallelism((waiters + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0))
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := l.Append(b.Context(), &recs[next.Add(1)-1]); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// BenchmarkAnswerAfterPostgres is one login's wait for PostgreSQL's commit (answer_after: postgres), with so many waiting at once. Journal
// and cluster are on a disk. It prints the mean wait, and how many are answered in a second.
func BenchmarkAnswerAfterPostgres(b *testing.B) {
	database := pgtest.StartIn(b, "").URL()
	for _, waiters := range []int{2, 16, 64, 512} {
		b.Run(fmt.Sprint("waiters=", waiters), func(b *testing.B) {
			l := storetest.OpenJournalAt(b, filepath.Join(b.TempDir(), "local.db"), journal.Options{})
			f := forward.New(l, storetest.OpenPostgresAt(b, database, postgres.Options{}), forward.Options{})
			f.Start()
			defer f.Close()
			f.AwaitProbe(b.Context())
			log, err := forward.NewRecorder(l, f, forward.RecorderOptions{AnswerAfter: forward.AfterPostgres, Patience: storetest.Patience})
			if err != nil {
				b.Fatal(err)
			}
			recs := storetest.Records(storetest.Day, b.N)
			var next atomic.Int64
			b.SetParallelism((waiters + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0))
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := log.Append(b.Context(), &recs[next.Add(1)-1]); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "answers/s")
			b.ReportMetric(float64(waiters)*float64(b.Elapsed().Microseconds())/float64(b.N)/1000, "ms/answer")
		})
	}
}

// BenchmarkPostgres is a batch of DefaultBatchRows rows by COPY and by upsert.
func BenchmarkPostgres(b *testing.B) {
	p := storetest.OpenPostgresAt(b, storetest.Migrated(b), postgres.Options{})
	for _, way := range []struct {
		name  string
		write func(recs []store.Record) error
	}{
		{"copy", func(recs []store.Record) error { return p.CopyIn(b.Context(), recs) }},
		{"upsert", func(recs []store.Record) error { return p.Put(b.Context(), recs) }},
	} {
		b.Run(way.name, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				recs := storetest.Records(storetest.Day, forward.DefaultBatchRows)
				b.StartTimer()
				if err := way.write(recs); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*forward.DefaultBatchRows), "µs/row")
		})
	}
}

// BenchmarkScan reads a day of 100,000 records.
func BenchmarkScan(b *testing.B) {
	const rows = 100_000
	l, p := storetest.OpenJournal(b), storetest.OpenPostgresAt(b, storetest.Migrated(b), postgres.Options{})
	for range rows / forward.DefaultBatchRows {
		recs := storetest.Records(storetest.Day, forward.DefaultBatchRows)
		if err := l.Put(b.Context(), recs); err != nil {
			b.Fatal(err)
		}
		if err := p.CopyIn(b.Context(), recs); err != nil {
			b.Fatal(err)
		}
	}
	for name, s := range map[string]store.Store{"local": l, "postgres": p} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				n := 0
				if err := s.Scan(b.Context(), storetest.Day, func(*store.Record) error { n++; return nil }); err != nil || n != rows {
					b.Fatalf("%d rows, %v", n, err)
				}
			}
			b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
