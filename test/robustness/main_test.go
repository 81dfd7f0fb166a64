package robustness

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/tradefront/tradefront/test/child"
	"github.com/tradefront/tradefront/test/pgtest"
	"github.com/tradefront/tradefront/test/site"
	"github.com/tradefront/tradefront/test/testmain"
)

// The long form is `make robustness`; without flags each fault happens once.
var (
	seed     = flag.Uint64("seed", 0, "decides the order and the moments of the faults; 0 takes one by the clock")
	duration = flag.Duration("duration", 0, "how long to go on; 0 runs each fault once")
	only     = flag.String("only", "", "run the faults whose name contains this")
	summary  = flag.String("summary", "", "file that gets the counts as JSON")
	highly   = flag.Bool("ha", false, "run TestHighAvailability, in network and process namespaces: needs root, Patroni, etcd and keepalived")
)

// worlds is more than the short form has of them: all run at once, however few processors there are, since each waits three quarters of
// its time for what it broke to be found and mended.
const worlds = 12

// binaries are the built programs.
type binaries struct {
	normal   string
	settable string // `serve` alone, with a clock that can be set: package stepped
}

var built binaries

func TestMain(m *testing.M) { os.Exit(run(m)) }

// firstSeed is the seed that was asked for, or one by the clock.
func firstSeed() uint64 {
	if *seed != 0 {
		return *seed
	}
	return uint64(time.Now().UnixNano()) % 1_000_000
}

func run(m *testing.M) int {
	flag.Parse()
	if status, ended := inOwnMounts(); ended {
		return status
	}
	dir, err := os.MkdirTemp("", "tradefront-robustness-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	built = binaries{filepath.Join(dir, "tradefront"), filepath.Join(dir, "tradefront-settable")}
	if err := errors.Join(site.Build(built.normal), site.BuildProgram(built.settable, "test/robustness/stepped"), site.EndAtOnce()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	testmain.Together(testmain.Fewer(worlds, 4))
	return pgtest.Main(m)
}

// again runs this test binary once more, by cmd, and returns its exit status.
func again(cmd *exec.Cmd) int {
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err := child.Start(cmd)
	if err == nil {
		err = cmd.Wait()
	}
	var status *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &status):
		return max(status.ExitCode(), 1)
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}
