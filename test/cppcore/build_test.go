package cppcore

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/tradefront/tradefront/test/built"
)

// warnings are those that the header and the example promise to be free of.
var warnings = []string{"-std=c++17", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"}

// sanitized ends a program at the first thing that is wrong.
func sanitized(flags ...string) []string {
	return append([]string{"-g1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"}, flags...)
}

// root is the folder of the tree.
const root = "../.."

// program is a C++ program that is built once for all tests.
type program struct {
	source string
	flags  []string // behind the source: sanitizers, defines, libraries

	once   sync.Once
	path   string
	output string
	err    error
}

var (
	// It reads 100,000 frames, with -O1 in half the time.
	vectors = &program{source: "test/cppcore/programs/vectors.cc", flags: sanitized("-O1")}
	example = &program{source: "examples/core-cpp/core.cc", flags: sanitized("-DWITH_TLS", "-lssl", "-lcrypto")}
	plain   = &program{source: "examples/core-cpp/core.cc"} // as it is built where OpenSSL is not at hand
)

var programs struct {
	sync.Mutex
	dirs []string
}

func removeBuilt() {
	for _, dir := range programs.dirs {
		_ = os.RemoveAll(dir)
	}
}

// compiler is g++, which test/ensure-tools.sh installs.
func compiler(t testing.TB) string {
	t.Helper()
	path, err := exec.LookPath("g++")
	if err != nil {
		t.Fatal("this test needs g++ (test/ensure-tools.sh installs it): ", err)
	}
	return path
}

// binary is the program's path.
func (p *program) binary(t testing.TB) string {
	t.Helper()
	cxx := compiler(t)
	p.once.Do(func() { p.build(cxx) })
	if p.err != nil {
		t.Fatalf("%s does not compile: %v\n%s", p.source, p.err, p.output)
	}
	return p.path
}

func (p *program) build(cxx string) {
	dir, err := os.MkdirTemp("", "cppcore-")
	if err != nil {
		p.err = err
		return
	}
	programs.Lock()
	programs.dirs = append(programs.dirs, dir)
	programs.Unlock()
	p.path = filepath.Join(dir, "program")
	name, err := p.name(cxx)
	if err != nil {
		p.err = err
		return
	}
	p.err = built.Kept(p.path, name, func(path string) (err error) {
		p.output, err = compile(cxx, path, p.source, p.flags...)
		return err
	})
}

// name is different for each compiler, source and flag that makes another program.
func (p *program) name(cxx string) (string, error) { return nameOf(cxx, p.source, p.flags) }

func nameOf(cxx, source string, flags []string) (string, error) {
	version, err := exec.Command(cxx, "--version").Output()
	if err != nil {
		return "", err
	}
	h := sha256.New()
	fmt.Fprintf(h, "%s %q %q\n%s", cxx, warnings, flags, version)
	files := []string{source, "include/tradefront_core.h"}
	for _, flag := range flags {
		if strings.HasSuffix(flag, ".cc") { // another file of the program
			files = append(files, flag)
		}
	}
	for _, file := range files {
		text, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			return "", err
		}
		h.Write(text)
	}
	return fmt.Sprintf("cppcore-%x", h.Sum(nil)[:16]), nil
}

// compiles wants a source below root to compile. As go test does with what has not changed, it compiles once for each compiler, text and
// flag: what was made is kept, and a compiler that refuses leaves nothing.
func compiles(t *testing.T, cxx, source string, flags ...string) {
	t.Helper()
	name, err := nameOf(cxx, source, flags)
	if err != nil {
		t.Fatal(err)
	}
	err = built.Kept(filepath.Join(t.TempDir(), "out"), name, func(path string) error {
		out, err := compile(cxx, path, source, flags...)
		if err != nil {
			return fmt.Errorf("%w\n%s", err, out)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// compile makes program out of a source below root, all warnings on.
func compile(cxx, program, source string, flags ...string) (output string, err error) {
	args := append([]string{}, warnings...)
	args = append(args, "-I", "include", "-o", program, source)
	cmd := exec.Command(cxx, append(args, flags...)...)
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// TestHeaderNeedsNothing: the header compiles alone, without exceptions and RTTI, by each compiler that is here.
func TestHeaderNeedsNothing(t *testing.T) {
	t.Parallel()
	compiler(t)
	tried := 0
	for _, name := range []string{"g++", "clang++", "clang++-19", "clang++-16", "clang++-14"} {
		cxx, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		tried++
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			compiles(t, cxx, "test/cppcore/programs/alone.cc", "-c", "-fno-exceptions", "-fno-rtti", "-Wsign-conversion", "-O2")
		})
	}
	t.Logf("%d compilers", tried)
}

// TestHeaderInOthersSources: the header compiles where the sources are in GBK, as newer C++, behind the macros of <windows.h>, and in two files of one
// program.
func TestHeaderInOthersSources(t *testing.T) {
	t.Parallel()
	const source = "test/cppcore/programs/alone.cc"
	for name, args := range map[string][]string{
		"GBK": {"-c", "-finput-charset=GBK"}, "C++20": {"-c", "-std=c++20"}, "C++23": {"-c", "-std=c++23"}, "macros and two files": {"test/cppcore/programs/macros.cc"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			compiles(t, compiler(t), source, args...)
		})
	}
}

// TestWarningsAreErrors: a program with a fault that the warnings name is refused, so that their silence says something.
func TestWarningsAreErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	source := filepath.Join(dir, "narrow.cc")
	text := "#include \"tradefront_core.h\"\nint main(int argc, char**) { char c = argc; return c; }\n"
	if err := os.WriteFile(source, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := compile(compiler(t), filepath.Join(dir, "narrow.o"), source, "-c")
	if err == nil || !strings.Contains(out, "conversion") {
		t.Errorf("got %v, want an error about a conversion:\n%s", err, out)
	}
}
