package forward_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/forward"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

// swallow is a trigger that an administrator made: rows for which the condition holds are
// dropped, and PostgreSQL gives no error.
func swallow(t *testing.T, p *postgres.Store, condition string) {
	t.Helper()
	storetest.Execute(t, p, "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF "+condition+" THEN RETURN NULL; END IF; RETURN NEW; END'")
	storetest.Execute(t, p, "CREATE TRIGGER swallow BEFORE INSERT ON record FOR EACH ROW EXECUTE FUNCTION swallow()")
}

// TestCountsOfPostgresCount: a batch of which PostgreSQL stores less than it was sent is rolled back.
func TestCountsOfPostgresCount(t *testing.T) {
	t.Parallel()
	p, recs := storetest.OpenPostgres(t), storetest.Records(storetest.Day, 4)
	recs[2].Account = "dropped"
	swallow(t, p, "NEW.account = ''dropped''")
	for how, write := range map[string]func() error{
		"copy":   func() error { return p.CopyIn(t.Context(), recs) },
		"upsert": func() error { return p.Put(t.Context(), recs) },
	} {
		drop, ok := errors.AsType[*store.DroppedError](write())
		if !ok || drop.Sent != 4 || drop.Dropped != 1 || how == "upsert" && (len(drop.Missing) != 1 || drop.Missing[0] != recs[2].ID) {
			t.Errorf("%s: %+v, want 1 of 4 dropped", how, drop)
		}
		storetest.WantExactly(t, p, storetest.Day, nil)
	}
	// Another name for the same record is none that was stored.
	storetest.Execute(t, p, "CREATE OR REPLACE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.record_id = gen_random_uuid(); RETURN NEW; END'")
	if drop, ok := errors.AsType[*store.DroppedError](p.Put(t.Context(), recs)); !ok || drop.Dropped != 4 {
		t.Errorf("with other RecordIDs: %+v, want 4 dropped", drop)
	}
}

// TestDroppedRowsStay until they are stored, and the others go on, also when there are more
// dropped ones than a batch has rows.
func TestDroppedRowsStay(t *testing.T) {
	t.Parallel()
	for name, condition := range map[string]string{"all": "true", "some": "NEW.account = ''dropped''"} {
		t.Run(name, func(t *testing.T) {
			l, p, seen := storetest.OpenJournal(t), storetest.OpenPostgres(t), storetest.NewObserved()
			swallow(t, p, condition)
			f := storetest.Forward(t, l, p, forward.Options{BatchRows: 10, Observer: seen})
			recs := storetest.Records(storetest.Day, 60)
			var pass []store.Record
			for i := range recs {
				if i < 40 && i%4 != 0 {
					recs[i].Account = "dropped"
				}
				if name == "some" && recs[i].Account != "dropped" {
					pass = append(pass, recs[i])
				}
			}
			seq := storetest.AppendAll(t, l, recs)
			err := f.Wait(storetest.Within(t), seq)
			if name == "all" {
				if drop, ok := errors.AsType[*store.DroppedError](err); !ok || drop.Dropped != drop.Sent {
					t.Errorf("Wait for a row that is dropped: %v", err)
				}
			} else if err != nil {
				t.Errorf("Wait for a row that is not dropped: %v", err)
			}
			storetest.WantExactly(t, p, storetest.Day, pass)
			if trouble := f.Troubles(); len(trouble) != 1 || trouble[0].Day != storetest.Day || trouble[0].Blocked || !strings.Contains(trouble[0].Err.Error(), "trigger") {
				t.Errorf("troubles: %v", trouble)
			}
			if quarantined, err := l.Quarantine(t.Context()); len(quarantined) > 0 || err != nil {
				t.Errorf("in quarantine: %v, %v", quarantined, err)
			}
			if rows, _, err := l.Pending(t.Context()); int(rows) != len(recs)-len(pass) || err != nil {
				t.Errorf("%d rows wait, %v, want %d", rows, err, len(recs)-len(pass))
			}
			storetest.Execute(t, p, "DROP TRIGGER swallow ON record")
			storetest.WantEmpty(t, l)
			storetest.Drain(t, f)
			storetest.WantExactly(t, p, storetest.Day, recs)
			storetest.Eventually(t, func() error { return noTroubles(f) })
			if told := seen.Told(); len(told) != 2 || told[0].Err == nil || told[1].Err != nil {
				t.Errorf("the log was told %v, want the trouble and its end", told)
			}
		})
	}
}

