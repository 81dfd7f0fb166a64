package storetest

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
	"github.com/tradefront/tradefront/internal/pgurl"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/forward"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/test/pgtest"
)

// Patience is how long a test waits for what must happen.
const Patience = 60 * time.Second

// OpenJournal opens a new local store in a temporary folder. It is closed at the end of the test.
func OpenJournal(t testing.TB) *journal.Journal {
	t.Helper()
	return OpenJournalAt(t, filepath.Join(t.TempDir(), "local.db"), journal.Options{})
}

// OpenJournalAt opens, or creates, the local store at path. It is closed at the end of the test.
func OpenJournalAt(t testing.TB, path string, opt journal.Options) *journal.Journal {
	t.Helper()
	l, err := journal.Open(t.Context(), path, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { CloseIt(t, l) })
	return l
}

var migrated = pgtest.NewTemplate(func(ctx context.Context, url string) error {
	u, err := pgurl.Parse(url)
	if err != nil {
		return err
	}
	p, err := postgres.Open(ctx, u, postgres.Options{})
	if err != nil {
		return err
	}
	_, err = p.Migrate(ctx)
	return errors.Join(err, p.Close())
})

// Migrated is the URL of a database of its own that has the schema: a copy of one that was migrated for all tests of the
// binary. A test of how the schema is made, or of who owns it, begins with pgtest.Database.
func Migrated(t testing.TB) string {
	t.Helper()
	return migrated.Database(t)
}

// OpenPostgres is a migrated PostgreSQL store in a database of its own.
func OpenPostgres(t testing.TB) *postgres.Store {
	t.Helper()
	return OpenPostgresAt(t, Migrated(t), postgres.Options{})
}

// OpenPostgresAt is a migrated PostgreSQL store in the database of that URL.
func OpenPostgresAt(t testing.TB, url string, opt postgres.Options) *postgres.Store {
	t.Helper()
	p := Connect(t, url, opt)
	if _, err := p.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return p
}

// Connect is a PostgreSQL store whose schema is not migrated.
func Connect(t testing.TB, url string, opt postgres.Options) *postgres.Store {
	t.Helper()
	p, err := postgres.Open(t.Context(), URL(t, url), opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { CloseIt(t, p) })
	return p
}

// CloseIt closes c, and fails the test if that fails.
func CloseIt(t testing.TB, c interface{ Close() error }) {
	t.Helper()
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

// Forward forwards until the test ends, with short pauses.
func Forward(t testing.TB, l *journal.Journal, d forward.Destination, opt forward.Options) *forward.Forwarder {
	t.Helper()
	opt.BackoffMin, opt.BackoffMax = 5*time.Millisecond, 50*time.Millisecond
	f := forward.New(l, d, opt)
	f.Start()
	t.Cleanup(f.Close)
	f.AwaitProbe(t.Context())
	return f
}

// AppendAll appends each record on its own and returns the last seq.
func AppendAll(t testing.TB, l *journal.Journal, recs []store.Record) (seq int64) {
	t.Helper()
	for i := range recs {
		var err error
		if seq, err = l.Append(t.Context(), &recs[i]); err != nil {
			t.Fatal(err)
		}
	}
	return seq
}

// Stored reads all records of a day; a RecordID that comes twice fails the test.
func Stored(t testing.TB, s store.Store, day calendar.TradingDay) map[uuid.UUID]store.Record {
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

// WantExactly fails unless s holds recs of that day, byte for byte, and no other.
func WantExactly(t testing.TB, s store.Store, day calendar.TradingDay, recs []store.Record) {
	t.Helper()
	got, want := Stored(t, s, day), make(map[uuid.UUID]store.Record)
	for _, r := range recs {
		want[r.ID] = r
	}
	if len(got) != len(want) {
		t.Errorf("%d records of %v, want %d", len(got), day, len(want))
	}
	if !maps.EqualFunc(got, want, SameRecord) {
		t.Errorf("the records of %v are not those that were appended", day)
	}
}

// SameRecord reports whether two records are equal but for their RecordIDs.
func SameRecord(a, b store.Record) bool {
	return bytes.Equal(a.Terminal, b.Terminal) && bytes.Equal(a.Supplement, b.Supplement) &&
		a.LoginTime.Equal(b.LoginTime) && a.TradingDay == b.TradingDay && a.AppID == b.AppID &&
		a.Account == b.Account && a.VendorID == b.VendorID && a.KeyVersion == b.KeyVersion &&
		a.Flag == b.Flag && a.UserType == b.UserType && a.FrontID == b.FrontID && a.SessionID == b.SessionID && a.Provisional == b.Provisional &&
		a.RelayAppID == b.RelayAppID && a.RelayMode == b.RelayMode && a.VisitTime.Equal(b.VisitTime) && a.RelayLoginTime.Equal(b.RelayLoginTime) &&
		bytes.Equal(a.RelaySealed, b.RelaySealed)
}

// WantEmpty fails unless the local store has forwarded all it had.
func WantEmpty(t testing.TB, l *journal.Journal) {
	t.Helper()
	Eventually(t, func() error {
		rows, _, err := l.Pending(t.Context())
		if err == nil && rows != 0 {
			err = errors.New("rows are left in the local store")
		}
		return err
	})
}

// Eventually polls until f returns nil: for what happens after the last signal there is.
func Eventually(t testing.TB, f func() error) {
	t.Helper()
	deadline := time.After(Patience)
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
			t.Fatalf("after %v still: %v", Patience, err)
		}
	}
}

// Execute changes the database under a store.
func Execute(t testing.TB, p *postgres.Store, statement string) {
	t.Helper()
	err := TryExecute(t, p, statement)
	// Beside a forwarder that tries again, the server may choose this statement to end a deadlock.
	for err != nil && strings.Contains(err.Error(), "40P01") {
		err = TryExecute(t, p, statement)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TryExecute is Execute, and returns the error.
func TryExecute(t testing.TB, p *postgres.Store, statement string) error {
	t.Helper()
	_, err := p.Tables().ExecContext(t.Context(), statement)
	return err
}

// Row reads one row on p's connections.
func Row(t testing.TB, p *postgres.Store, query string, into ...any) {
	t.Helper()
	if err := p.Tables().QueryRowContext(t.Context(), query).Scan(into...); err != nil {
		t.Fatal(err)
	}
}

// Show is a setting as p's connections have it.
func Show(t testing.TB, p *postgres.Store, setting string) (value string, err error) {
	t.Helper()
	err = p.Tables().QueryRowContext(t.Context(), "SELECT current_setting($1)", setting).Scan(&value)
	return value, err
}

// TrimThrough removes the records up to that seq, as the forwarder does.
func TrimThrough(ctx context.Context, l *journal.Journal, through int64) error {
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
	return l.Trim(seqs, nil)
}

// URL reads the URL of a test's database.
func URL(t testing.TB, text string) *pgurl.URL {
	t.Helper()
	u, err := pgurl.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
