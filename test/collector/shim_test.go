package collector

import (
	"path/filepath"
	"testing"
)

// TestCHalfUnderSanitizers plays the C half against a Go half of C, with every fault that a Go half may have: memory is freed once,
// nothing is read beyond its end, and threads do not race.
func TestCHalfUnderSanitizers(t *testing.T) {
	t.Parallel()
	shim := filepath.Join(root, "collector", "shim")
	sources := []string{"api.c", "result.c", "engine.c", "forked.c", "room_linux.c", "runtime_linux.c"}
	for _, sanitizer := range []string{"address,undefined", "thread"} {
		t.Run(sanitizer, func(t *testing.T) {
			t.Parallel()
			program := filepath.Join(t.TempDir(), "half")
			args := []string{
				"-g", "-O1", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-fsanitize=" + sanitizer, "-fno-sanitize-recover=all", "-I", shim,
				"-DTFC_GETSYSTEMINFO=TF01_getsysteminfo", `-DTFC_VERSION="TF01"`, "-o", program, filepath.Join("hosts", "half.c"),
			}
			for _, source := range sources {
				args = append(args, filepath.Join(shim, source))
			}
			run(t, need(t, "gcc"), append(args, "-lpthread")...)
			run(t, program)
		})
	}
}
