package heartbeat_test

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/settlement"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/heartbeat"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

// lives is a front whose local store is copied about, as operators and machines do it.
type lives struct {
	*testing.T
	pg   *postgres.Store
	path string
	l    *journal.Journal
	p    *heartbeat.Heartbeat
}

func newLives(t *testing.T) *lives {
	f := &lives{T: t, pg: storetest.OpenPostgres(t), path: filepath.Join(t.TempDir(), "local.db")}
	f.start()
	return f
}

// start is a start of the front, as far as it draws a life.
func (f *lives) start() {
	f.Helper()
	f.l = storetest.OpenJournalAt(f.T, f.path, journal.Options{})
	f.p = newHeartbeat(f.T, f.l, f.pg, heartbeat.Options{FrontID: 1, Host: "h"})
}

// kill ends it without a report. SQLite's own closing changes no row.
func (f *lives) kill() {
	f.Helper()
	if err := f.l.Close(); err != nil {
		f.Fatal(err)
	}
}

func (f *lives) report() { f.Helper(); report(f.T, f.p) }

// answer is n logins that were answered, and not forwarded.
func (f *lives) answer(n int) {
	f.Helper()
	storetest.AppendAll(f.T, f.l, storetest.Records(storetest.Day, n))
}

// backup copies the file: of a running front as sqlite3's .backup, VACUUM INTO or a snapshot do it.
func (f *lives) backup() string {
	f.Helper()
	path := filepath.Join(f.TempDir(), "backup.db")
	f.sql("VACUUM INTO '" + path + "'")
	return path
}

// sql runs a statement on the local store.
func (f *lives) sql(statement string) {
	f.Helper()
	db, err := sql.Open("sqlite", f.path)
	if err != nil {
		f.Fatal(err)
	}
	defer storetest.CloseIt(f.T, db)
	if _, err := db.ExecContext(f.Context(), statement); err != nil {
		f.Fatalf("%s: %v", statement, err)
	}
}

// restore puts a copy in the place of the file.
func (f *lives) restore(backup string) {
	f.Helper()
	data, err := os.ReadFile(backup)
	if err != nil {
		f.Fatal(err)
	}
	for _, suffix := range []string{"-wal", "-shm"} {
		_ = os.Remove(f.path + suffix)
	}
	if err := os.WriteFile(f.path, data, 0o600); err != nil {
		f.Fatal(err)
	}
}

// want compares what PostgreSQL has of front 1: its rows, and what those hold that hold any
// records, in the order of their starts.
func (f *lives) want(rows int, held ...int64) {
	f.Helper()
	all := fronts(f.T, f.pg, rows)
	var got []int64
	for i := range all {
		if n := all[i].Held[storetest.Day].Pending; n > 0 {
			got = append(got, n)
		}
	}
	if len(got) != len(held) {
		f.Fatalf("rows hold %v, want %v: %+v", got, held, all)
	}
	for i := range held {
		if got[i] != held[i] {
			f.Errorf("rows hold %v, want %v", got, held)
		}
	}
}

