package storetest_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store/forward"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

// sustainedShort has TestSustainedWrites fill one partition first, with rows that have no texts and no ciphertexts: the disk need not
// hold 10^8 whole rows, and the indexes, which have neither, are as large as theirs. Then whole rows go to that partition and to an empty
// one in turns.
const sustainedShort = "TRADEFRONT_TEST_SHORT"

const (
	sustainedTurn = time.Minute // long enough for a checkpoint in most turns
	sustainedRoom = 38 << 30    // what tables and indexes may have when a turn begins; it adds some 3 GB, and the WAL has up to 5
)

// fill makes the partition of storetest.Day, with as many short rows as a day has. Without replication PostgreSQL writes no WAL for
// a table that its transaction has made.
func (s *sustained) fill() {
	s.restart("wal_level = 'minimal'", "max_wal_senders = 0")
	storetest.OpenPostgresAt(s.t, s.cluster.URL(), postgres.Options{})
	db := s.connect()
	start, name := time.Now(), "record_"+storetest.Day.String()
	do := func(statement string) {
		if _, err := db.Exec(s.t.Context(), statement); err != nil {
			s.t.Fatalf("%s: %v", statement, err)
		}
	}
	do("SET maintenance_work_mem = '1GB'")
	do("BEGIN")
	do("CREATE TABLE " + name + " (LIKE record INCLUDING ALL EXCLUDING INDEXES)")
	const columns = "record_id, trading_day, login_time, vendor_id, key_version, terminal, supplement, flag, app_id, account, user_type, " +
		"front_id, session_id, arrival"
	rows, err := db.PgConn().CopyFrom(s.t.Context(), shortRows(s.perDay), "COPY "+name+" ("+columns+") FROM STDIN (FREEZE)")
	if err != nil || rows.RowsAffected() != s.perDay {
		s.t.Fatalf("%v: %v", rows, err)
	}
	s.t.Logf("%d rows after %v; now their indexes", s.perDay, time.Since(start).Round(time.Second))
	do(fmt.Sprintf("ALTER TABLE record ATTACH PARTITION %s FOR VALUES FROM (%d) TO (%d)", name, storetest.Day, storetest.Day+1))
	do("COMMIT")
	do("VACUUM ANALYZE " + name)
	s.restart("wal_level = 'replica'", "max_wal_senders = 10")
	s.perDays[storetest.Day] = s.perDay
	s.t.Logf("filled after %v", time.Since(start).Round(time.Second))
}

// shortRows are n rows for COPY, with RecordIDs of the last 24 hours, which rise as those of logins do, and an arrival for each batch.
func shortRows(n int64) io.Reader {
	r, pipe := io.Pipe()
	go func() {
		w := bufio.NewWriterSize(pipe, 1<<20)
		since, random := time.Now().Add(-24*time.Hour).UnixMilli(), rand.New(rand.NewPCG(1, 1))
		var id uuid.UUID
		for i := range n {
			ms := since + i*24*time.Hour.Milliseconds()/n
			binary.BigEndian.PutUint64(id[:], uint64(ms)<<16|0x7000|random.Uint64()&0xFFF)
			binary.BigEndian.PutUint64(id[8:], random.Uint64()>>2|1<<63)
			// A failure stays with w, and Flush tells it.
			fmt.Fprintf(w, "%s\t%d\t%d\t\t\t\t\t0\t\t\t1\t1\t7\t%d\n", id, storetest.Day, ms/1000, (i-n)/forward.DefaultBatchRows)
		}
		_ = pipe.CloseWithError(w.Flush()) // CloseWithError returns nil always
	}()
	return r
}

// takeTurns writes to the full partition and to an empty one, a minute each, in the order full, empty, empty, full. It ends sooner if there
// is no room for more.
func (s *sustained) takeTurns(length time.Duration) {
	db := s.connect()
	var full, empty, ratios []float64
	for turn := 1; turn <= int(length/sustainedTurn) && !s.t.Failed(); turn++ {
		if s.ask(db, "SELECT pg_database_size(current_database())") > sustainedRoom {
			s.t.Logf("no room for turn %d", turn)
			break
		}
		if turn%4 < 2 {
			full = append(full, s.turn(db, turn, "full", storetest.Day))
		} else {
			empty = append(empty, s.turn(db, turn, "empty", storetest.Day+1))
			s.drop(db, func(day calendar.TradingDay) bool { return day != storetest.Day })
		}
		if len(full) == len(empty) {
			ratios = append(ratios, full[len(full)-1]/empty[len(empty)-1])
		}
	}
	s.t.Logf("medians of %d turns each: full %.0f rows a second, empty %.0f, full / empty %.2f", len(full), middle(full), middle(empty), middle(ratios))
}

// turn writes to the partition of day for a minute, and returns the rows a second.
func (s *sustained) turn(db *pgx.Conn, turn int, name string, day calendar.TradingDay) float64 {
	ctx, cancel := context.WithTimeout(s.t.Context(), sustainedTurn)
	defer cancel()
	const written = "SELECT (pg_current_wal_lsn() - '0/0')::bigint"
	rows, wal, checkpoints, start := s.rows.Load(), s.ask(db, written), s.checkpoints(db), time.Now()
	var all sync.WaitGroup
	for range sustainedWriters {
		all.Go(func() { s.write(ctx, func(int64) calendar.TradingDay { return day }) })
	}
	all.Wait()
	rows, wal = s.rows.Load()-rows, s.ask(db, written)-wal
	rate := float64(rows) / time.Since(start).Seconds()
	s.t.Logf("turn %2d, %-5s: %6.0f rows a second; %s; %d bytes of WAL a row, %d checkpoints; %d rows, %d MiB of table, %d of indexes; "+
		"PostgreSQL's memory %d MiB; load %s", turn, name, rate, s.batchTimes(), wal/max(rows, 1), s.checkpoints(db)-checkpoints, s.perDays[day],
		s.ask(db, sizeOf("pg_table_size", day))>>20, s.ask(db, sizeOf("pg_indexes_size", day))>>20, s.memory()>>20, load())
	return rate
}

func sizeOf(size string, day calendar.TradingDay) string {
	return fmt.Sprintf("SELECT %s('record_%s')", size, day)
}

// checkpoints are those that PostgreSQL has ended.
func (s *sustained) checkpoints(db *pgx.Conn) int64 {
	if s.ask(db, "SELECT current_setting('server_version_num')::bigint") >= 170000 {
		return s.ask(db, "SELECT num_timed + num_requested FROM pg_stat_checkpointer")
	}
	return s.ask(db, "SELECT checkpoints_timed + checkpoints_req FROM pg_stat_bgwriter")
}

// memory is what PostgreSQL's processes have of the machine's, in bytes; pages that they share count once.
func (s *sustained) memory() (bytes int64) {
	for _, pid := range s.cluster.Processes() {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid)) // a process may have ended
		_, after, _ := strings.Cut(string(text), "\nPss:")
		var kib int64
		_, _ = fmt.Sscan(after, &kib)
		bytes += kib << 10
	}
	return bytes
}

// load is the machine's of the last minute.
func load() string {
	text, _ := os.ReadFile("/proc/loadavg") // there is none but on Linux
	first, _, _ := strings.Cut(string(text), " ")
	return first
}

func middle(all []float64) float64 {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return (all[(len(all)-1)/2] + all[len(all)/2]) / 2
}
