package collector

import (
	"path/filepath"
	"testing"
)

// half builds the C half with a Go half of C that has every fault which a Go half may have.
func half(t *testing.T, flags ...string) string {
	t.Helper()
	shim := filepath.Join(root, "collector", "shim")
	program := filepath.Join(t.TempDir(), "half")
	args := append([]string{
		"-g", "-O1", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-I", shim, "-DTFC_GETSYSTEMINFO=TF01_getsysteminfo", `-DTFC_VERSION="TF01"`,
		"-o", program, filepath.Join("hosts", "half.c"),
	}, flags...)
	for _, source := range []string{"api.c", "result.c", "engine.c", "forked.c", "room_linux.c", "runtime_linux.c"} {
		args = append(args, filepath.Join(shim, source))
	}
	run(t, need(t, "gcc"), append(args, "-lpthread")...)
	return program
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
