package front_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"go.uber.org/zap"
	"golang.org/x/sys/unix"

	"github.com/tradefront/tradefront/internal/front"
)

const childEnv = "TRADEFRONT_TEST_FRONT_CHILD"

// TestEngineThatEndsUnaskedIsAnError: gnet stops for good when accept finds no file
// descriptor, and its Run then returns nil. The front must say so; the process must not
// live on without ears. It needs a process of its own, whose limit can be lowered.
func TestEngineThatEndsUnaskedIsAnError(t *testing.T) {
	if os.Getenv(childEnv) != "" {
		runOutOfFiles(t)
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestEngineThatEndsUnaskedIsAnError$", "-test.v")
	cmd.Env = append(os.Environ(), childEnv+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "front said: front: the event loops ended unasked") {
		t.Errorf("child: %v\n%s", err, out)
	}
}

func runOutOfFiles(t *testing.T) {
	cfg := config()
	s := front.New(cfg, newHandler(), newCounts(), zap.NewNop())
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	addrs := s.Addrs()
	// Room for the client's sockets but not for the front's.
	const room = 40
	limit := unix.Rlimit{Cur: uint64(openFiles(t) + room), Max: uint64(openFiles(t) + room)}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	for range room {
		c, err := net.Dial("tcp", addrs[0].String())
		if err != nil {
			break
		}
		defer c.Close()
	}
	fmt.Println("front said:", <-s.Failed())
}

func openFiles(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}
