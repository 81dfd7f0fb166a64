package ports

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/test/testmain"
)

func TestMain(m *testing.M) { os.Exit(testmain.Run(m)) }

// asks names to the process that TestTakenInAnotherProcess starts the port to ask for.
const asks = "TRADEFRONT_TEST_ASKS_FOR_PORT"

// TestTakenInAnotherProcess: what one process was given another is refused, though no server listens there yet.
func TestTakenInAnotherProcess(t *testing.T) {
	if name := os.Getenv(asks); name != "" {
		var port int
		if _, err := fmt.Sscan(name, &port); err != nil {
			t.Fatal(err)
		}
		_, err := take(port, 1)
		fmt.Println(err) // to the process that asks
		return
	}
	port, err := Take()
	if err != nil {
		t.Fatal(err)
	}
	other := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestTakenInAnotherProcess$")
	other.Env = append(os.Environ(), fmt.Sprintf("%s=%d", asks, port))
	said, err := other.Output()
	if want := fmt.Sprintf("no port of 127.0.0.1 from %d to %d is free", port, port); err != nil || !strings.Contains(string(said), want) {
		t.Errorf("another process was told %q, %v; want %q", said, err, want)
	}
}

// TestServed: a port on which a server listens already is not given.
func TestServed(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if port, err := take(l.Addr().(*net.TCPAddr).Port, 1); err == nil {
		t.Errorf("%d was given while a server listens there", port)
	}
}

// TestAddress: a server can listen there, twice in turn, and the next test is given another one.
func TestAddress(t *testing.T) {
	first, second := Address(t), Address(t)
	if first == second {
		t.Error("given twice:", first)
	}
	for range 2 {
		l, err := net.Listen("tcp", first)
		if err != nil {
			t.Fatal(err)
		}
		_ = l.Close()
	}
}