func noTroubles(f *forward.Forwarder) error {
	if troubles := f.Troubles(); len(troubles) > 0 {
		return fmt.Errorf("still in trouble: %v", troubles)
	}
	return nil
}

// TestTroubleOfOneDay: at each fault of a day's partition, the records of the next
// day are forwarded, those of the day wait with words of their own, and come once it is over.
func TestTroubleOfOneDay(t *testing.T) {
	t.Parallel()
	const day, next = storetest.Day, storetest.Day + 1
	for name, c := range map[string]struct{ before, after, want string }{
		"detached": {
			"ALTER TABLE record DETACH PARTITION record_20260105",
			"ALTER TABLE record ATTACH PARTITION record_20260105 FOR VALUES FROM (20260105) TO (20260106)",
			"the table record_20260105 exists but is detached from record (SQLSTATE 42P07): attach it again, ALTER TABLE record ATTACH PARTITION record_20260105",
		},
		"attached for another day": {
			"ALTER TABLE record DETACH PARTITION record_20260105; ALTER TABLE record ATTACH PARTITION record_20260105 FOR VALUES FROM (20260205) TO (20260206)",
			"DROP TABLE record_20260105",
			"no partition of record takes the day",
		},
		"in the way": {
			"DROP TABLE record_20260105; CREATE VIEW record_20260105 AS SELECT 1", "DROP VIEW record_20260105", "record_20260105",
		},
		"without room": { // as of a tablespace: an error of a statement, and no row's
			"CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION USING ERRCODE = ''disk_full''; END';" +
				"CREATE TRIGGER full_disk BEFORE INSERT ON record_20260105 FOR EACH ROW EXECUTE FUNCTION full_disk()",
			"DROP TRIGGER full_disk ON record_20260105", "53100",
		},
	} {
		t.Run(name, func(t *testing.T) {
			l, database := storetest.OpenJournal(t), storetest.Migrated(t)
			p := storetest.OpenPostgresAt(t, database, postgres.Options{})
			f := storetest.Forward(t, l, p, forward.Options{BatchRows: 20})
			before := storetest.Records(day, 1)
			storetest.AppendAll(t, l, before)
			storetest.Drain(t, f)
			if name != "detached" && name != "without room" {
				before = nil
				storetest.Execute(t, p, "TRUNCATE record_20260105")
			}
			storetest.Execute(t, p, c.before)
			if name == "detached" {
				// A front that starts now does not know the partition either.
				if err := storetest.Connect(t, database, postgres.Options{}).Put(t.Context(), storetest.Records(day, 1)); !isDay(err, day) {
					t.Errorf("Put: %v, want a DayError", err)
				}
			}
			recs, others := storetest.Records(day, 50), storetest.Records(next, 50)
			for i := range recs {
				storetest.AppendAll(t, l, recs[i:i+1])
				storetest.AppendAll(t, l, others[i:i+1])
			}
			storetest.Eventually(t, func() error {
				if n := len(storetest.Stored(t, p, next)); n != len(others) {
					return fmt.Errorf("%d of %d records of the next day are there", n, len(others))
				}
				return nil
			})
			others = append(others, wantTrouble(t, f, l, day, next, c.want, int64(len(recs))))
			storetest.Execute(t, p, c.after)
			storetest.WantEmpty(t, l)
			storetest.Drain(t, f)
			storetest.WantExactly(t, p, day, append(slices.Clone(before), recs...))
			storetest.WantExactly(t, p, next, others)
			storetest.Eventually(t, func() error { return noTroubles(f) })
		})
	}
}

func isDay(err error, day calendar.TradingDay) bool {
	e, ok := errors.AsType[*store.DayError](err)
	return ok && e.Day == day
}