// TestLivesWithoutCopies: however a front ends and begins on its own file, PostgreSQL has one row.
func TestLivesWithoutCopies(t *testing.T) {
	t.Parallel()
	for name, play := range map[string]func(f *lives){
		"restart": func(f *lives) {
			f.report()
			f.answer(2)
			f.report()
			f.kill()
			f.start()
			f.report()
		},
		"killed before a report": func(f *lives) {
			f.report()
			f.answer(2)
			f.kill()
			f.start()
			f.kill()
			f.start()
			f.report()
		},
		"many lives untold": func(f *lives) {
			f.answer(2)
			f.report()
			for range 5 {
				f.kill()
				f.start()
			}
			f.report()
			f.report()
		},
		"killed between the number and the report": func(f *lives) {
			f.answer(2)
			f.report()
			f.sql("UPDATE life SET number = number + 1")
			f.kill()
			f.start()
			f.report()
		},
		"before there were lives": func(f *lives) {
			f.answer(2)
			f.report()
			f.sql("DELETE FROM life")
			if err := storetest.TryExecute(f, f.pg, "UPDATE front SET life = '00000000-0000-0000-0000-000000000000', number = 0"); err != nil {
				f.Fatal(err)
			}
			f.kill()
			f.start()
			f.report()
		},
		"stop and a moved file": func(f *lives) {
			f.answer(2)
			if err := f.p.Stop(f.Context()); err != nil {
				f.Fatal(err)
			}
			f.kill()
			moved := filepath.Join(f.TempDir(), "moved.db")
			if err := os.Rename(f.path, moved); err != nil {
				f.Fatal(err)
			}
			f.path = moved
			f.start()
			f.report()
		},
		"PostgreSQL restored to before": func(f *lives) {
			f.answer(2)
			f.report()
			old := fronts(f.T, f.pg, 1)[0]
			f.kill()
			f.start()
			f.report()
			if err := storetest.TryExecute(f, f.pg, "UPDATE front SET number = 1, life = '"+old.Life.String()+"'"); err != nil {
				f.Fatal(err)
			}
			f.report()
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newLives(t)
			play(f)
			f.want(1, 2)
			if others := f.p.OtherLives(); len(others) != 0 {
				t.Errorf("another life: %+v", others)
			}
		})
	}
}

// TestLivesOfCopies: what PostgreSQL knows of a life that the store does not continue stays.
func TestLivesOfCopies(t *testing.T) {
	t.Parallel()
	for name, play := range map[string]func(f *lives){
		"yesterday's file put back": func(f *lives) {
			f.report()
			backup := f.backup()
			f.answer(5)
			f.report()
			f.kill()
			f.restore(backup)
			f.start()
		},
		"that, and restarted": func(f *lives) {
			f.report()
			backup := f.backup()
			f.answer(5)
			f.report()
			f.kill()
			f.restore(backup)
			f.start()
			f.report()
			f.kill()
			f.start()
		},
		"a file of lives ago": func(f *lives) {
			f.report()
			backup := f.backup()
			for range 3 {
				f.kill()
				f.start()
				f.report()
			}
			f.answer(5)
			f.report()
			f.kill()
			f.restore(backup)
			f.start()
		},
		"a file from before there were lives": func(f *lives) {
			f.sql("DELETE FROM life")
			backup := f.backup()
			f.kill()
			f.start()
			f.answer(5)
			f.report()
			f.kill()
			f.restore(backup)
			f.start()
		},
		"restore after a move": func(f *lives) {
			f.report()
			here, there := f.path, filepath.Join(f.TempDir(), "there.db")
			backup := f.backup()
			f.kill()
			f.path = there
			f.restore(backup)
			f.start()
			f.answer(5)
			f.report()
			f.kill()
			f.path = here
			f.start()
		},
		"a running machine put back": func(f *lives) {
			f.report()
			f.answer(5)
			for range 3 {
				f.report()
			}
			// Its memory and its disk are those of then: the same life, which made one report.
			f.sql("UPDATE life SET number = 1")
			f.sql("DELETE FROM record")
		},
		"the live file replaced": func(f *lives) {
			f.answer(5)
			f.report()
			f.sql("DELETE FROM life")
			f.sql("DELETE FROM record")
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newLives(t)
			play(f)
			for range 3 {
				f.report()
			}
			f.want(2, 5)
		})
	}
}

// TestLivesBesideEachOther: copies that run at the same time have a row each, and hear of each other.
func TestLivesBesideEachOther(t *testing.T) {
	t.Parallel()
	f := newLives(t)
	f.report()
	f.answer(5)
	second := &lives{T: t, pg: f.pg, path: filepath.Join(t.TempDir(), "copy.db")}
	second.restore(f.backup())
	second.start()
	for range 3 { // the first takes the row, the other begins one
		second.report()
		f.report()
	}
	f.want(2, 5, 5)
	for _, p := range []*heartbeat.Heartbeat{f.p, second.p} {
		if duplicate := p.Duplicate(); duplicate == nil {
			t.Error("no duplicate is known")
		}
	}
}

