package testmain

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// Runner is a *testing.M, or what does more around one.
type Runner interface{ Run() int }

// RunnerFunc makes a Runner of a function.
type RunnerFunc func() int

// Run runs the function.
func (f RunnerFunc) Run() int { return f() }

// Run runs the tests of a package with TMPDIR in memory, and as on any machine (asEverywhere), and then looks for goroutines that they left, but
// for those that the options name. The result is for os.Exit.
func Run(m Runner, options ...goleak.Option) int {
	if !flag.Parsed() {
		flag.Parse()
	}
	asEverywhere()
	if err := enoughFiles(fewestFiles); err != nil {
		fmt.Fprintln(os.Stderr, "testmain:", err)
		return 1
	}
	leave, err := enterMemory()
	if err != nil {
		fmt.Fprintln(os.Stderr, "testmain:", err)
		return 1
	}
	defer leave()
	waitTogether()
	status := m.Run()
	if status == 0 {
		if err := leftBehind(append(append(options, ofImports...), ofChildren)); err != nil {
			fmt.Fprintln(os.Stderr, "goroutines are left when the tests have ended:", err)
			return 1
		}
	}
	return status
}

// leakPatience is how long goroutines may take to end on a busy machine, as those of a process that was killed.
const leakPatience = 20 * time.Second

func leftBehind(options []goleak.Option) error {
	for deadline := time.Now().Add(leakPatience); ; {
		err := goleak.Find(options...) // itself waits for half a second
		if err == nil || time.Now().After(deadline) {
			return err
		}
	}
}

// ofImports are goroutines that a package starts when it is imported and never ends: gnet's pool.
var ofImports = []goleak.Option{
	goleak.IgnoreAnyFunction("github.com/panjf2000/ants/v2.(*poolCommon).purgeStaleWorkers"),
	goleak.IgnoreAnyFunction("github.com/panjf2000/ants/v2.(*poolCommon).ticktock"),
}

// ofChildren is the goroutine that keeps the thread to which the kernel ties the programs that tests start.
var ofChildren = goleak.IgnoreAnyFunction("github.com/tradefront/tradefront/test/child.starter")

// asEverywhere takes from this process, and so from the programs that it starts, what a developer's shell may have and another machine has not.
func asEverywhere() {
	// Files that a test's PostgreSQL or another user reads are made readable for all, which a umask of 077 would undo.
	syscall.Umask(0o022)
	// Of those that PostgreSQL's programs and the driver read, one names another schema, one another password; of our programs', one is a key of
	// the configuration, and one that is none refuses it; by LANG and its like commands print Chinese. A test names what it wants.
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		switch ours := strings.HasPrefix(name, "TRADEFRONT_") && !strings.Contains(name, "_TEST_"); {
		case ours, strings.HasPrefix(name, "PG"), strings.HasPrefix(name, "LC_"), name == "LANG", name == "LANGUAGE":
			_ = os.Unsetenv(name) // fails for an impossible name alone
		}
	}
}

// fewestFiles is how many files a process of tests must be allowed to open: fronts and admin listeners fill themselves with connections.
const fewestFiles = 1024

// enoughFiles is an error if this process may open fewer files than that.
func enoughFiles(fewest uint64) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	if limit.Cur < fewest {
		return fmt.Errorf("this process may open %d files, and the tests need %d: raise the limit (ulimit -n)", limit.Cur, fewest)
	}
	return nil
}

// enterMemory makes a folder in memory the one for temporary files, or one of a short path where there is none. leave removes it.
func enterMemory() (leave func(), err error) {
	parent := Memory()
	if parent == "" && len(os.TempDir()) > shortEnough { // programs of tests have Unix sockets below it
		parent = short
	}
	if parent == "" || measures() {
		return func() {}, nil
	}
	dir, err := MkdirTemp(parent, "tests")
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(dir, 0o755); err != nil { // a test's PostgreSQL runs as another user
		return nil, err
	}
	return func() { _ = os.RemoveAll(dir) }, os.Setenv("TMPDIR", dir)
}

// waiters is how many tests of a package that called t.Parallel run at once, for each processor:
// they wait more than they compute. Under the race detector they compute more, and a test that bounds a
// wait of PostgreSQL would meet its bound for want of a processor.
const waiters = 3

func waitTogether() { Together(Fewer(waiters, 1) * runtime.GOMAXPROCS(0)) }

// Together has n of the tests that called t.Parallel run at once, unless the command line says how many. Who calls it before Run has
// said it for Run.
func Together(n int) {
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if parallel := flag.Lookup("test.parallel"); parallel != nil && !given {
		_ = flag.Set(parallel.Name, strconv.Itoa(n)) // a number is never refused
	}
}

// measures reports whether this run is for benchmarks.
func measures() bool {
	bench := flag.Lookup("test.bench")
	return bench != nil && bench.Value.String() != ""
}

// Fewer is all, or fewer under the race detector, which makes each step five to ten times as
// long: for loops of which the detector sees as much in a part. `make test` runs all of it.
func Fewer(all, fewer int) int {
	if Raced {
		return fewer
	}
	return all
}

// NotRaced skips a test of the product's own time or memory under the race detector, whose work
// is not the product's: `make race` skips the test, `make test` runs it.
func NotRaced(t testing.TB) {
	t.Helper()
	if Raced {
		t.Skip("the race detector's work is not the product's: make test runs this without it")
	}
}
