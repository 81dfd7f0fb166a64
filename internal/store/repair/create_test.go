package repair_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
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

func init() { //nolint:gochecknoinits // children of the tests
	storetest.Children["create"] = func() int { return createStore(os.Getenv(storetest.PathVariable)) }
	storetest.Children["create on"] = createUntilKilled
}

// createStore creates a store and prints how long that takes.
func createStore(path string) int {
	fmt.Println("begins", path)
	began := time.Now()
	l, err := journal.Open(context.Background(), path, journal.Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println("took", time.Since(began).Microseconds())
	_ = l.Close()
	return 0
}

// createUntilKilled creates one store after the other, in a folder.
func createUntilKilled() (exit int) {
	for i := 0; exit == 0; i++ {
		exit = createStore(filepath.Join(os.Getenv(storetest.PathVariable), fmt.Sprintf("%d.db", i)))
	}
	return exit
}

// TestKilledWhileCreated kills the process that makes stores, at moments all over the making of one. The next start
// finds a sound one or none, and leaves nothing behind.
func TestKilledWhileCreated(t *testing.T) {
	t.Parallel()
	const kills = 40
	cmd := storetest.Child(t, "create", filepath.Join(t.TempDir(), "local.db"))
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var path string
	var micros int64
	if _, err := fmt.Sscanf(string(out), "begins %s\ntook %d", &path, &micros); err != nil {
		t.Fatal(err)
	}
	killed := 0
	for range kills {
		cmd := storetest.Child(t, "create on", t.TempDir())
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(cmd); err != nil {
			t.Fatal(err)
		}
		said := bufio.NewReader(out)
		if _, err := said.Peek(1); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(rand.Int64N(2*micros)) * time.Microsecond) // the first one, or one behind it
		_ = cmd.Process.Kill()
		lines, err := io.ReadAll(said)
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err == nil {
			t.Fatal("the child ended before it was killed")
		}
		last := string(lines[bytes.LastIndex(lines, []byte("begins ")):])
		if _, err := fmt.Sscanf(last, "begins %s\ntook %d", &path, new(int64)); err != nil {
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
