package e2e

import (
	"compress/gzip"
	"context"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tradefront/tradefront/test/await"
)

// capacityLogins is how many logins TestCapacity measures; without it the test is skipped.
const capacityLogins = "TRADEFRONT_TEST_CAPACITY"

// TestCapacity tells the bytes of a login in each place that keeps one, for docs/capacity.md. It counts bytes and measures no time, so
// a busy machine gives the same figures as a quiet one.
func TestCapacity(t *testing.T) {
	n, err := strconv.Atoi(os.Getenv(capacityLogins))
	if err != nil {
		t.Skip("make capacity sets " + capacityLogins)
	}
	t.Run("PostgreSQL", func(t *testing.T) { capacityOfPostgres(t, n) })
	t.Run("embedded", func(t *testing.T) { capacityOfEmbedded(t, n) })
}

func capacityOfPostgres(t *testing.T, n int) {
	url := firmDatabase(t)
	s := newSite(t, url, "limits: {connections_per_source: 100000}")
	d := s.serveMany()
	db, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(context.Background())
	ask := func(query string) (v int64) {
		if err := db.QueryRow(t.Context(), query).Scan(&v); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		return v
	}
	wal := func() int64 { return ask("SELECT (pg_current_wal_lsn() - '0/0'::pg_lsn)::bigint") }
	before, audited := wal(), s.size("audit.jsonl")
	s.logMany(d, n)
	await.Every(t, 100*time.Millisecond, "PostgreSQL to have all records", func() bool { return ask("SELECT count(*) FROM record") >= int64(n) })
	written := wal() - before
	const parts = " FROM pg_inherits WHERE inhparent = 'record'::regclass"
	t.Logf("PostgreSQL: %d bytes a login in tables, %d in indexes, %d of WAL with full pages as they came",
		ask("SELECT sum(pg_table_size(inhrelid))::bigint"+parts)/int64(n), ask("SELECT sum(pg_indexes_size(inhrelid))::bigint"+parts)/int64(n), written/int64(n))
	t.Logf("audit log: %d bytes a login, %d by gzip", (s.size("audit.jsonl")-audited)/int64(n), s.gzipped("audit.jsonl")/int64(n))
	t.Logf("local store beside PostgreSQL, after all was sent: %d MiB", (s.size("tradefront.db")+s.size("tradefront.db-wal"))>>20)
	d.stop()
	s.cli("", "report", "export", "--partial", "--day", strconv.FormatInt(ask("SELECT max(trading_day) FROM record"), 10), "--out", s.dir)
	reports, err := filepath.Glob(filepath.Join(s.dir, "*clientinfo*.txt"))
	if err != nil || len(reports) == 0 {
		t.Fatal(reports, err)
	}
	for _, path := range reports {
		t.Logf("report %s: %d bytes a line, %d by gzip", filepath.Base(path), s.size(path)/int64(n), s.gzipped(path)/int64(n))
	}
}

func capacityOfEmbedded(t *testing.T, n int) {
	s := newSite(t, "", "limits: {connections_per_source: 100000}")
	d := s.serveMany()
	s.logMany(d, n)
	d.stop()
	t.Logf("embedded store: %d bytes a login", (s.size("tradefront.db")+s.size("tradefront.db-wal"))/int64(n))
}

const capacityAccounts = 64

func (s *site) serveMany() *daemon {
	s.addCustomers(1000000, capacityAccounts)
	return s.serve()
}

// logMany logs in that many times, each account at most once at a time.
func (s *site) logMany(d *daemon, n int) {
	s.t.Helper()
	l := &underLoad{t: s.t, d: d}
	var all sync.WaitGroup
	var next atomic.Int64
	for account := range capacityAccounts {
		all.Go(func() {
			for next.Add(1) <= int64(n) && !s.t.Failed() {
				ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
				c, _, err := l.visit(ctx, account)
				cancel()
				if err != nil {
					s.t.Error(err)
					return
				}
				_ = c.Close()
			}
		})
	}
	all.Wait()
	if s.t.Failed() {
		s.t.FailNow()
	}
}

// size is a file's of the site, 0 if it is not there.
func (s *site) size(name string) int64 {
	if !filepath.IsAbs(name) {
		name = filepath.Join(s.dir, name)
	}
	info, err := os.Stat(name)
	if err != nil {
		return 0
	}
	return info.Size()
}

func (s *site) gzipped(name string) int64 {
	s.t.Helper()
	if !filepath.IsAbs(name) {
		name = filepath.Join(s.dir, name)
	}
	f, err := os.Open(name)
	if err != nil {
		s.t.Fatal(err)
	}
	defer f.Close()
	var to counted
	z := gzip.NewWriter(&to)
	if _, err := io.Copy(z, f); err != nil {
		s.t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		s.t.Fatal(err)
	}
	return int64(to)
}

type counted int64

func (c *counted) Write(b []byte) (int, error) { *c += counted(len(b)); return len(b), nil }