// wantTrouble: what is known of a day that waits, and who waits for a record of it.
func wantTrouble(t *testing.T, f *forward.Forwarder, l *journal.Journal, day, next calendar.TradingDay, want string, waiting int64) (taken store.Record) {
	t.Helper()
	if troubles := f.Troubles(); len(troubles) != 1 || troubles[0].Day != day || !troubles[0].Blocked || !strings.Contains(troubles[0].Err.Error(), want) {
		t.Errorf("troubles: %v, want one of %v with %q", troubles, day, want)
	}
	if !f.Healthy() {
		t.Errorf("PostgreSQL is said to be out of reach: %v", f.LastError())
	}
	if quarantined, err := l.Quarantine(t.Context()); len(quarantined) > 0 || err != nil {
		t.Errorf("in quarantine: %v, %v", quarantined, err)
	}
	storetest.Eventually(t, func() error {
		if rows, _, err := l.Pending(t.Context()); rows != waiting || err != nil {
			return fmt.Errorf("%d rows wait, %w, want %d", rows, err, waiting)
		}
		return nil
	})
	if err := f.Drain(storetest.Within(t)); !isDay(err, day) {
		t.Errorf("Drain: %v, want the day's trouble", err)
	}
	log, err := forward.NewRecorder(l, f, forward.RecorderOptions{AnswerAfter: forward.AfterPostgres, Patience: storetest.Patience})
	if err != nil {
		t.Fatal(err)
	}
	refused := storetest.Records(day, 1)
	taken = storetest.Records(next, 1)[0]
	began := time.Now()
	if err := log.Append(t.Context(), &refused[0]); !errors.Is(err, store.ErrUnavailable) || errors.Is(err, store.ErrUnconfirmed) {
		t.Errorf("a login of the day that waits for PostgreSQL: %v, want ErrUnavailable, and nothing recorded", err)
	}
	if took := time.Since(began); took > storetest.Patience/2 {
		t.Errorf("that took %v", took)
	}
	if err := log.Append(t.Context(), &taken); err != nil {
		t.Errorf("a login of the next day: %v", err)
	}
	if rows, _, err := l.Pending(t.Context()); rows != waiting || err != nil {
		t.Errorf("%d rows wait, %v, want %d", rows, err, waiting)
	}
	return taken
}

// TestLockedDay: who keeps a lock on a day's partition holds up that day.
func TestLockedDay(t *testing.T) {
	t.Parallel()
	l, database := storetest.OpenJournal(t), storetest.Migrated(t)
	p := storetest.OpenPostgresAt(t, database, postgres.Options{BatchPatience: 600 * time.Millisecond})
	f := storetest.Forward(t, l, p, forward.Options{})
	first := storetest.Records(storetest.Day, 1)
	storetest.AppendAll(t, l, first)
	storetest.Drain(t, f)
	lock := storetest.Session(t, database)
	storetest.RunSQL(t, lock, "BEGIN", "LOCK TABLE record_20260105 IN ACCESS EXCLUSIVE MODE")
	recs, others := storetest.Records(storetest.Day, 5), storetest.Records(storetest.Day+1, 5)
	storetest.AppendAll(t, l, recs)
	seq := storetest.AppendAll(t, l, others)
	if err := f.Wait(storetest.Within(t), seq); err != nil {
		t.Errorf("a record of the next day: %v", err)
	}
	if err := f.DayTrouble(storetest.Day); err == nil || !strings.Contains(err.Error(), "lock") {
		t.Errorf("trouble of the day: %v", err)
	}
	storetest.RunSQL(t, lock, "LOCK TABLE record IN ACCESS EXCLUSIVE MODE")
	if err := p.EnsurePartitions(t.Context(), []calendar.TradingDay{storetest.Day + 2}); !isDay(err, storetest.Day+2) {
		t.Errorf("making a partition meanwhile: %v, want a DayError", err)
	}
	storetest.RunSQL(t, lock, "ROLLBACK")
	storetest.WantEmpty(t, l)
	storetest.WantExactly(t, p, storetest.Day, append(first, recs...))
}

// TestOtherPartitionsTakeTheDay: one of several days, and a DEFAULT one that holds rows of it.
func TestOtherPartitionsTakeTheDay(t *testing.T) {
	t.Parallel()
	for name, statement := range map[string]string{
		"a month": "CREATE TABLE mine PARTITION OF record FOR VALUES FROM (20260101) TO (20260201)",
		"no end":  "CREATE TABLE mine PARTITION OF record FOR VALUES FROM (20260101) TO (MAXVALUE)",
		"default": "CREATE TABLE mine PARTITION OF record DEFAULT",
	} {
		t.Run(name, func(t *testing.T) {
			l, p := storetest.OpenJournal(t), storetest.OpenPostgres(t)
			storetest.Execute(t, p, statement)
			earlier := storetest.Records(storetest.Day, 1)
			storetest.Execute(t, p, fmt.Sprintf(`INSERT INTO record (record_id, trading_day, login_time, vendor_id, key_version, terminal, supplement, flag, app_id, account,
				user_type, front_id, session_id) VALUES ('%s', 20260105, 0, '', '', '', '', 0, '', '', 1, 0, 0)`, earlier[0].ID))
			f := storetest.Forward(t, l, p, forward.Options{})
			recs := storetest.Records(storetest.Day, 5)
			storetest.AppendAll(t, l, recs)
			storetest.Drain(t, f)
			if n := len(storetest.Stored(t, p, storetest.Day)); n != 6 {
				t.Errorf("%d records, want 6", n)
			}
			if quarantined, err := l.Quarantine(t.Context()); len(quarantined) > 0 || err != nil {
				t.Errorf("in quarantine: %v, %v", quarantined, err)
			}
			next := storetest.Records(storetest.Day+1, 1) // the DEFAULT partition has none of it
			storetest.AppendAll(t, l, next)
			storetest.Drain(t, f)
			storetest.WantExactly(t, p, storetest.Day+1, next)
			own := storetest.TryExecute(t, p, "SELECT FROM record_20260106")
			if (own == nil) != (name == "default") {
				t.Errorf("a partition of the next day: %v", own)
			}
		})
	}
}

