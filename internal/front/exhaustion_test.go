package front_test

import (
	"net"
	"os"
	"os/exec"
	"testing"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sys/unix"

	"github.com/tradefront/tradefront/internal/front"
	"github.com/tradefront/tradefront/internal/ftd"
)

const childEnv = "TRADEFRONT_TEST_FRONT_CHILD"

// TestOutOfFileDescriptors: more connections than descriptors do not end the front, and
// once they are gone a login goes through. Descriptors are exhausted in a process of its
// own, whose limit can be lowered; the terminals stay here.
func TestOutOfFileDescriptors(t *testing.T) {
	if os.Getenv(childEnv) != "" {
		serveWithFewFiles(t)
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestOutOfFileDescriptors$")
	cmd.Env = append(os.Environ(), childEnv+"=1")
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe() // the child ends when it is closed
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	address := make([]byte, 64)
	n, err := out.Read(address)
	if err != nil {
		t.Fatal(err)
	}
	r := &running{t: t, addr: string(address[:n])}

	// The backlog takes what the front cannot: connecting works for all of them.
	var burst []net.Conn
	for range 10 * roomForFiles {
		c, err := net.DialTimeout("tcp", r.addr, 20*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		burst = append(burst, c)
	}
	if n, err := out.Read(address); err != nil || string(address[:n]) != front.AcceptFaults()[0] {
		t.Fatalf("the child says %q (%v), want that open files ran out", address[:n], err)
	}
	for _, c := range burst {
		_ = c.Close()
	}
	m := r.dial()
	m.Authenticate(software("v_s_1"), authCode)
	m.Send(login("8"))
	m.Expect(ftd.TIDUserLogin, 0)
	_ = stdin.Close()
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

const roomForFiles = 40

// serveWithFewFiles prints its address, then the first fault of accept, and serves until
// its standard input ends.
func serveWithFewFiles(t *testing.T) {
	c := newCounts()
	s := front.New(config(), newHandler(), c, zap.NewNop())
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	files := uint64(openFiles(t) + roomForFiles)
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: files, Max: files}); err != nil {
		t.Fatal(err)
	}
	_, _ = os.Stdout.WriteString(s.Addrs()[0].String())
	_, _ = os.Stdout.WriteString(<-c.acceptFailed)
	_, _ = os.Stdin.Read(make([]byte, 1))
	select {
	case err := <-s.Failed():
		t.Error("the front ended:", err)
	default:
	}
	if err := s.Drain(t.Context()); err != nil {
		t.Error(err)
	}
}

func openFiles(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}
