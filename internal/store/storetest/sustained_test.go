package storetest_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store/forward"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/pgtest"
)

// sustainedFor is how long TestSustainedWrites writes; without it the test is skipped. sustainedRows are the rows of a partition, after
// which the next day begins.
const (
	sustainedFor  = "TRADEFRONT_TEST_SUSTAINED"
	sustainedRows = "TRADEFRONT_TEST_PARTITION_ROWS"
)

// sustainedWriters are as many connections as two fronts have for forwarding.
const sustainedWriters = 2

// TestSustainedWrites writes rows into one PostgreSQL as fast as it takes them, by the batches and the statement of the forwarder, for
// docs/capacity.md. A minute is a line: does the rate fall while a partition grows? The oldest partition but one is dropped, which is what
// archiving does to it. With sustainedShort see fill. At the end every row that was confirmed is there.
func TestSustainedWrites(t *testing.T) {
	length, err := time.ParseDuration(os.Getenv(sustainedFor))
	if err != nil {
		t.Skip("make sustained sets " + sustainedFor)
	}
	rows, err := strconv.ParseInt(os.Getenv(sustainedRows), 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", sustainedRows, err)
	}
	s := &sustained{t: t, cluster: pgtest.StartIn(t, ""), perDay: rows, perDays: map[calendar.TradingDay]int64{}}
	s.restart("shared_buffers = '2GB'", "max_wal_size = '4GB'", "checkpoint_timeout = '15min'", "wal_compression = on")
	write := s.run
	if os.Getenv(sustainedShort) != "" {
		s.fill()
		write = s.takeTurns
	}
	s.store = storetest.OpenPostgresAt(t, s.cluster.URL(), postgres.Options{})
	write(length)
	s.check()
}

type sustained struct {
	t       *testing.T
	store   *postgres.Store
	cluster *pgtest.Cluster
	perDay  int64
	rows    atomic.Int64 // confirmed

	mu      sync.Mutex
	batches []time.Duration               // of this minute
	perDays map[calendar.TradingDay]int64 // confirmed, of days that are not dropped
}

func (s *sustained) run(length time.Duration) {
	ctx, cancel := context.WithTimeout(s.t.Context(), length)
	defer cancel()
	var all sync.WaitGroup
	for range sustainedWriters {
		all.Go(func() { s.write(ctx, s.day) })
	}
	s.report(ctx)
	all.Wait()
}

// restart has PostgreSQL start anew with settings.
func (s *sustained) restart(settings ...string) {
	for _, setting := range settings {
		s.cluster.SQL("ALTER SYSTEM SET " + setting)
	}
	s.cluster.Stop(pgtest.Fast)
	s.cluster.Start()
}

// connect is a connection beside those that write.
func (s *sustained) connect() *pgx.Conn {
	db, err := pgx.Connect(s.t.Context(), s.cluster.URL())
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = db.Close(context.Background()) })
	return db
}

// check fails unless each day has the rows that were confirmed.
func (s *sustained) check() {
	db := s.connect()
	for day, confirmed := range s.perDays {
		if stored := s.ask(db, "SELECT count(*) FROM record WHERE trading_day = "+day.String()); stored != confirmed {
			s.t.Errorf("day %s: %d rows were confirmed, %d are there", day, confirmed, stored)
		}
	}
	s.t.Logf("%d rows confirmed; each of the %d days that are left has its own", s.rows.Load(), len(s.perDays))
}

// day is the trading day of the row with that number.
func (s *sustained) day(row int64) calendar.TradingDay {
	return calendar.DayOf(storetest.Day.Date().AddDate(0, 0, int(row/s.perDay)))
}

// write sends one batch after the other, of the day that the next row is of. What is sent when the time is over is still awaited, so that
// each row is confirmed or was not sent.
func (s *sustained) write(ctx context.Context, dayOf func(row int64) calendar.TradingDay) {
	for ctx.Err() == nil && !s.t.Failed() {
		day := dayOf(s.rows.Load())
		recs := storetest.Records(day, forward.DefaultBatchRows)
		start := time.Now()
		if err := s.store.CopyIn(s.t.Context(), recs); err != nil {
			s.t.Error(err)
			return
		}
		s.rows.Add(int64(len(recs)))
		s.mu.Lock()
		s.batches = append(s.batches, time.Since(start))
		s.perDays[day] += int64(len(recs))
		s.mu.Unlock()
	}
}

// report logs a line a minute and drops the day before yesterday's partition.
func (s *sustained) report(ctx context.Context) {
	db := s.connect()
	every := time.NewTicker(time.Minute)
	defer every.Stop()
	before, since := int64(0), time.Now()
	for minute := 1; ; minute++ {
		select {
		case <-ctx.Done():
		case <-every.C:
		}
		rows, now := s.rows.Load(), time.Now()
		if batches := s.batchTimes(); batches != "" {
			s.t.Logf("minute %2d: %6.0f rows a second; %s; day %d has %d rows, %d MiB of tables and %d of indexes in all",
				minute, float64(rows-before)/now.Sub(since).Seconds(), batches,
				s.day(rows), rows%s.perDay, s.ask(db, partitions("pg_table_size"))>>20, s.ask(db, partitions("pg_indexes_size"))>>20)
		}
		if ctx.Err() != nil || s.t.Failed() {
			return
		}
		before, since = rows, now
		today := s.day(rows)
		s.drop(db, func(day calendar.TradingDay) bool { return day < today-1 }) // a day has more rows than a batch
	}
}

// batchTimes says how long the batches took since it was last called, "" if there were none.
func (s *sustained) batchTimes() string {
	s.mu.Lock()
	took := s.batches
	s.batches = nil
	s.mu.Unlock()
	if len(took) == 0 {
		return ""
	}
	slices.Sort(took)
	return fmt.Sprintf("a batch of %d: p50 %v, p99 %v, longest %v", forward.DefaultBatchRows,
		took[len(took)/2].Round(time.Millisecond), took[len(took)*99/100].Round(time.Millisecond), took[len(took)-1].Round(time.Millisecond))
}

func partitions(size string) string {
	return "SELECT sum(" + size + "(inhrelid))::bigint FROM pg_inherits WHERE inhparent = 'record'::regclass"
}

func (s *sustained) ask(db *pgx.Conn, query string) (v int64) {
	if err := db.QueryRow(s.t.Context(), query).Scan(&v); err != nil {
		s.t.Errorf("%s: %v", query, err)
	}
	return v
}

// drop takes the partitions of those days away. No writer is there any more: it has gone on to another day.
func (s *sustained) drop(db *pgx.Conn, gone func(calendar.TradingDay) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for day := range s.perDays {
		if !gone(day) {
			continue
		}
		if _, err := db.Exec(s.t.Context(), "DROP TABLE record_"+day.String()); err != nil {
			s.t.Errorf("dropping the partition of %s: %v", day, err)
			return
		}
		delete(s.perDays, day)
	}
}
