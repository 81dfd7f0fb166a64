package journal_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/forward"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

type seenRow struct {
	day   calendar.TradingDay
	hash  store.SeenHash
	visit store.VisitHash
}

func seenRows(t testing.TB, l *journal.Journal, from calendar.TradingDay) map[seenRow]int {
	t.Helper()
	rows := make(map[seenRow]int)
	err := l.SeenTerminals(t.Context(), from, func(day calendar.TradingDay, hash store.SeenHash, visit store.VisitHash) bool {
		rows[seenRow{day, hash, visit}]++
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// What is remembered is what was appended with a hash; it outlives the process, and the
// record when that is forwarded.
func TestSeenOutlivesTheRecord(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "local.db")
	l := storetest.OpenJournalAt(t, path, journal.Options{})
	want := make(map[seenRow]int)
	var appends sync.WaitGroup
	for i := range 100 { // more than a chunk's rows in some commits
		rec := storetest.SeenRecord(storetest.Day + calendar.TradingDay(i%2))
		if i%3 == 0 {
			rec.SeenVisit = store.VisitHash{1, byte(i), 7: 3}
		}
		want[seenRow{rec.TradingDay, rec.Seen, rec.SeenVisit}]++
		appends.Go(func() {
			if _, err := l.Append(t.Context(), &rec); err != nil {
				t.Error(err)
			}
		})
	}
	appends.Wait()
	plain, put := storetest.Record(storetest.Day), storetest.SeenRecord(storetest.Day)
	if _, err := l.Append(t.Context(), &plain); err != nil {
		t.Fatal(err)
	}
	if err := l.Put(t.Context(), []store.Record{put}); err != nil { // no login of this moment
		t.Fatal(err)
	}
	f := storetest.Forward(t, l, storetest.OpenPostgres(t), forward.Options{})
	storetest.WantEmpty(t, l)
	f.Close()
	storetest.CloseIt(t, l)

	l = storetest.OpenJournalAt(t, path, journal.Options{})
	if n := len(storetest.Stored(t, l, storetest.Day)); n != 0 {
		t.Fatalf("%d records were not forwarded", n)
	}
	if got := seenRows(t, l, storetest.Day); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%d are remembered, want %d", len(got), len(want))
	}
	if got := seenRows(t, l, storetest.Day+1); len(got) != 50 {
		t.Errorf("%d of the second day, want 50", len(got))
	}
}

func TestForgetSeen(t *testing.T) {
	t.Parallel()
	const old, kept = 10_000, 10 // old: several transactions, of commits of a few logins each
	l := storetest.OpenJournal(t)
	var appends sync.WaitGroup
	slots := make(chan struct{}, 4)
	for i := range old + kept {
		rec := storetest.SeenRecord(storetest.Day)
		if i%1001 == 1000 { // in between, as at 15:30
			rec.TradingDay++
		}
		slots <- struct{}{}
		appends.Go(func() {
			defer func() { <-slots }()
			if _, err := l.Append(context.Background(), &rec); err != nil {
				t.Error(err)
			}
		})
	}
	appends.Wait()
	if rows, err := l.ForgetSeen(t.Context(), storetest.Day); err != nil || rows != 0 {
		t.Fatalf("%d of the day itself were forgotten, %v", rows, err)
	}
	if rows, err := l.ForgetSeen(t.Context(), storetest.Day+1); err != nil || rows != old {
		t.Errorf("%d were forgotten, %v, want %d", rows, err, old)
	}
	if got := len(seenRows(t, l, 0)); got != kept {
		t.Errorf("%d are left, want %d", got, kept)
	}
	if rows, err := l.ForgetSeen(t.Context(), storetest.Day+1); err != nil || rows != 0 {
		t.Errorf("a second time: %d, %v", rows, err)
	}
}

// TestSeenOfOlderBinary: a front's store of the schema before, with a row for each ciphertext, forgets none.
func TestSeenOfOlderBinary(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "local.db")
	l := storetest.OpenJournalAt(t, path, journal.Options{})
	recs := storetest.Records(storetest.Day, 20)
	storetest.AppendAll(t, l, recs)
	storetest.CloseIt(t, l)

	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	run := func(query string, args ...any) {
		t.Helper()
		if _, err := db.Exec(query, args...); err != nil {
			t.Fatal(err)
		}
	}
	run("DROP TABLE seen_terminals")
	run("CREATE TABLE seen_terminal (id INTEGER PRIMARY KEY, trading_day INTEGER NOT NULL, hash BLOB NOT NULL CHECK (length(hash) = 16))")
	run("ALTER TABLE seen_terminal ADD COLUMN visit BLOB")
	for _, table := range []string{"relay", "mirror_relay"} { // of migrations after it
		run("ALTER TABLE " + table + " RENAME COLUMN client_certs TO client_spki")
	}
	for _, table := range []string{"account", "mirror_account"} {
		run("ALTER TABLE " + table + " DROP COLUMN state")
	}
	run("ALTER TABLE handed_in DROP COLUMN receipt")
	run("DROP TABLE operator_action")
	run("DROP TABLE ban")
	run("DROP TABLE mirror_ban")
	for _, table := range []string{"app", "mirror_app"} {
		for _, column := range []string{"bound_accounts", "bound_networks", "confined_accounts"} {
			run("ALTER TABLE " + table + " DROP COLUMN " + column)
		}
	}
	for _, table := range []string{"record", "quarantine"} {
		run("ALTER TABLE " + table + " DROP COLUMN relay_sealed")
	}
	run("DELETE FROM goose_db_version WHERE version_id >= 16")
	want := make(map[seenRow]int)
	for i := range 3000 {
		row := seenRow{day: storetest.Day + calendar.TradingDay(i%2), hash: store.SeenHash{1, byte(i >> 8), byte(i)}}
		var visit any
		if i%3 == 0 {
			row.visit = store.VisitHash{2, byte(i)}
			visit = row.visit[:]
		}
		want[row]++
		run("INSERT INTO seen_terminal (trading_day, hash, visit) VALUES (?, ?, ?)", int64(row.day), row.hash[:], visit)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	l = storetest.OpenJournalAt(t, path, journal.Options{})
	if got := seenRows(t, l, 0); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%d are remembered, want %d", len(got), len(want))
	}
	if n, err := l.ForgetSeen(t.Context(), storetest.Day+1); err != nil || n != 1500 {
		t.Errorf("%d were forgotten, %v, want 1500", n, err)
	}
	storetest.WantExactly(t, l, storetest.Day, recs)
}

// wantSeen: record and hash are in one commit, so none is there without the other.
func wantSeen(t *testing.T, l *journal.Journal, found map[uuid.UUID]store.Record) {
	t.Helper()
	seen := seenRows(t, l, 0)
	if len(seen) != len(found) {
		t.Errorf("%d records, %d hashes", len(found), len(seen))
	}
	for id, rec := range found {
		if seen[seenRow{rec.TradingDay, store.HashTerminal(rec.Terminal), rec.SeenVisit}] != 1 {
			t.Fatalf("record %v is there without its hash", id)
		}
	}
}
