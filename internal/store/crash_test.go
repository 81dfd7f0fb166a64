package store_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

// A test binary that finds childVariable in its environment is a child process of one of
// its own tests and does what that says instead.
const (
	childVariable = "TRADEFRONT_STORE_TEST_CHILD"
	pathVariable  = "TRADEFRONT_STORE_TEST_PATH"
)

var children = map[string]func() int{"append": appendUntilKilled}

// child prepares this binary to run as the named child on the local store at path.
func child(t *testing.T, name, path string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childVariable+"="+name, pathVariable+"="+path)
	cmd.Stderr = os.Stderr
	return cmd
}

// appendUntilKilled appends from many goroutines and prints each RecordID once Append
// has returned: the front's answer to the terminal.
func appendUntilKilled() int {
	l, err := store.OpenLocal(context.Background(), os.Getenv(pathVariable), store.LocalOptions{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	var answer sync.Mutex
	for range 16 {
		go func() {
			for {
				rec := seenRecord(storetest.Day)
				if _, err := l.Append(context.Background(), &rec); err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
				answer.Lock()
				fmt.Println(rec.ID)
				answer.Unlock()
			}
		}()
	}
	select {}
}

// TestKilledProcessLosesNoAnsweredRecord kills a front at random moments, again and again
// on the same file: answered ⊆ stored, no RecordID twice.
func TestKilledProcessLosesNoAnsweredRecord(t *testing.T) {
	path := filepath.Join(t.TempDir(), "local.db")
	answered := make(map[uuid.UUID]bool)
	for range 8 {
		cmd := child(t, "append", path)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines, killAt := bufio.NewScanner(out), 1+rand.IntN(3000)
		for n := 1; lines.Scan(); n++ {
			// Also what the dying process has written after the last we waited for. A torn
			// line is no answer.
			if id, err := uuid.Parse(lines.Text()); err == nil {
				answered[id] = true
			}
			if n == killAt {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := cmd.Wait(); err == nil || cmd.ProcessState.Exited() {
			t.Fatalf("the child was not killed: %v", err)
		}

		l, err := store.OpenLocal(t.Context(), path, store.LocalOptions{})
		if err != nil {
			t.Fatal(err)
		}
		found := stored(t, l, storetest.Day)
		for id := range answered {
			if _, ok := found[id]; !ok {
				t.Errorf("%v was answered and is lost", id)
			}
		}
		wantSeen(t, l, found)
		closeIt(t, l)
	}
	if len(answered) < 8 {
		t.Fatalf("only %d records were answered: nothing was tested", len(answered))
	}
}
