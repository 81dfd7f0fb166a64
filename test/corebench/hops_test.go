package corebench

import (
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// hops starts a C program of one thread between a client and the core, which copies bytes and does nothing else. What it adds to a
// round trip is what two socket hops cost on this machine, in any language: two reads, two writes, and two threads that the kernel wakes.
func (s *stage) hops(t testing.TB) (address string) {
	t.Helper()
	program := filepath.Join(t.TempDir(), "hops")
	if out, err := exec.Command("cc", "-O2", "-Wall", "-Werror", "-o", program, "testdata/hops.c").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	_, port, err := net.SplitHostPort(s.core)
	if err != nil {
		t.Fatal(err)
	}
	banner, _ := launch(t, exec.Command(program, port))
	return strings.TrimSpace(banner)
}
