package storetest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/test/pgtest"
)

// A test binary that finds childVariable in its environment is a child process of one of
// its own tests and does what that says instead.
const childVariable = "TRADEFRONT_STORE_TEST_CHILD"

// PathVariable names the local store that a child works on.
const PathVariable = "TRADEFRONT_STORE_TEST_PATH"

// Children are what a test binary can do as a child, by name. Tests add theirs in init.
var Children = map[string]func() int{"append": appendUntilKilled}

// Main runs the tests of a package that uses stores, or the child that the process is.
func Main(m *testing.M) {
	if name, child := os.LookupEnv(childVariable); child {
		run, known := Children[name]
		if !known { // the tests would start children without end
			fmt.Fprintln(os.Stderr, "no child of these tests:", name)
			os.Exit(2)
		}
		os.Exit(run())
	}
	os.Exit(pgtest.Main(m))
}

// Child prepares this binary to run as the named child on the local store at path.
func Child(t *testing.T, name, path string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childVariable+"="+name, PathVariable+"="+path)
	cmd.Stderr = os.Stderr
	return cmd
}

// appendUntilKilled appends from many goroutines and prints each RecordID once Append
// has returned: the front's answer to the terminal.
func appendUntilKilled() int {
	l, err := journal.Open(context.Background(), os.Getenv(PathVariable), journal.Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	var answer sync.Mutex
	for range 16 {
		go func() {
			for {
				rec := SeenRecord(Day)
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
