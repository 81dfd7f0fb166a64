package collector

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// half builds the C half with a Go half of C that has every fault which a Go half may have: once for each compiler, text and flag, as a
// sanitizer makes the compiler slow.
func half(t *testing.T, flags ...string) string {
	t.Helper()
	shim, source := filepath.Join(root, "collector", "shim"), filepath.Join("hosts", "half.c")
	args := append([]string{
		"-g", "-O1", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-I", shim, "-DTFC_GETSYSTEMINFO=TF01_getsysteminfo", `-DTFC_VERSION="TF01"`,
		source,
	}, flags...)
	for _, file := range []string{"api.c", "result.c", "engine.c", "forked.c", "room_linux.c", "runtime_linux.c"} {
		args = append(args, filepath.Join(shim, file))
	}
	args = append(args, "-lpthread")
	return compiledOnce(t, need(t, "gcc"), source, args, "hosts", shim)
}

// nameOf is different for each compiler, its arguments, and what is in the folders.
func nameOf(t testing.TB, compiler string, args []string, folders ...string) string {
	t.Helper()
	h := sha256.New()
	fmt.Fprintf(h, "%s %q\n%s", compiler, args, run(t, compiler, "--version"))
	for _, folder := range folders {
		files, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if file.IsDir() {
				continue
			}
			text, err := os.ReadFile(filepath.Join(folder, file.Name()))
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(h, "%s %d\n%s", file.Name(), len(text), text)
		}
	}
	return fmt.Sprintf("collector-%x", h.Sum(nil)[:16])
}

// TestCHalfUnderSanitizers: memory is freed once, nothing is read beyond its end, and threads do not race.
func TestCHalfUnderSanitizers(t *testing.T) {
	t.Parallel()
	for _, sanitizer := range []string{"address,undefined", "thread"} {
		t.Run(sanitizer, func(t *testing.T) {
			t.Parallel()
			run(t, half(t, "-fsanitize="+sanitizer, "-fno-sanitize-recover=all"))
		})
	}
}

func TestCHalfUnderValgrind(t *testing.T) {
	heavy(t)
	valgrind(t, half(t))
}
