package repair_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/localfile"
	"github.com/tradefront/tradefront/internal/store/repair"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/child"
)

const noonStamp = ".corrupt-20260105T120000Z"

// threeFiles are those of a store, each with its suffix as content.
func threeFiles(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "local.db")
	for _, suffix := range []string{"", "-wal", "-shm"} {
		storetest.WriteFile(t, path+suffix, []byte("old"+suffix))
	}
	return path
}

// wantCorrupt fails unless all three files are moved and none is at path.
func wantCorrupt(t *testing.T, path string) {
	t.Helper()
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if got := string(storetest.ReadFile(t, path+noonStamp+suffix)); got != "old"+suffix {
			t.Errorf("%q holds %q", noonStamp+suffix, got)
		}
	}
	left, err := filepath.Glob(path + "*")
	if err != nil || len(left) != 3 {
		t.Errorf("files: %v, %v; want the three of the corrupt store", left, err)
	}
}

func TestMoveCorrupt(t *testing.T) {
	t.Parallel()
	path := threeFiles(t)
	a, err := localfile.MoveCorrupt(path, storetest.Noon)
	if err != nil {
		t.Fatal(err)
	}
	wantCorrupt(t, path)
	want := []localfile.CorruptStore{{Path: path + noonStamp, Time: storetest.Noon, Bytes: int64(len("old") + len("old-wal"))}}
	got, err := localfile.ListCorrupt(path)
	if diff := cmp.Diff(want, got); diff != "" || err != nil || a.Path != want[0].Path {
		t.Errorf("corrupt stores: %v, %+v\n%s", err, a, diff)
	}
	storetest.WriteFile(t, path, nil)
	if a, err = localfile.MoveCorrupt(path, storetest.Noon); err != nil || !a.Time.Equal(storetest.Noon.Add(time.Second)) {
		t.Errorf("a second one in the same second: %+v, %v", a, err)
	}
}

// TestWALAlone: a log whose file is gone or empty, which SQLite deletes when it opens the file, is
// not opened by any process, moved, listed, and its records are recovered.
func TestWALAlone(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(path string) error{
		"gone": os.Remove, "empty": func(path string) error { return os.Truncate(path, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			path, recs := killedStore(t, 100, 20)
			if err := lose(path); err != nil {
				t.Fatal(err)
			}
			log := string(storetest.ReadFile(t, path+"-wal"))
			if l, err := journal.Open(t.Context(), path, journal.Options{}); err == nil {
				storetest.CloseIt(t, l)
				t.Error("it was opened")
			}
			if _, err := repair.Inspect(t.Context(), path); !errors.Is(err, store.ErrDamaged) {
				t.Errorf("inspect: %v", err)
			}
			if _, err := localfile.MoveCorrupt(path, storetest.Noon); err != nil {
				t.Fatal(err)
			}
			stores, err := localfile.ListCorrupt(path)
			if err != nil || len(stores) != 1 {
				t.Fatalf("corrupt stores: %v, %v", stores, err)
			}
			l := storetest.OpenJournalAt(t, path, journal.Options{})
			if did, err := repair.Adopt(t.Context(), l, stores[0]); err != nil || did.Missing() == nil {
				t.Errorf("adopt: %+v, %v", did, err)
			}
			if _, err := repair.InspectCorrupt(t.Context(), stores[0].Path); err != nil {
				t.Errorf("inspect: %v", err)
			}
			if string(storetest.ReadFile(t, stores[0].Path+"-wal")) != log {
				t.Error("the log is not what it was")
			}
			if did, err := repair.Recover(t.Context(), l, stores[0], nil); err != nil || did.Saved < 20 {
				t.Errorf("%+v, %v; want the 20 records of the log at least", did, err)
			}
			wantSome(t, l, recs)
		})
	}
}