// TestMixedBatch: an error of one of several days says of which, and the others get their
// partitions.
func TestMixedBatch(t *testing.T) {
	t.Parallel()
	p := storetest.OpenPostgres(t)
	storetest.Execute(t, p, "CREATE TABLE record_20260105 ()")
	recs := append(storetest.Records(storetest.Day, 1), storetest.Records(storetest.Day+1, 1)...)
	if err := p.CopyIn(t.Context(), recs); !isDay(err, storetest.Day) {
		t.Errorf("CopyIn: %v, want a DayError of the first", err)
	}
	storetest.WantExactly(t, p, storetest.Day+1, nil)
	if err := p.EnsurePartitions(t.Context(), []calendar.TradingDay{storetest.Day, storetest.Day + 2}); !isDay(err, storetest.Day) {
		t.Errorf("EnsurePartitions: %v", err)
	}
	storetest.Execute(t, p, "SELECT FROM record_20260107") // although the first had none
}

// TestDroppedStatements: what a trigger drops of any other table, or of a record that moves to
// another day, is an error too, and undone.
func TestDroppedStatements(t *testing.T) {
	t.Parallel()
	p := storetest.OpenPostgres(t)
	rec := storetest.Records(storetest.Day, 3)
	for i := range rec {
		rec[i].Provisional = true
	}
	if err := p.Put(t.Context(), rec); err != nil {
		t.Fatal(err)
	}
	if err := directory.New(p.Tables()).AddApp(t.Context(), auth.App{AppID: "a_b_1", Type: auth.AppDirect, Sealed: []byte{1}}); err != nil {
		t.Fatal(err)
	}
	storetest.Execute(t, p, "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'")
	for table, try := range map[string]func() error{
		"record": func() error {
			_, err := p.Reassign(t.Context(), func(time.Time) (calendar.TradingDay, bool) { return storetest.Day + 1, false }, nil)
			return err
		},
		"report_export": func() error {
			return p.AddExport(t.Context(), &store.Export{Day: storetest.Day, Number: 1, Kind: store.FullExport})
		},
		"waiver": func() error {
			return p.AddWaiver(t.Context(), &store.Waiver{Day: storetest.Day, At: time.Now(), By: "b", Reason: "r"})
		},
		"directory": func() error { return directory.New(p.Tables()).SetAppEnabled(t.Context(), "a_b_1", false) },
		"app": func() error {
			return directory.New(p.Tables()).ResealApps(t.Context(), func(*auth.App) error { return nil })
		},
	} {
		event := "INSERT"
		if table == "directory" || table == "app" {
			event = "UPDATE"
		}
		storetest.Execute(t, p, "CREATE TRIGGER swallow BEFORE "+event+" ON "+table+" FOR EACH ROW EXECUTE FUNCTION nothing()")
		if err := try(); err == nil || errors.Is(err, store.ErrExists) || !strings.Contains(err.Error(), "table "+table) {
			t.Errorf("%s: %v, want an error that names the table", table, err)
		}
		storetest.Execute(t, p, "DROP TRIGGER swallow ON "+table)
	}
	storetest.WantExactly(t, p, storetest.Day, rec)
	for name, again := range map[string]func() error{
		"export": func() error {
			return p.AddExport(t.Context(), &store.Export{Day: storetest.Day, Number: 1, Kind: store.FullExport})
		},
	} {
		if err := again(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := again(); !errors.Is(err, store.ErrExists) {
			t.Errorf("%s twice: %v, want ErrExists", name, err)
		}
	}
}
