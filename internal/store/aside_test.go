package store_test

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

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

var noon = time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)

const noonStamp = ".corrupt-20260105T120000Z"

// threeFiles are those of a store, each with its suffix as content.
func threeFiles(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "local.db")
	for _, suffix := range []string{"", "-wal", "-shm"} {
		writeFile(t, path+suffix, []byte("old"+suffix))
	}
	return path
}

func writeFile(t testing.TB, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// wantAside fails unless all three files stand aside and none at path.
func wantAside(t *testing.T, path string) {
	t.Helper()
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if got := string(readFile(t, path+noonStamp+suffix)); got != "old"+suffix {
			t.Errorf("%q holds %q", noonStamp+suffix, got)
		}
	}
	left, err := filepath.Glob(path + "*")
	if err != nil || len(left) != 3 {
		t.Errorf("files: %v, %v; want the three set aside", left, err)
	}
}

func TestMoveAside(t *testing.T) {
	path := threeFiles(t)
	a, err := store.MoveAside(path, noon)
	if err != nil {
		t.Fatal(err)
	}
	wantAside(t, path)
	want := []store.Aside{{Path: path + noonStamp, Time: noon, Bytes: int64(len("old") + len("old-wal"))}}
	got, err := store.SetAside(path)
	if diff := cmp.Diff(want, got); diff != "" || err != nil || a.Path != want[0].Path {
		t.Errorf("set aside: %v, %+v\n%s", err, a, diff)
	}
	writeFile(t, path, nil)
	if a, err = store.MoveAside(path, noon); err != nil || !a.Time.Equal(noon.Add(time.Second)) {
		t.Errorf("a second one in the same second: %+v, %v", a, err)
	}
}

// TestLogAlone: a log whose file is gone or empty, which SQLite deletes when it opens the file, is
// kept from everybody, set aside, listed, and its records are recovered.
func TestLogAlone(t *testing.T) {
	for name, lose := range map[string]func(path string) error{
		"gone": os.Remove, "empty": func(path string) error { return os.Truncate(path, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			path, recs := killedStore(t, 100, 20)
			if err := lose(path); err != nil {
				t.Fatal(err)
			}
			log := string(readFile(t, path+"-wal"))
			if l, err := store.OpenLocal(t.Context(), path, store.LocalOptions{}); err == nil {
				closeIt(t, l)
				t.Error("it was opened")
			}
			if _, err := store.InspectLocal(t.Context(), path); !errors.Is(err, store.ErrDamaged) {
				t.Errorf("inspect: %v", err)
			}
			if _, err := store.MoveAside(path, noon); err != nil {
				t.Fatal(err)
			}
			asides, err := store.SetAside(path)
			if err != nil || len(asides) != 1 {
				t.Fatalf("set aside: %v, %v", asides, err)
			}
			l := openLocalAt(t, path, store.LocalOptions{})
			if did, err := store.Adopt(t.Context(), l, asides[0]); err != nil || did.Missing() == nil {
				t.Errorf("adopt: %+v, %v", did, err)
			}
			if _, err := store.InspectAside(t.Context(), asides[0].Path); err != nil {
				t.Errorf("inspect: %v", err)
			}
			if string(readFile(t, asides[0].Path+"-wal")) != log {
				t.Error("the log is not what it was")
			}
			if did, err := store.Recover(t.Context(), l, asides[0], nil); err != nil || did.Saved < 20 {
				t.Errorf("%+v, %v; want the 20 records of the log at least", did, err)
			}
			wantSome(t, l, recs)
		})
	}
}

// wantSome fails if l holds a record that is none of recs.
func wantSome(t *testing.T, l *store.Local, recs []store.Record) {
	t.Helper()
	written := make(map[uuid.UUID]store.Record)
	for _, r := range recs {
		written[r.ID] = r
	}
	for id, got := range stored(t, l, storetest.Day) {
		if want, ok := written[id]; !ok || !sameRecord(want, got) {
			t.Errorf("%v was never written like this", id)
		}
	}
}

// TestMoveAsideByLink: what a link leads to is set aside, with its log; not the link.
func TestMoveAsideByLink(t *testing.T) {
	path := threeFiles(t)
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if _, err := store.MoveAside(link, noon); err != nil {
		t.Fatal(err)
	}
	wantAside(t, path)
}

