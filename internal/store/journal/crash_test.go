package journal_test

import (
	"bufio"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/child"
	"github.com/tradefront/tradefront/test/testmain"
)

// TestKilledProcessLosesNoAnsweredRecord kills a front at random moments, again and again
// on the same file: answered ⊆ stored, no RecordID twice.
func TestKilledProcessLosesNoAnsweredRecord(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "local.db")
	answered := make(map[uuid.UUID]bool)
	for range testmain.Fewer(8, 3) {
		cmd := storetest.Child(t, "append", path)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(cmd); err != nil {
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

		l, err := journal.Open(t.Context(), path, journal.Options{})
		if err != nil {
			t.Fatal(err)
		}
		found := storetest.Stored(t, l, storetest.Day)
		for id := range answered {
			if _, ok := found[id]; !ok {
				t.Errorf("%v was answered and is lost", id)
			}
		}
		wantSeen(t, l, found)
		storetest.CloseIt(t, l)
	}
	if len(answered) < 3 {
		t.Fatalf("only %d records were answered: nothing was tested", len(answered))
	}
}
