package assemble

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
)

// The advice fits what has the port: a process that listens can be stopped, an outgoing connection
// is kept away by reserving the port.
func TestAdviceForATakenPort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	taken := l.Addr().String()
	if advice := freeingAdvice(portOf(t, taken), syscall.EADDRINUSE); !strings.HasPrefix(advice, "stop the process that has it (ss -ltnp sport = :") {
		t.Error(advice)
	}
	out, err := net.Dial("tcp", taken)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	address := out.LocalAddr().String()
	port := portOf(t, address)
	want := fmt.Sprintf("net.ipv4.ip_local_reserved_ports=%d", port)
	if advice := freeingAdvice(port, syscall.EADDRINUSE); !strings.HasPrefix(advice, "no process listens there") || !strings.Contains(advice, want) {
		t.Errorf("of %s: %s", address, advice)
	}
}

// TestAdviceWhereNoProcessHasThePort: it is the system that refuses, and no process is to be stopped.
func TestAdviceWhereNoProcessHasThePort(t *testing.T) {
	for number, want := range map[syscall.Errno]string{
		syscall.EACCES: "keeps this port for root", syscall.EADDRNOTAVAIL: "does not have the address", syscall.EAFNOSUPPORT: "does not have the address",
	} {
		err := fmt.Errorf("front: %w", &net.OpError{Op: "listen", Net: "tcp", Err: os.NewSyscallError("bind", number)})
		if advice := freeingAdvice(443, err); !strings.Contains(advice, want) {
			t.Errorf("%v: %s", err, advice)
		}
	}
}

func portOf(t *testing.T, address string) int {
	t.Helper()
	a, err := netip.ParseAddrPort(address)
	if err != nil {
		t.Fatal(err)
	}
	return int(a.Port())
}

func TestPortRanges(t *testing.T) {
	for _, tt := range []struct {
		span, reserved string
		port           int
		taken, kept    bool
	}{
		{"32768\t60999\n", "\n", 41205, true, false},
		{"32768\t60999\n", "41205-41208,9464\n", 41205, true, true},
		{"32768\t60999\n", "41206-41208,9464\n", 41205, true, false},
		{"32768\t60999\n", "41205\n", 9464, false, false},
		{"10000 20000", "1,15000", 15000, true, true},
		{"", "x-y", 41205, false, false},
	} {
		if got := takesFrom(tt.span, tt.port); got != tt.taken {
			t.Errorf("%q takes from %d: %t", tt.span, tt.port, got)
		}
		if got := reserves(tt.reserved, tt.port); got != tt.kept {
			t.Errorf("%q reserves %d: %t", tt.reserved, tt.port, got)
		}
	}
}