// TestMoveAsideCrash: after a crash between any two steps nobody opens what is left, and the
// next start ends what was begun, without touching a file twice.
func TestMoveAsideCrash(t *testing.T) {
	for moved := range 4 {
		t.Run(fmt.Sprint(moved, " files moved"), func(t *testing.T) {
			path := threeFiles(t)
			writeFile(t, path+".set-aside", []byte(filepath.Base(path)+noonStamp))
			for _, suffix := range []string{"-shm", "-wal", ""}[:moved] {
				if err := os.Rename(path+suffix, path+noonStamp+suffix); err != nil {
					t.Fatal(err)
				}
			}
			if l, err := store.OpenLocal(t.Context(), path, store.LocalOptions{}); err == nil {
				closeIt(t, l)
				t.Fatal("a store that has half moved was opened")
			}
			for range 2 { // the second has nothing to do
				if err := store.FinishAside(path); err != nil {
					t.Fatal(err)
				}
				wantAside(t, path)
			}
		})
	}
}

// TestMoveAsideInUse: a store that another process has open stays where it is.
func TestMoveAsideInUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "local.db")
	cmd := child(t, "append", path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if !bufio.NewScanner(out).Scan() {
		t.Fatal("the child appends nothing")
	}
	if _, err := store.MoveAside(path, noon); err == nil {
		t.Error("a store in use was moved away")
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if _, err := store.MoveAside(path, noon); err != nil {
		t.Errorf("after its end: %v", err)
	}
}

// killedStore is a store as a kill leaves it: rows in the file, and n more in its log, one
// commit each.
func killedStore(t *testing.T, rows, n int) (path string, recs []store.Record) {
	t.Helper()
	live := filepath.Join(t.TempDir(), "live.db")
	first := openLocalAt(t, live, store.LocalOptions{})
	recs = storetest.Records(storetest.Day, rows)
	if err := first.Put(t.Context(), recs); err != nil {
		t.Fatal(err)
	}
	closeIt(t, first) // folds the log into the file
	l := openLocalAt(t, live, store.LocalOptions{})
	more := storetest.Records(storetest.Day, n)
	appendAll(t, l, more)
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
			file, log := test.damage(readFile(t, path), readFile(t, path+"-wal"))
			writeFile(t, path, file)
			if err := os.Remove(path + "-wal"); err != nil {
				t.Fatal(err)
			}
			if log != nil {
				writeFile(t, path+"-wal", log)
			}
			whole, err := store.CheckLocal(t.Context(), path)
			if errors.Is(err, store.ErrDamaged) != test.damaged || whole != (err == nil) {
				t.Errorf("whole %v, %v; want damaged: %v", whole, err, test.damaged)
			}
			if test.damaged {
				if got := readFile(t, path); string(got) != string(file) {
					t.Error("the check changed the file")
				}
				return
			}
			l := openLocalAt(t, path, store.LocalOptions{})
			if n := len(stored(t, l, storetest.Day)); n < 500 {
				t.Errorf("%d records", n)
			}
		})
	}
}

// TestAdopt: a new store takes over AppIDs, accounts and the ledger, once, and gives out no
// seq that an export could have seen.
func TestAdopt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "local.db")
	old := openLocalAt(t, path, store.LocalOptions{})
	accounts := storetest.Accounts(30)
	for _, a := range accounts {
		if err := store.NewDirectory(old.Tables()).AddAccount(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	last := appendAll(t, old, storetest.Records(storetest.Day, 5))
	if err := old.AddExport(t.Context(), exportOf(storetest.Day, store.Position(fmt.Sprint(last+10)))); err != nil {
		t.Fatal(err)
	}
	closeIt(t, old)
	aside, err := store.MoveAside(path, noon)
	if err != nil {
		t.Fatal(err)
	}
	l := openLocalAt(t, path, store.LocalOptions{})
	for n, want := range []int{len(accounts), 0} { // the second finds them there
		did, err := store.Adopt(t.Context(), l, aside)
		if err != nil || did.Missing() != nil || did.Rows["account"] != want {
			t.Errorf("call %d: %+v, %v", n, did, err)
		}
	}
	got, err := store.NewDirectory(l.Tables()).Accounts(t.Context())
	if diff := cmp.Diff(accounts, got); diff != "" || err != nil {
		t.Errorf("accounts: %v\n%s", err, diff)
	}
	if seq := appendAll(t, l, storetest.Records(storetest.Day, 1)); seq <= last+10 {
		t.Errorf("the first new record has seq %d, an export saw up to %d", seq, last+10)
	}
}
