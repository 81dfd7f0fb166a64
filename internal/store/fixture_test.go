package store_test

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/test/pgtest"
)

// patience is how long a test waits for what must happen.
const patience = 60 * time.Second

func openLocal(t testing.TB) *store.Local {
	t.Helper()
	return openLocalAt(t, filepath.Join(t.TempDir(), "local.db"), store.LocalOptions{})
}

func openLocalAt(t testing.TB, path string, opt store.LocalOptions) *store.Local {
	t.Helper()
	l, err := store.OpenLocal(t.Context(), path, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeIt(t, l) })
	return l
}

// openPostgres is a migrated PostgreSQL store in a database of its own.
func openPostgres(t testing.TB) *store.Postgres {
	t.Helper()
	return openPostgresAt(t, pgtest.Database(t), store.PostgresOptions{})
}

func openPostgresAt(t testing.TB, url string, opt store.PostgresOptions) *store.Postgres {
	t.Helper()
	p := connect(t, url, opt)
	if _, err := p.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return p
}

// connect is a PostgreSQL store as it is.
func connect(t testing.TB, url string, opt store.PostgresOptions) *store.Postgres {
	t.Helper()
	p, err := store.OpenPostgres(t.Context(), url, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeIt(t, p) })
	return p
}

func closeIt(t testing.TB, c interface{ Close() error }) {
	t.Helper()
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

// startForwarder forwards until the test ends, with short pauses.
func startForwarder(t testing.TB, l *store.Local, d store.Destination, opt store.ForwarderOptions) *store.Forwarder {
	t.Helper()
	opt.BackoffMin, opt.BackoffMax = 5*time.Millisecond, 50*time.Millisecond
	f := store.NewForwarder(l, d, opt)
	f.Start()
	t.Cleanup(f.Close)
	f.AwaitProbe(t.Context())
	return f
}

// appendAll appends each record on its own and returns the last seq.
func appendAll(t testing.TB, l *store.Local, recs []store.Record) (seq int64) {
	t.Helper()
	for i := range recs {
		var err error
		if seq, err = l.Append(t.Context(), &recs[i]); err != nil {
			t.Fatal(err)
		}
	}
	return seq
}

// stored reads all records of a day; a RecordID that comes twice fails the test.
func stored(t testing.TB, s store.Store, day calendar.TradingDay) map[uuid.UUID]store.Record {
	t.Helper()
	all := make(map[uuid.UUID]store.Record)
	err := s.Scan(t.Context(), day, func(r *store.Record) error {
		if _, twice := all[r.ID]; twice {
			t.Errorf("%v is there twice", r.ID)
		}
		c := *r
		c.Terminal, c.Supplement = bytes.Clone(r.Terminal), bytes.Clone(r.Supplement)
		all[r.ID] = c
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// wantExactly fails unless s holds recs of that day, byte for byte, and no other.
func wantExactly(t testing.TB, s store.Store, day calendar.TradingDay, recs []store.Record) {
	t.Helper()
	got, want := stored(t, s, day), make(map[uuid.UUID]store.Record)
	for _, r := range recs {
		want[r.ID] = r
	}
	if len(got) != len(want) {
		t.Errorf("%d records of %v, want %d", len(got), day, len(want))
	}
	if !maps.EqualFunc(got, want, sameRecord) {
		t.Errorf("the records of %v are not those that were appended", day)
	}
}

func sameRecord(a, b store.Record) bool {
	return bytes.Equal(a.Terminal, b.Terminal) && bytes.Equal(a.Supplement, b.Supplement) &&
		a.LoginTime.Equal(b.LoginTime) && a.TradingDay == b.TradingDay && a.AppID == b.AppID &&
		a.Account == b.Account && a.VendorID == b.VendorID && a.KeyVersion == b.KeyVersion &&
		a.Flag == b.Flag && a.UserType == b.UserType && a.FrontID == b.FrontID && a.SessionID == b.SessionID && a.Provisional == b.Provisional
}

// wantEmpty fails unless the local store has forwarded all it had.
func wantEmpty(t testing.TB, l *store.Local) {
	t.Helper()
	eventually(t, func() error {
		rows, _, err := l.Pending(t.Context())
		if err == nil && rows != 0 {
			err = errors.New("rows are left in the local store")
		}
		return err
	})
}

// eventually polls until f returns nil: for what happens after the last signal there is.
func eventually(t testing.TB, f func() error) {
	t.Helper()
	deadline := time.After(patience)
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
	for {
		err := f()
		if err == nil {
			return
		}
		select {
		case <-poll.C:
		case <-deadline:
			t.Fatalf("after %v still: %v", patience, err)
		}
	}
}

// execute changes the database under a store.
func execute(t testing.TB, p *store.Postgres, statement string) {
	t.Helper()
	err := tryExecute(t, p, statement)
	// Beside a forwarder that tries again, the server may choose this statement to end a deadlock.
	for err != nil && strings.Contains(err.Error(), "40P01") {
		err = tryExecute(t, p, statement)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func tryExecute(t testing.TB, p *store.Postgres, statement string) error {
	t.Helper()
	_, err := p.Tables().ExecContext(t.Context(), statement)
	return err
}

// row reads one row on p's connections.
func row(t testing.TB, p *store.Postgres, query string, into ...any) {
	t.Helper()
	if err := p.Tables().QueryRowContext(t.Context(), query).Scan(into...); err != nil {
		t.Fatal(err)
	}
}

// show is a setting as p's connections have it.
func show(t testing.TB, p *store.Postgres, setting string) (value string, err error) {
	t.Helper()
	err = p.Tables().QueryRowContext(t.Context(), "SELECT current_setting($1)", setting).Scan(&value)
	return value, err
}

// trimThrough removes the records up to that seq, as the forwarder does.
func trimThrough(ctx context.Context, l *store.Local, through int64) error {
	entries, err := l.Oldest(ctx, math.MaxInt32)
	if err != nil {
		return err
	}
	seqs := []int64{through} // also if there is none of it
	for _, e := range entries {
		if e.Seq <= through {
			seqs = append(seqs, e.Seq)
		}
	}
	return l.Trim(seqs)
}
