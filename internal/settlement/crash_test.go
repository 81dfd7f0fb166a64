package settlement

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tradefront/tradefront/configs"
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

// A test binary that finds childVariable in its environment is a child process of one of
// its own tests and does what that says instead, on the store and the folder given.
const (
	childVariable = "TRADEFRONT_SETTLEMENT_TEST_CHILD"
	storeVariable = "TRADEFRONT_SETTLEMENT_TEST_STORE"
	dirVariable   = "TRADEFRONT_SETTLEMENT_TEST_DIR"
	atVariable    = "TRADEFRONT_SETTLEMENT_TEST_AT"
)

var children = map[string]func() int{
	"export":  childExport,
	"limited": func() int { limitFiles(); return childExport() },
}

// limitFiles makes the kernel refuse to write more than 64 KiB into a file.
func limitFiles() {
	signal.Ignore(syscall.SIGXFSZ) // so that the write fails instead
	limit := syscall.Rlimit{Cur: 64 << 10, Max: 64 << 10}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		panic(err)
	}
}

// childExport exports const day, and kills itself where atVariable says: a step's name, or
// after so many records.
func childExport() int {
	fail := func(err error) int { fmt.Fprintln(os.Stderr, err); return 1 }
	l, err := journal.Open(context.Background(), os.Getenv(storeVariable), journal.Options{})
	if err != nil {
		return fail(err)
	}
	cal, err := calendar.Parse(configs.Calendar)
	if err != nil {
		return fail(err)
	}
	at := os.Getenv(atVariable)
	records, _ := strconv.Atoi(at) // a step's name is no number
	x := Exporter{
		Store: killingStore{l, records}, StoreKind: "embedded", Calendar: cal, UnitID: "0001", OutDir: os.Getenv(dirVariable),
		Version: "v1", Host: "h", Now: func() time.Time { return afterClose },
		reached: func(step string) {
			if step == at {
				kill()
			}
		},
	}
	if _, err := x.Export(context.Background(), day, store.FullExport); err != nil {
		return fail(err)
	}
	return 0
}

func kill() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	time.Sleep(time.Hour) // the signal is on its way
}

// killingStore kills the process after so many records, 0 for never.
type killingStore struct {
	*journal.Journal
	after int
}

func (k killingStore) Snapshot(ctx context.Context, d calendar.TradingDay) (store.Snapshot, error) {
	s, err := k.Journal.Snapshot(ctx, d)
	return killingSnapshot{s, k.after}, err
}

type killingSnapshot struct {
	store.Snapshot
	after int
}

func (k killingSnapshot) Scan(ctx context.Context, after store.Position, f func(*store.Record) error) error {
	n := 0
	return k.Snapshot.Scan(ctx, after, func(r *store.Record) error {
		if n++; n == k.after {
			kill()
		}
		return f(r)
	})
}

func child(t testing.TB, name, db, dir, at string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childVariable+"="+name, storeVariable+"="+db, dirVariable+"="+dir, atVariable+"="+at)
	return cmd
}

// TestKilledExport: wherever kill -9 hits, the name has the report from before
// or the new one, whole, with a manifest; and the next export ends as if nothing had been.
func TestKilledExport(t *testing.T) {
	const before, all = 1200, 1500
	for _, at := range []string{"1", "700", "1500", "written", "manifest renamed", "report renamed"} {
		for _, replaces := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, replaces %v", at, replaces), func(t *testing.T) {
				db, dir := filepath.Join(t.TempDir(), "local.db"), t.TempDir()
				l := openLocal(t, db)
				recs := storetest.Records(day, all)
				var old []byte
				if replaces {
					put(t, l, recs[:before]...)
					mustExport(t, exporter(t, l, dir), store.FullExport)
					old, _ = os.ReadFile(reportPath(dir, ""))
				}
				put(t, l, recs...)
				out, err := child(t, "export", db, dir, at).CombinedOutput()
				var status *exec.ExitError
				if !errors.As(err, &status) || status.Exited() {
					t.Fatalf("the child was not killed: %v\n%s", err, out)
				}
				stands, err := os.ReadFile(reportPath(dir, ""))
				switch {
				case at == "report renamed":
					wantFile(t, reportPath(dir, ""), store.FullExport, recs)
				case replaces:
					if err != nil || !bytes.Equal(stands, old) {
						t.Errorf("the report from before is gone: %d bytes, %v", len(stands), err)
					}
				case !os.IsNotExist(err):
					t.Errorf("%d bytes are under the name, %v", len(stands), err)
				}
				mustExport(t, exporter(t, l, dir), store.FullExport)
				wantFile(t, reportPath(dir, ""), store.FullExport, recs)
			})
		}
	}
}

// TestFullDisk: the kernel refuses to write on, by a limit on files and, as root, by a
// disk that is really full.
func TestFullDisk(t *testing.T) {
	for _, name := range []string{"limited", "export"} {
		dir := t.TempDir()
		if name == "export" && !smallDisk(t, dir) {
			t.Log("no right to mount: the limit on files alone was tested")
			continue
		}
		t.Run(name, func(t *testing.T) {
			db := filepath.Join(t.TempDir(), "local.db")
			l := openLocal(t, db)
			few := storetest.Records(day, 20)
			put(t, l, few...)
			mustExport(t, exporter(t, l, dir), store.FullExport)
			put(t, l, storetest.Records(day, 3000)...)
			// Readers of a SQLite file in WAL mode write to its index: it must be there.
			out, err := child(t, name, db, dir, "").CombinedOutput()
			if err == nil || !strings.Contains(string(out), "has no room for the report") {
				t.Errorf("%v\n%s", err, out)
			}
			wantFile(t, reportPath(dir, ""), store.FullExport, few)
			if got := names(t, dir); len(got) != 2 {
				t.Errorf("left %v", got)
			}
			if got, err := l.Exports(t.Context(), day); err != nil || len(got) != 1 {
				t.Errorf("ledger %v, %v", got, err)
			}
		})
	}
}

// TestReadOnlyFolder: by its rights, or as root by a mount.
func TestReadOnlyFolder(t *testing.T) {
	dir := t.TempDir()
	if os.Geteuid() == 0 {
		if !smallDisk(t, dir) {
			t.Log("root without the right to mount: nothing is read-only to it")
			return
		}
		makeReadOnly(t, dir)
	} else if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	l := openLocal(t, filepath.Join(t.TempDir(), "local.db"))
	put(t, l, storetest.Records(day, 3)...)
	if _, err := exporter(t, l, dir).Export(t.Context(), day, store.FullExport); err == nil || !strings.Contains(err.Error(), "may not be written to") {
		t.Errorf("%v", err)
	}
}
