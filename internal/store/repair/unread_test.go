package repair_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/localfile"
	"github.com/tradefront/tradefront/internal/store/repair"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

func init() { storetest.Children["look"] = lookTwice } //nolint:gochecknoinits // a child of the tests

// lookTwice says what a start finds.
func lookTwice() int {
	runtime.LockOSThread() // strace counts the reads of each thread
	_, _, err := repair.CheckTwice(context.Background(), os.Getenv(storetest.PathVariable))
	switch {
	case err == nil:
		fmt.Println("sound")
	case errors.Is(err, store.ErrDamaged):
		fmt.Println("damaged:", err)
	case errors.Is(err, store.ErrUnread):
		fmt.Println("unread:", err)
	default:
		fmt.Println("other:", err)
	}
	return 0
}

// TestReadErrorIsNoDamage has the kernel refuse the reads of a sound store, from each one on: never
// does a start call it damaged, and it is sound where the disk failed once.
func TestReadErrorIsNoDamage(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "local.db")
	l := storetest.OpenJournalAt(t, path, journal.Options{})
	storetest.AppendAll(t, l, storetest.Records(storetest.Day, 400))
	storetest.CloseIt(t, l)
	strace := func(fault string) string {
		plain := storetest.Child(t, "look", path)
		args := []string{"-f", "-qq", "-o", os.DevNull, "-P", path, "-e", "trace=pread64", "-e", "inject=pread64:error=EIO:" + fault}
		cmd := exec.Command("strace", append(args, plain.Path)...)
		cmd.Env = plain.Env
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Skipf("strace cannot run here: %v\n%s", err, out)
		}
		return strings.TrimSpace(string(out))
	}
	if said := strace("when=9999"); said != "sound" {
		t.Fatalf("with no fault: %s", said)
	}
	for _, first := range []string{"1", "2", "3", "4", "5", "6", "8", "20", "40"} {
		if said := strace("when=" + first + "+"); !strings.HasPrefix(said, "unread") {
			t.Errorf("from read %s on: %s", first, said)
		}
		if said := strace("when=" + first); said != "sound" && !strings.HasPrefix(said, "unread") { // which is tried again
			t.Errorf("read %s: %s", first, said)
		}
	}
}

// TestFoundDamage: a page that could not be read is among the faults that SQLite finds.
func TestFoundDamage(t *testing.T) {
	t.Parallel()
	for found, want := range map[string]error{
		"ok": nil,
		"*** in database main ***\nTree 5 page 5: unable to get the page. error code=266":  store.ErrUnread, // IOERR_READ
		"*** in database main ***\nTree 5 page 5: unable to get the page. error code=8458": store.ErrUnread, // IOERR_CORRUPTFS
		"*** in database main ***\nTree 5 page 5 cell 1: failed to get page 77":            store.ErrUnread,
		"*** in database main ***\nTree 5 page 5: unable to get the page. error code=11":   store.ErrDamaged,
		"row 21 missing from index sqlite_autoindex_record_1":                              store.ErrDamaged,
	} {
		if err := localfile.FoundDamage(found); !errors.Is(err, want) || want == nil && err != nil {
			t.Errorf("%q: %v, want %v", found, err, want)
		}
	}
}
