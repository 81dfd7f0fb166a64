package journal_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/child"
)

func init() { storetest.Children["hold-lock"] = holdLock } //nolint:gochecknoinits // a child of the tests

// holdLock takes the write lock of a store and keeps it until its standard input ends.
func holdLock() int {
	release, err := storetest.HoldLock(os.Getenv(storetest.PathVariable))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println("held")
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	release()
	return 0
}

// TestLockHeldByAnother: each login is answered within the busy timeout, also one that came while
// others waited; the holder is named; all is well once it lets go.
func TestLockHeldByAnother(t *testing.T) {
	// Long enough for half of it to be more than a busy machine adds: what waits a second time waits
	// up to twice as long.
	const busy = 4 * time.Second
	path := filepath.Join(t.TempDir(), "local.db")
	l := storetest.OpenJournalAt(t, path, journal.Options{BusyTimeout: busy})
	cmd := storetest.Child(t, "hold-lock", path)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(cmd); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(line, err)
	}

	var all sync.WaitGroup
	for i := range 12 {
		all.Go(func() {
			time.Sleep(time.Duration(i) * busy / 4) // they come for three timeouts
			rec, began := storetest.Record(storetest.Day), time.Now()
			_, err := l.Append(context.Background(), &rec)
			if took := time.Since(began); took > busy+busy/2 {
				t.Errorf("a login waited %v, the bound is %v", took, busy)
			}
			var locked *journal.LockedError
			if !errors.As(err, &locked) || !errors.Is(err, store.ErrOverloaded) {
				t.Errorf("%v", err)
			} else if want := fmt.Sprintf("pid %d (", cmd.Process.Pid); !strings.Contains(locked.Holder, want) {
				t.Errorf("held by %q, want %q: %v", locked.Holder, want, err)
			}
		})
	}
	all.Wait()
	if err := l.HeldUp(); err == nil {
		t.Error("HeldUp does not say so")
	}
	if err := storetest.TrimThrough(t.Context(), l, 0); !errors.Is(err, store.ErrOverloaded) || !store.IsLocal(err) {
		t.Errorf("trim: %v", err)
	}

	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if err := l.Probe(t.Context()); err != nil {
		t.Error(err)
	}
	rec := storetest.Record(storetest.Day)
	if _, err := l.Append(t.Context(), &rec); err != nil || l.HeldUp() != nil {
		t.Errorf("once it is free: %v, %v", err, l.HeldUp())
	}
	storetest.WantExactly(t, l, storetest.Day, []store.Record{rec})
}
