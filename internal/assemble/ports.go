package assemble

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/tradefront/tradefront/internal/config"
)

// The system gives outgoing connections ports out of a range in which the default ports lie. One of
// them that happens to have a front's port stops its start, and no process listens there that could
// be stopped. Linux keeps ports out of the range on request. Elsewhere nothing is known of it.

const (
	portRangeFile     = "/proc/sys/net/ipv4/ip_local_port_range"
	reservedPortsFile = "/proc/sys/net/ipv4/ip_local_reserved_ports"
)

// InOutgoingRange warns of each address whose port the system may give to an outgoing connection.
func InOutgoingRange(cfg *config.Config) (warnings config.Faults) {
	span, err := os.ReadFile(portRangeFile) // of the system, not of the operator
	if err != nil {
		return nil //nolint:nilerr // without it no port is known to be outgoing
	}
	reserved, err := os.ReadFile(reservedPortsFile)
	if err != nil {
		return nil //nolint:nilerr // as above
	}
	for _, a := range cfg.Addresses() {
		if port := int(a.Address.Port); port != 0 && takesFrom(string(span), port) && !reserves(string(reserved), port) {
			warnings = append(warnings, config.Fault{
				Key: a.Key, Fix: reservation(port),
				Problem: fmt.Sprintf("port %d is one that the system gives to outgoing connections, which can keep the front from starting", port),
			})
		}
	}
	return warnings
}

// reservation keeps a port for the front. What is reserved already must stay in the line.
func reservation(port int) string {
	return fmt.Sprintf("reserve it: sysctl -w net.ipv4.ip_local_reserved_ports=%d, after the values that it holds already "+
		"(deploy/sysctl/90-tradefront.conf does so at each boot)", port)
}

// freeingAdvice is what to do about a port on which err keeps this process from listening.
func freeingAdvice(port int, err error) string {
	switch {
	case errors.Is(err, syscall.EACCES):
		return "the system keeps this port for root: choose one from 1024 up, or give the unit AmbientCapabilities=CAP_NET_BIND_SERVICE"
	case errors.Is(err, syscall.EADDRNOTAVAIL), errors.Is(err, syscall.EAFNOSUPPORT):
		return "this machine does not have the address: write one that `ip address` shows, or none before the colon for all of them"
	}
	listens, known := takenBy(port)
	if known && !listens {
		return fmt.Sprintf("no process listens there: an outgoing connection of this machine has the port (ss -tnp sport = :%d names it); "+
			"end it, and %s", port, reservation(port))
	}
	return fmt.Sprintf("stop the process that has it (ss -ltnp sport = :%d names it), or choose another address", port)
}

// takenBy reports whether some socket on the port listens, and whether there is any.
func takenBy(port int) (listens, known bool) {
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		f, err := os.Open(table) // of the system, not of the operator
		if err != nil {
			continue
		}
		l, k := socketsOn(bufio.NewScanner(f), port)
		listens, known = listens || l, known || k
		_ = f.Close() // was only read
	}
	return listens, known
}

// stateListen is that of a listening socket in /proc/net/tcp.
const stateListen = "0A"

// socketsOn reads lines as "0: 0100007F:A0F5 00000000:0000 0A …".
func socketsOn(lines *bufio.Scanner, port int) (listens, known bool) {
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) < 4 || !strings.HasSuffix(f[1], fmt.Sprintf(":%04X", port)) {
			continue
		}
		known = true
		listens = listens || f[3] == stateListen
	}
	return listens, known
}

// takesFrom reads "32768	60999".
func takesFrom(span string, port int) bool {
	bounds := strings.Fields(span)
	if len(bounds) != 2 {
		return false
	}
	return within(bounds[0], bounds[1], port)
}

// reserves reads "41205-41208,9464".
func reserves(list string, port int) bool {
	for part := range strings.SplitSeq(strings.TrimSpace(list), ",") {
		first, last, isSpan := strings.Cut(part, "-")
		if !isSpan {
			last = first
		}
		if within(first, last, port) {
			return true
		}
	}
	return false
}

func within(first, last string, port int) bool {
	low, err := strconv.Atoi(first)
	if err != nil {
		return false
	}
	high, err := strconv.Atoi(last)
	return err == nil && low <= port && port <= high
}