// TestOtherLifeIsNamed: until the other file comes back, or it is retired, it is marked.
func TestOtherLifeIsNamed(t *testing.T) {
	t.Parallel()
	f := newLives(t)
	f.report()
	backup := f.backup()
	f.answer(5)
	f.report()
	f.kill()
	newest := filepath.Join(t.TempDir(), "newest.db")
	if err := os.Rename(f.path, newest); err != nil {
		t.Fatal(err)
	}
	f.restore(backup)
	f.start()
	f.report()
	age := func() { // the dead life is missing for a minute
		t.Helper()
		if err := storetest.TryExecute(t, f.pg, `UPDATE front SET seen = seen - 60000000 WHERE held <> '{}'`); err != nil {
			t.Fatal(err)
		}
	}
	age()
	f.report()
	others := f.p.OtherLives()
	if len(others) != 1 || others[0].Held[storetest.Day].Pending != 5 || !others[0].OtherLife {
		t.Fatalf("other lives: %+v", others)
	}
	obstacles := func(want int) []settlement.FrontObstacle {
		t.Helper()
		// Counted long after the window closed: what is missing is another kind.
		got := settlement.FrontObstacles(fronts(t, f.pg, 2), storetest.Day, time.Unix(0, 0))
		if len(got) != want {
			t.Fatalf("%d obstacles, want %d: %v", len(got), want, got)
		}
		return got
	}
	if o := obstacles(1)[0]; !strings.Contains(o.Problem, "holds 5 records of the day, and the store that reports now does not continue it") {
		t.Errorf("obstacle %v", o)
	}
	if err := f.p.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.kill()

	f.path = newest
	f.start()
	f.report()
	f.report()
	f.want(2, 5)
	if o := obstacles(1)[0]; !strings.Contains(o.Problem, "holds 5 records of the day") || !strings.Contains(o.Next, "it is running") {
		t.Errorf("obstacle %v", o)
	}
	for _, front := range fronts(t, f.pg, 2) {
		if front.OtherLife && (front.Records() > 0 || !front.Stopped) {
			t.Errorf("still another life: %+v", front)
		}
	}
	if others := f.p.OtherLives(); len(others) != 0 {
		t.Errorf("other lives: %+v", others)
	}
}

// A report of a number that PostgreSQL has already changes nothing.
func TestReportOfATakenLife(t *testing.T) {
	t.Parallel()
	f := newLives(t)
	f.report()
	f.answer(5)
	f.report()
	r := fronts(t, f.pg, 1)[0].FrontReport
	r.Held = map[calendar.TradingDay]store.Held{}
	if _, err := f.pg.ReportFront(t.Context(), &r, time.Now); !errors.Is(err, store.ErrLifeTaken) {
		t.Errorf("%v, want it refused", err)
	}
	f.want(1, 5)
}

// TestLifeOfAProcessThatTakesOver: it begins with the first report, behind all that the old process reported meanwhile, and needs nothing
// of the disk before that.
func TestLifeOfAProcessThatTakesOver(t *testing.T) {
	t.Parallel()
	f := newLives(t)
	f.report()
	f.answer(2)
	f.sql("CREATE TRIGGER full BEFORE INSERT ON life BEGIN SELECT RAISE(ABORT, 'no room'); END")
	other := storetest.OpenJournalAt(t, f.path, journal.Options{})
	taker := newHeartbeat(t, other, f.pg, heartbeat.Options{FrontID: 1, Host: "h", TakesOver: true})
	f.report()
	f.kill()
	if err := taker.Report(t.Context()); err == nil || !strings.Contains(err.Error(), "no room") {
		t.Errorf("a report without room: %v", err)
	}
	f.sql("DROP TRIGGER full")
	report(t, taker)
	report(t, taker)
	f.want(1, 2)
	if others := taker.OtherLives(); len(others) != 0 {
		t.Errorf("other lives: %+v", others)
	}
}