// wantSome fails if l holds a record that is none of recs.
func wantSome(t *testing.T, l *journal.Journal, recs []store.Record) {
	t.Helper()
	written := make(map[uuid.UUID]store.Record)
	for _, r := range recs {
		written[r.ID] = r
	}
	for id, got := range storetest.Stored(t, l, storetest.Day) {
		if want, ok := written[id]; !ok || !storetest.SameRecord(want, got) {
			t.Errorf("%v was never written like this", id)
		}
	}
}

// TestMoveCorruptByLink: the store that a link leads to is moved, with its WAL; not the link.
func TestMoveCorruptByLink(t *testing.T) {
	t.Parallel()
	path := threeFiles(t)
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if _, err := localfile.MoveCorrupt(link, storetest.Noon); err != nil {
		t.Fatal(err)
	}
	wantCorrupt(t, path)
}

// TestMoveCorruptCrash: after a crash between any two steps no process opens what is left, and the
// next start ends what was begun, without touching a file twice.
func TestMoveCorruptCrash(t *testing.T) {
	t.Parallel()
	for moved := range 4 {
		t.Run(fmt.Sprint(moved, " files moved"), func(t *testing.T) {
			path := threeFiles(t)
			storetest.WriteFile(t, path+".set-aside", []byte(filepath.Base(path)+noonStamp))
			for _, suffix := range []string{"-shm", "-wal", ""}[:moved] {
				if err := os.Rename(path+suffix, path+noonStamp+suffix); err != nil {
					t.Fatal(err)
				}
			}
			if l, err := journal.Open(t.Context(), path, journal.Options{}); err == nil {
				storetest.CloseIt(t, l)
				t.Fatal("a store that has half moved was opened")
			}
			for range 2 { // the second has nothing to do
				if err := localfile.FinishMove(path); err != nil {
					t.Fatal(err)
				}
				wantCorrupt(t, path)
			}
		})
	}
}

