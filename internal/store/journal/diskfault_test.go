package journal_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

func init() { storetest.Children["fail-write"] = appendUntilWriteFails } //nolint:gochecknoinits // a child of the tests

// appendUntilWriteFails lets the kernel refuse to write (a file-size limit) and then lifts
// the limit: the store must not write to that file again.
func appendUntilWriteFails() int {
	err := failWriting(os.Getenv(storetest.PathVariable))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func failWriting(path string) error {
	l, err := journal.Open(context.Background(), path, journal.Options{})
	if err != nil {
		return err
	}
	signal.Ignore(syscall.SIGXFSZ) // so that the write fails instead
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 1 << 20, Max: limit.Max}); err != nil {
		return err
	}
	for err == nil {
		rec := storetest.Record(storetest.Day)
		if _, err = l.Append(context.Background(), &rec); err == nil {
			fmt.Println(rec.ID)
		}
	}
	if !errors.Is(err, store.ErrBroken) {
		return fmt.Errorf("a write that failed: %w, want ErrBroken", err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	rec := storetest.Record(storetest.Day)
	if _, err := l.Append(context.Background(), &rec); !errors.Is(err, store.ErrBroken) {
		return fmt.Errorf("after a write that failed, the file was written to again: %w", err)
	}
	return nil
}

func TestFailedWriteIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "local.db")
	cmd := storetest.Child(t, "fail-write", path)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	answered := 0
	for _, b := range out {
		if b == '\n' {
			answered++
		}
	}
	l := storetest.OpenJournalAt(t, path, journal.Options{})
	if got := len(storetest.Stored(t, l, storetest.Day)); got < answered || answered == 0 {
		t.Errorf("%d records after a restart, %d were answered", got, answered)
	}
}
