package store_test

import (
	"database/sql"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/pgtest"
)

// exportOf is a full export of a day at a position.
func exportOf(day calendar.TradingDay, position store.Position) *store.Export {
	return &store.Export{
		Day: day, Number: 1, Kind: store.FullExport, At: time.Date(2026, 1, 5, 16, 0, 0, 0, regulation.Zone),
		File: "f", Position: position, Version: "v", Host: "h", UnitID: "1",
	}
}

// TestRestoreFromDump: positions of a database that counted further are not taken for
// ours, and the statements of docs/settlement.md mend it.
func TestRestoreFromDump(t *testing.T) {
	p := openPostgres(t)
	recs := storetest.Records(storetest.Day, 3)
	if err := p.Put(t.Context(), recs); err != nil {
		t.Fatal(err)
	}
	const position = "4000000000:4000000001:4000000000"
	execute(t, p, "UPDATE record SET arrival = 3999999999")
	if err := p.AddExport(t.Context(), exportOf(storetest.Day, position)); err != nil {
		t.Fatal(err)
	}
	snapshot, err := p.Snapshot(t.Context(), storetest.Day)
	if err != nil {
		t.Fatal(err)
	}
	_, late := p.Late(t.Context())
	_, state := p.State(t.Context(), storetest.Day, position)
	for name, err := range map[string]error{
		"Late": late, "State": state, "Scan": snapshot.Scan(t.Context(), position, func(*store.Record) error { return nil }),
	} {
		if e, ok := errors.AsType[*store.AheadError](err); !ok || e.Day != storetest.Day {
			t.Errorf("%s: %v, want an AheadError", name, err)
		}
	}
	closeIt(t, snapshot)
	for _, s := range []string{
		"UPDATE record SET arrival = 0",
		"UPDATE reassigned_from SET arrival = 0",
		"UPDATE report_export SET position = txid_current_snapshot()::text",
	} {
		execute(t, p, s)
	}
	if got, err := p.Late(t.Context()); err != nil || len(got) != 0 {
		t.Errorf("mended: %v, %v", got, err)
	}
	if err := p.Put(t.Context(), storetest.Records(storetest.Day, 2)); err != nil {
		t.Fatal(err)
	}
	if got, err := p.Late(t.Context()); err != nil || len(got) != 1 || got[0].Records != 2 {
		t.Errorf("after new records: %v, %v", got, err)
	}
}

// TestUpgradeOfPostgres: records from before the ledger are seen by the first export and
// are not late; partitions made before get the new columns and indexes.
func TestUpgradeOfPostgres(t *testing.T) {
	p := connect(t, pgtest.Database(t), store.PostgresOptions{})
	if err := store.MigrateTo(t.Context(), p, 1); err != nil {
		t.Fatal(err)
	}
	execute(t, p, "SELECT ensure_record_partition(20260105)")
	execute(t, p, `INSERT INTO record SELECT gen_random_uuid(), 20260105, 1767574800, 'v', '1', '', 'x', 0, 'a', 'b', 1, 1, 1
		FROM generate_series(1, 10)`)
	if applied, err := p.Migrate(t.Context()); err != nil || len(applied) == 0 || applied[0].Version != 2 {
		t.Fatalf("%v, %v", applied, err)
	}
	checkUpgraded(t, p)
}

func TestUpgradeOfLocal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "local.db")
	if err := store.MigrateLocalTo(t.Context(), path, 1); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10)
		INSERT INTO record SELECT i, randomblob(16), 20260105, 1767574800, 'v', '1', '', x'00', 0, 'a', 'b', 1, 1, 1 FROM n`)
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	checkUpgraded(t, openLocalAt(t, path, store.LocalOptions{}))
}

func checkUpgraded(t *testing.T, s storetest.ReportStore) {
	t.Helper()
	snapshot, err := s.Snapshot(t.Context(), storetest.Day)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	if err := snapshot.Scan(t.Context(), "", func(r *store.Record) error {
		if r.Provisional {
			t.Error("a record from before is provisional")
		}
		seen++
		return nil
	}); err != nil || seen != 10 {
		t.Errorf("%d records, %v", seen, err)
	}
	if err := s.AddExport(t.Context(), exportOf(storetest.Day, snapshot.Position())); err != nil {
		t.Fatal(err)
	}
	closeIt(t, snapshot)
	if err := s.Put(t.Context(), storetest.Records(storetest.Day, 2)); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Late(t.Context()); err != nil || len(got) != 1 || got[0].Records != 2 {
		t.Errorf("late %v, %v", got, err)
	}
}

// TestSeqIsNotGivenAgain: a record that an export saw is dropped as a copy; the next record,
// in the next life of the process, must not get its seq and so pass for seen.
func TestSeqIsNotGivenAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "local.db")
	l := openLocalAt(t, path, store.LocalOptions{})
	guess := storetest.Record(storetest.Day)
	guess.Provisional = true
	right := guess
	right.TradingDay, right.Provisional = storetest.Day+1, false
	for _, rec := range []store.Record{right, guess} { // the guess has the highest seq
		if _, err := l.Append(t.Context(), &rec); err != nil {
			t.Fatal(err)
		}
	}
	snapshot, err := l.Snapshot(t.Context(), storetest.Day+1)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.AddExport(t.Context(), exportOf(storetest.Day+1, snapshot.Position())); err != nil {
		t.Fatal(err)
	}
	closeIt(t, snapshot)
	did, err := l.Reassign(t.Context(), func(time.Time) (calendar.TradingDay, bool) { return storetest.Day + 1, false }, nil)
	if err != nil || did.Dropped != 1 {
		t.Fatalf("%+v, %v", did, err)
	}
	closeIt(t, l)
	l = openLocalAt(t, path, store.LocalOptions{})
	next := storetest.Record(storetest.Day + 1)
	if _, err := l.Append(t.Context(), &next); err != nil {
		t.Fatal(err)
	}
	if got, err := l.Late(t.Context()); err != nil || len(got) != 1 || got[0].Records != 1 {
		t.Errorf("late: %v, %v, want the record that came after the export", got, err)
	}
}

// TestLocalExportDoesNotSort: a sorter would hold the day in memory.
func TestLocalExportDoesNotSort(t *testing.T) {
	path := filepath.Join(t.TempDir(), "local.db")
	openLocalAt(t, path, store.LocalOptions{})
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query("EXPLAIN QUERY PLAN "+store.LocalLinesSQL, int64(storetest.Day), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var plan []string
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		plan = append(plan, step)
	}
	if len(plan) != 1 || rows.Err() != nil {
		t.Errorf("%q, %v, want one search along the index", plan, rows.Err())
	}
}

// TestForwardedMarkSurvives: the mark goes through the journal to PostgreSQL, by COPY and
// by upsert.
func TestForwardedMarkSurvives(t *testing.T) {
	p, l := openPostgres(t), openLocal(t)
	recs := storetest.Records(storetest.Day, 4)
	for i := range recs {
		recs[i].Provisional = i%2 == 0
	}
	appendAll(t, l, recs[:2]) // before the forwarder starts: sent by upsert
	startForwarder(t, l, p, store.ForwarderOptions{BatchDelay: time.Millisecond})
	wantEmpty(t, l)
	appendAll(t, l, recs[2:])
	wantEmpty(t, l)
	wantExactly(t, p, storetest.Day, recs)
}
