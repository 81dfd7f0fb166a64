package archive

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/files"
	"github.com/tradefront/tradefront/internal/pgurl"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/await"
)

// A test binary that finds stepVariable in its environment archives const day of the database and into the folder given, and kills itself at
// that step.
const (
	stepVariable = "TRADEFRONT_ARCHIVE_TEST_STEP"
	urlVariable  = "TRADEFRONT_ARCHIVE_TEST_URL"
	outVariable  = "TRADEFRONT_ARCHIVE_TEST_OUT"
)

// The steps of an archive at which a run is killed.
const (
	whileWritten = "the file is half written"
	beforeLedger = "the file has its name"
	inCommit     = "the transaction waits" // it is the test that kills
	afterCommit  = "the transaction is committed"
	inDestroy    = "the ledger says destroyed"
)

// crashRows are the records of the day.
const crashRows = 100

// archiveAndDie is the child's whole work.
func archiveAndDie(step string) int {
	err := func() error {
		ctx := context.Background()
		url, err := pgurl.Parse(os.Getenv(urlVariable))
		if err != nil {
			return err
		}
		db, err := postgres.Open(ctx, url, postgres.Options{})
		if err != nil {
			return err
		}
		out := os.Getenv(outVariable)
		if step == inDestroy {
			_, err := Destroy(ctx, mortalLedger{db}, filepath.Join(out, FileName("0001", day, 1)), 20, windowEnd.AddDate(30, 0, 0))
			return err
		}
		s, status := officeSealer(db, out), officeStatus(crashRows)
		s.Store = mortal{db, step}
		_, err = s.Seal(ctx, &status)
		return err
	}()
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// die is kill -9.
func die() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	time.Sleep(time.Hour) // the signal is on its way
}

// mortal is a store whose process dies at a step.
type mortal struct {
	Store
	step string
}

func (m mortal) ScanArrivals(ctx context.Context, day calendar.TradingDay, f func(*store.Record, int64) error) (store.Position, error) {
	n := 0
	return m.Store.ScanArrivals(ctx, day, func(r *store.Record, arrival int64) error {
		if n++; m.step == whileWritten && n == crashRows/2 {
			die()
		}
		return f(r, arrival)
	})
}

func (m mortal) Detach(ctx context.Context, a *store.Archive, at store.Position) error {
	if m.step == beforeLedger {
		die()
	}
	err := m.Store.Detach(ctx, a, at)
	if m.step == afterCommit && err == nil {
		die()
	}
	return err
}

// mortalLedger dies once the ledger has the new state.
type mortalLedger struct{ LaterStore }

func (m mortalLedger) SetArchive(ctx context.Context, a *store.Archive, state store.ArchiveState, at time.Time) error {
	if err := m.LaterStore.SetArchive(ctx, a, state, at); err != nil {
		return err
	}
	die()
	return nil
}

// TestKilledArchive: wherever kill -9 hits, each record is in the store or in a whole file of the ledger, and in one of them; the next run
// completes what was begun.
func TestKilledArchive(t *testing.T) {
	t.Parallel()
	url := storetest.Migrated(t)
	o := newOfficeAt(t, url, crashRows)
	run := func(step string) *exec.Cmd {
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(self)
		cmd.Env = append(os.Environ(), stepVariable+"="+step, urlVariable+"="+url, outVariable+"="+o.Out)
		return cmd
	}
	killed := func(step string) {
		t.Helper()
		out, err := run(step).CombinedOutput()
		var status *exec.ExitError
		if !errors.As(err, &status) || status.Exited() {
			t.Fatalf("%s: the child was not killed: %v\n%s", step, err, out)
		}
		o.wantAll(t, step)
	}
	path := filepath.Join(o.Out, FileName("0001", day, 1))
	for _, step := range []string{whileWritten, beforeLedger} {
		killed(step)
		storetest.WantExactly(t, o.db, day, o.recs)
	}
	killInCommit(t, url, run(inCommit))
	o.wantAll(t, inCommit)
	storetest.WantExactly(t, o.db, day, o.recs)
	makeOld(t, path)
	killed(afterCommit)
	storetest.WantExactly(t, o.db, day, nil)
	if ledger, err := o.db.Archives(t.Context(), day); err != nil || len(ledger) != 1 || ledger[0].Records != crashRows {
		t.Errorf("%+v, %v", ledger, err)
	}
	if left, err := filepath.Glob(filepath.Join(o.Out, ".*")); err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}

	out, err := run(inDestroy).CombinedOutput()
	if _, there := os.Stat(path); err == nil || there != nil {
		t.Fatalf("%v\n%s", there, out)
	}
	if a, err := Destroy(t.Context(), o.db, path, 20, windowEnd.AddDate(30, 0, 0)); err != nil || a.State != store.ArchiveDestroyed {
		t.Errorf("%+v, %v", a, err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Error("the destroyed file is there:", err)
	}
}

// killInCommit kills the child when its transaction has detached the day and waits before it notes it in the ledger.
func killInCommit(t *testing.T, url string, child *exec.Cmd) {
	t.Helper()
	holder := storetest.Session(t, url)
	storetest.RunSQL(t, holder, "SELECT pg_advisory_lock(77)",
		"CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_xact_lock(77); RETURN NEW; END'",
		"CREATE TRIGGER wait BEFORE INSERT ON archive FOR EACH ROW EXECUTE FUNCTION wait()")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	await.True(t, "the child waits in its transaction", func() bool {
		waits := false
		err := holder.QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 77 AND NOT granted "+
			"AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))").Scan(&waits)
		return err == nil && waits
	})
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := child.Wait(); err == nil {
		t.Fatal("the child was not killed")
	}
	// Waits until PostgreSQL has given the child's transaction up.
	storetest.RunSQL(t, holder, "SELECT pg_advisory_unlock(77)", "DROP TRIGGER wait ON archive", "DROP FUNCTION wait()")
}

// makeOld makes the temporary file that the killed run left older than the minute in which it could belong to one that lives.
func makeOld(t *testing.T, path string) {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+"*"))
	if err != nil || len(left) == 0 {
		t.Fatalf("no temporary file is left: %v, %v", left, err)
	}
	for _, name := range left {
		if err := os.Chtimes(name, time.Time{}, time.Now().Add(-time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	if len(files.Leftovers(path)) != len(left) {
		t.Errorf("%v are left, and not taken for that", left)
	}
}