// TestMoveCorruptInUse: a store that another process has open stays where it is.
func TestMoveCorruptInUse(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "local.db")
	cmd := storetest.Child(t, "append", path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(cmd); err != nil {
		t.Fatal(err)
	}
	if !bufio.NewScanner(out).Scan() {
		t.Fatal("the child appends nothing")
	}
	if _, err := localfile.MoveCorrupt(path, storetest.Noon); err == nil {
		t.Error("a store in use was moved away")
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if _, err := localfile.MoveCorrupt(path, storetest.Noon); err != nil {
		t.Errorf("after its end: %v", err)
	}
}

// killedStore is a store as a kill leaves it: rows in the file, and n more in its log, one
// commit each.
func killedStore(t *testing.T, rows, n int) (path string, recs []store.Record) {
	t.Helper()
	live := filepath.Join(t.TempDir(), "live.db")
	first := storetest.OpenJournalAt(t, live, journal.Options{})
	recs = storetest.Records(storetest.Day, rows)
	if err := first.Put(t.Context(), recs); err != nil {
		t.Fatal(err)
	}
	storetest.CloseIt(t, first) // folds the WAL into the file
	l := storetest.OpenJournalAt(t, live, journal.Options{})
	more := storetest.Records(storetest.Day, n)
	storetest.AppendAll(t, l, more)
	path = filepath.Join(t.TempDir(), "local.db")
	for _, suffix := range []string{"", "-wal"} {
		// In a process of its own: closing a descriptor here would drop our locks.
		if out, err := exec.Command("cp", live+suffix, path+suffix).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	return path, append(recs, more...)
}

const frameLen = 24 + 4096

// TestCheckLocal: what is damaged is told from what a crash leaves.
func TestCheckLocal(t *testing.T) {
	t.Parallel()
	at := func(b []byte, offset int) []byte { b[offset] ^= 0x55; return b }
	for _, test := range []struct {
		name    string
		damage  func(file, log []byte) (newFile, newLog []byte)
		damaged bool
	}{
		{"as a kill leaves it", func(f, l []byte) ([]byte, []byte) { return f, l }, false},
		{"without its log", func(f, _ []byte) ([]byte, []byte) { return f, nil }, false},
		{"torn in the last frame", func(f, l []byte) ([]byte, []byte) { return f, l[:len(l)-100] }, false},
		{"the last frame never reached the disk", func(f, l []byte) ([]byte, []byte) { clear(l[len(l)-frameLen:]); return f, l }, false},
		{"a frame in the middle flipped", func(f, l []byte) ([]byte, []byte) { return f, at(l, 32+20*frameLen+500) }, true},
		{"the log's header flipped", func(f, l []byte) ([]byte, []byte) { return f, at(l, 17) }, true},
		{"magic flipped", func(f, _ []byte) ([]byte, []byte) { return at(f, 3), nil }, true},
		{"magic flipped, the log holds that page", func(f, l []byte) ([]byte, []byte) { return at(f, 3), l }, false},
		{"header zeroed", func(f, _ []byte) ([]byte, []byte) { clear(f[:100]); return f, nil }, true},
		{"truncated", func(f, _ []byte) ([]byte, []byte) { return f[:len(f)/2], nil }, true},
		{"emptied beside its log", func(_, l []byte) ([]byte, []byte) { return []byte{}, l }, true},
		{"a page of records zeroed", func(f, _ []byte) ([]byte, []byte) { clear(f[50*4096 : 51*4096]); return f, nil }, true},
		{"a page's kind flipped", func(f, _ []byte) ([]byte, []byte) { return at(f, 60*4096), nil }, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			path, _ := killedStore(t, 500, 20)
			file, log := test.damage(storetest.ReadFile(t, path), storetest.ReadFile(t, path+"-wal"))
			storetest.WriteFile(t, path, file)
			if err := os.Remove(path + "-wal"); err != nil {
				t.Fatal(err)
			}
			if log != nil {
				storetest.WriteFile(t, path+"-wal", log)
			}
			whole, err := repair.Check(t.Context(), path)
			if errors.Is(err, store.ErrDamaged) != test.damaged || whole != (err == nil) {
				t.Errorf("whole %v, %v; want damaged: %v", whole, err, test.damaged)
			}
			if test.damaged {
				if got := storetest.ReadFile(t, path); string(got) != string(file) {
					t.Error("the check changed the file")
				}
				return
			}
			l := storetest.OpenJournalAt(t, path, journal.Options{})
			if n := len(storetest.Stored(t, l, storetest.Day)); n < 500 {
				t.Errorf("%d records", n)
			}
		})
	}
}

// TestAdopt: a new store takes over AppIDs, accounts and the ledger, once, and gives out no
// seq that an export could have seen.
func TestAdopt(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "local.db")
	old := storetest.OpenJournalAt(t, path, journal.Options{})
	accounts := storetest.Accounts(30)
	for _, a := range accounts {
		if err := directory.New(old.Tables()).AddAccount(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	last := storetest.AppendAll(t, old, storetest.Records(storetest.Day, 5))
	if err := old.AddExport(t.Context(), storetest.ExportOf(storetest.Day, store.Position(fmt.Sprint(last+10)))); err != nil {
		t.Fatal(err)
	}
	storetest.CloseIt(t, old)
	corrupt, err := localfile.MoveCorrupt(path, storetest.Noon)
	if err != nil {
		t.Fatal(err)
	}
	l := storetest.OpenJournalAt(t, path, journal.Options{})
	for n, want := range []int{len(accounts), 0} { // the second finds them there
		did, err := repair.Adopt(t.Context(), l, corrupt)
		if err != nil || did.Missing() != nil || did.Rows["account"] != want {
			t.Errorf("call %d: %+v, %v", n, did, err)
		}
	}
	got, err := directory.New(l.Tables()).Accounts(t.Context())
	if diff := cmp.Diff(accounts, got); diff != "" || err != nil {
		t.Errorf("accounts: %v\n%s", err, diff)
	}
	if seq := storetest.AppendAll(t, l, storetest.Records(storetest.Day, 1)); seq <= last+10 {
		t.Errorf("the first new record has seq %d, an export saw up to %d", seq, last+10)
	}
}
