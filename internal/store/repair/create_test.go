package repair_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/localfile"
	"github.com/tradefront/tradefront/internal/store/repair"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/child"
)

func init() { storetest.Children["create"] = createStore } //nolint:gochecknoinits // a child of the tests

// createStore creates a store and prints how long that takes.
func createStore() int {
	fmt.Println("begins")
	began := time.Now()
	l, err := journal.Open(context.Background(), os.Getenv(storetest.PathVariable), journal.Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(time.Since(began).Microseconds())
	_ = l.Close()
	return 0
}

// TestKilledWhileCreated kills the process that makes a store, at moments all over it. The next start
// finds a sound one or none, and leaves nothing behind.
func TestKilledWhileCreated(t *testing.T) {
	t.Parallel()
	const kills = 40
	cmd := storetest.Child(t, "create", filepath.Join(t.TempDir(), "local.db"))
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var micros int64
	if _, err := fmt.Sscanf(string(out), "begins\n%d", &micros); err != nil {
		t.Fatal(err)
	}
	killed := 0
	for i := range kills {
		dir := t.TempDir()
		path := filepath.Join(dir, "local.db")
		cmd := storetest.Child(t, "create", path)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(cmd); err != nil {
			t.Fatal(err)
		}
		if _, err := out.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(rand.Int64N(micros*int64(i+1)/kills+1)) * time.Microsecond)
		_ = cmd.Process.Kill()
		if err := cmd.Wait(); err != nil {
			killed++
		}
		startOn(t, path)
		if found, err := filepath.Glob(path + ".*"); err != nil || len(found) > 0 {
			t.Errorf("left behind: %v, %v", found, err)
		}
	}
	t.Logf("%d of %d were killed before the end, of a creation that takes %d µs", killed, kills, micros)
	if killed < kills/4 {
		t.Errorf("only %d of %d were killed: nothing was tested", killed, kills)
	}
}

// startOn does what a front does at its start, and a login.
func startOn(t *testing.T, path string) {
	t.Helper()
	if err := localfile.PlayRollbackJournal(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	if _, err := repair.Check(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	l := storetest.OpenJournalAt(t, path, journal.Options{})
	rec := storetest.Record(storetest.Day)
	if _, err := l.Append(t.Context(), &rec); err != nil {
		t.Fatal(err)
	}
	storetest.CloseIt(t, l)
}

// TestRemainsOfACreation: what older binaries, or a crash, have left does not keep a start, and does
// not get into the new store.
func TestRemainsOfACreation(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		remain func(t *testing.T, path string)
	}{
		{"an empty file", func(t *testing.T, path string) { storetest.WriteFile(t, path, nil) }},
		{"a journal without a file", func(t *testing.T, path string) { storetest.WriteFile(t, path+"-journal", hotJournal(t)) }},
		{"a journal beside an empty file", func(t *testing.T, path string) {
			storetest.WriteFile(t, path, nil)
			storetest.WriteFile(t, path+"-journal", hotJournal(t))
		}},
		{"a hot journal beside a file", func(t *testing.T, path string) {
			storetest.WriteFile(t, path, make([]byte, 4096))
			storetest.WriteFile(t, path+"-journal", hotJournal(t))
		}},
		{"half a new store", func(t *testing.T, path string) {
			storetest.WriteFile(t, path+".new", make([]byte, 4096))
			storetest.WriteFile(t, path+".new-journal", hotJournal(t))
			storetest.WriteFile(t, path+".new-wal", []byte("x"))
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "local.db")
			test.remain(t, path)
			startOn(t, path)
			for _, suffix := range []string{"-journal", ".new", ".new-wal", ".new-journal"} {
				if _, err := os.Stat(path + suffix); err == nil {
					t.Errorf("%s is still there", path+suffix)
				}
			}
		})
	}
}

// hotJournal is a journal that says: cut the file to nothing. SQLite's, of a first page on its way.
func hotJournal(*testing.T) []byte {
	b := make([]byte, 512)
	copy(b, []byte{0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7})
	b[22], b[23] = 0x02, 0x00 // sectors of 512
	b[26], b[27] = 0x10, 0x00 // pages of 4,096
	return b
}

// TestCreatedOnce: many processes that make the same store at once get one.
func TestCreatedOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "local.db")
	var all sync.WaitGroup
	for range 6 {
		cmd := storetest.Child(t, "create", path)
		all.Go(func() {
			if err := cmd.Run(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	startOn(t, path)
}
