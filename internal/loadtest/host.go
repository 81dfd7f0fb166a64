package loadtest

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tradefront/tradefront/internal/files"
	"github.com/tradefront/tradefront/internal/loadtest/result"
)

// maxProc is how much of a text of /proc is read, in bytes.
const maxProc = 1 << 20

// Host is what the generator runs on, as far as the system tells.
func Host(maxOpen uint64) result.Host {
	h := result.Host{CPU: runtime.GOARCH, CPUs: runtime.NumCPU(), MaxOpen: maxOpen}
	h.Name, _ = os.Hostname() // "" where the system does not tell
	h.CPU = procValue("/proc/cpuinfo", "model name", h.CPU)
	h.Memory = memory(procValue("/proc/meminfo", "MemTotal", ""))
	if text, err := files.Read("/proc/sys/kernel/osrelease", maxProc); err == nil {
		h.Kernel = strings.TrimSpace(string(text))
	}
	return h
}

// procValue is what follows the name and a colon in the first line that begins with it.
func procValue(path, name, otherwise string) string {
	text, err := files.Read(path, maxProc)
	if err != nil {
		return otherwise
	}
	for line := range strings.Lines(string(text)) {
		if key, value, has := strings.Cut(line, ":"); has && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return otherwise
}

// memory reads "16384 kB".
func memory(text string) uint64 {
	var kib uint64
	for _, digit := range strings.TrimSuffix(text, " kB") {
		if digit < '0' || digit > '9' {
			return 0
		}
		kib = kib*10 + uint64(digit-'0')
	}
	return kib << 10
}

// cpuTime is what this process has used of processors; 0 where the system does not tell.
func cpuTime() time.Duration {
	var used unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &used); err != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// MaxOpen is how many files this process may have open.
func MaxOpen() (uint64, error) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 0, fmt.Errorf("limit of open files: %w", err)
	}
	return limit.Cur, nil
}
