package collector

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/tradefront/tradefront/test/testmain"
)

// host builds one of the programs that load the library late.
func host(t *testing.T, name string, flags ...string) string {
	t.Helper()
	return tst.compiled(t, need(t, "gcc"), "test/collector/hosts/"+name+".c", append([]string{"-std=gnu11", "-ldl", "-lpthread"}, flags...)...)
}

// TestForkedChildIsRefused: a call in a child that was forked after the library was used returns at once and never hangs; a child
// that is forked before may use it.
func TestForkedChildIsRefused(t *testing.T) {
	t.Parallel()
	run(t, host(t, "fork"), tst.path(t), "TF01")
}

// TestHostKeepsItsSignals: handlers, masks, alternate stacks and limits are as before, under a profiler and in a handler too.
func TestHostKeepsItsSignals(t *testing.T) {
	t.Parallel()
	run(t, host(t, "signals"), tst.path(t), "TF01")
}

// TestCallsOfManyThreads: no thread, descriptor or memory more with each call of 64 threads.
func TestCallsOfManyThreads(t *testing.T) {
	t.Parallel()
	t.Log(run(t, host(t, "threads"), tst.path(t), "TF01", "640"))
}

func TestHundredThousandCallsTakeNoMemory(t *testing.T) {
	heavy(t)
	t.Log(run(t, host(t, "threads"), tst.path(t), "TF01", "100032"))
}

// TestWrongArguments of a host: NULL, too little room, another header, an unloaded library.
func TestWrongArguments(t *testing.T) {
	t.Parallel()
	program := host(t, "arguments")
	run(t, program, tst.path(t), "TF01", "TF01 tst 1.0 2026-01-05 0.1.0 linux-amd64 rsa2048")
	run(t, program, other.path(t), "XY02", "XY02 pro 1.0 2026-01-05 0.1.0 linux-amd64 rsa2048")
}

// TestTwoVendorsInOneProcess: each library encrypts under its own key.
func TestTwoVendorsInOneProcess(t *testing.T) {
	t.Parallel()
	program := host(t, "vendors")
	one, two := filepath.Join(t.TempDir(), "one"), filepath.Join(t.TempDir(), "two")
	run(t, program, tst.path(t), "TF01", other.path(t), "XY02", one, two)
	tst.opened(t, one)
	other.opened(t, two)
	run(t, program, other.path(t), "XY02", tst.path(t), "TF01", two, one)
	tst.opened(t, one)
	other.opened(t, two)
}

// TestShortOfSomething: no random bytes, addresses, threads or descriptors, another user, no /proc: a code, and the host lives.
func TestShortOfSomething(t *testing.T) {
	t.Parallel()
	program := host(t, "limits")
	for _, what := range []string{
		"no-random", "no-addresses", "few-addresses", "no-threads", "descriptors-closed", "no-descriptors", "another-user", "empty-root", "ends-meanwhile",
		"cancelled", "environment",
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			if os.Geteuid() != 0 && (what == "no-threads" || what == "another-user" || what == "empty-root") {
				t.Skip("only root may change the user or the root folder")
			}
			runIn(t, []string{"GOMAXPROCS=64", "GODEBUG=gctrace=1,inittrace=1", "GOGC=1"}, program, tst.path(t), "TF01", what)
		})
	}
}

// TestUnderAddressSanitizer: a host that is built with it finds no leak and no overrun of what the library gives it.
func TestUnderAddressSanitizer(t *testing.T) {
	t.Parallel()
	testmain.NotRaced(t)
	sanitized := []string{"-fsanitize=address,undefined", "-fno-sanitize-recover=all"}
	run(t, host(t, "arguments", sanitized...), tst.path(t), "TF01", "TF01 tst 1.0 ")
}

// TestUnderValgrind: the host's memory is freed. Go switches stacks by itself and reads what it has not written, so that what valgrind says of
// values is no fault; TestCHalfUnderValgrind has the C half alone.
func TestUnderValgrind(t *testing.T) {
	heavy(t)
	suppressions := filepath.Join(t.TempDir(), "go.supp")
	text := ""
	for _, size := range []string{"1", "2", "4", "8", "16", "32"} {
		text += "{\n   go\n   Memcheck:Addr" + size + "\n   ...\n   obj:*/libtradefront_collect_TF01.so\n}\n"
	}
	if err := os.WriteFile(suppressions, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	valgrind(t, "--undef-value-errors=no", "--suppressions="+suppressions, host(t, "arguments"), tst.path(t), "TF01", "TF01 tst 1.0 ")
}

// valgrind runs a program that must make no error and lose no memory.
func valgrind(t *testing.T, args ...string) {
	t.Helper()
	run(t, need(t, "valgrind"), append([]string{
		"--quiet", "--error-exitcode=9", "--leak-check=full", "--show-leak-kinds=definite", "--errors-for-leak-kinds=definite",
	}, args...)...)
}
