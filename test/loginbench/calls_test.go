//go:build linux

package loginbench

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// everyCall names the count of all system calls; the others are counted beside it.
const everyCall = "all"

// callNames are counted by name.
var callNames = []string{
	"accept4", "epoll_ctl", "epoll_pwait", "epoll_wait", "read", "write", "close", "fcntl", "setsockopt", "getsockopt", "getsockname", "getpeername",
	"pwrite64", "pread64", "fsync", "fdatasync", "futex", "nanosleep", "sched_yield", "newfstatat", "newfstat", "sendto", "recvfrom", "getrandom", "madvise",
}

// waits are calls by which the scheduler and event loops wait and wake: how many there are depends on what else the machine does.
var waits = []string{"epoll_pwait", "epoll_wait", "futex", "nanosleep", "sched_yield"}

// asked is the calls of a visit without waits: what the program asks of the kernel for it.
func asked(calls map[string]float64) float64 {
	n := calls[everyCall]
	for _, name := range waits {
		n -= calls[name]
	}
	return n
}

// callCounter counts the system calls of a running process by the kernel's tracepoints, of which no debugger has a part:
// the process does not stop at a call.
type callCounter struct {
	events map[string][]int // descriptors, one a thread
}

// countCalls begins to count. The error says what this machine does not have: root, or the tracepoints.
func countCalls(pid int) (*callCounter, error) {
	ids, err := tracepoints()
	if err != nil {
		return nil, err
	}
	const tries = 20
	for range tries {
		c := &callCounter{events: map[string][]int{}}
		complete, err := c.attach(pid, ids)
		if err != nil {
			c.close()
			return nil, err
		}
		if complete {
			return c, nil
		}
		c.close()
	}
	return nil, fmt.Errorf("process %d kept starting threads", pid)
}

// attach adds an event for each thread. Threads that these start are counted with them. It is not complete if one was started meanwhile,
// of which it is not known with whom it counts.
func (c *callCounter) attach(pid int, ids map[string]uint64) (complete bool, err error) {
	threads, err := threadsOf(pid)
	if err != nil {
		return false, err
	}
	for _, thread := range threads {
		for name, id := range ids {
			fd, err := openEvent(id, thread)
			if errors.Is(err, unix.ESRCH) {
				return false, nil
			}
			if err != nil {
				return false, fmt.Errorf("perf_event_open of %s: %w", name, err)
			}
			c.events[name] = append(c.events[name], fd)
		}
	}
	after, err := threadsOf(pid)
	return slices.Equal(threads, after), err
}

func openEvent(id uint64, thread int) (fd int, err error) {
	attr := unix.PerfEventAttr{Type: unix.PERF_TYPE_TRACEPOINT, Config: id, Bits: unix.PerfBitInherit}
	attr.Size = uint32(unsafe.Sizeof(attr))
	return unix.PerfEventOpen(&attr, thread, -1, -1, unix.PERF_FLAG_FD_CLOEXEC)
}

// counts are the calls so far, by name.
func (c *callCounter) counts() (map[string]uint64, error) {
	sums := map[string]uint64{}
	for name, fds := range c.events {
		for _, fd := range fds {
			var b [8]byte
			if n, err := unix.Read(fd, b[:]); err != nil || n != len(b) {
				return nil, fmt.Errorf("read the count of %s: %d bytes, %w", name, n, err)
			}
			sums[name] += binary.NativeEndian.Uint64(b[:])
		}
	}
	return sums, nil
}

func (c *callCounter) close() {
	for fds := range maps.Values(c.events) {
		for _, fd := range fds {
			_ = unix.Close(fd)
		}
	}
}

func threadsOf(pid int) ([]int, error) {
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	threads := make([]int, 0, len(entries))
	for _, e := range entries {
		if id, err := strconv.Atoi(e.Name()); err == nil {
			threads = append(threads, id)
		}
	}
	slices.Sort(threads)
	return threads, err
}

// tracepoints are the numbers of the kernel's events, by callNames; a call that this processor's kernel has not is left out.
func tracepoints() (map[string]uint64, error) {
	folder, err := tracing()
	if err != nil {
		return nil, err
	}
	ids := map[string]uint64{}
	if ids[everyCall], err = eventID(folder, "raw_syscalls/sys_enter"); err != nil {
		return nil, err
	}
	for _, name := range callNames {
		if id, err := eventID(folder, "syscalls/sys_enter_"+name); err == nil {
			ids[name] = id
		}
	}
	return ids, nil
}

// tracing is where tracefs is mounted.
func tracing() (string, error) {
	for _, folder := range []string{"/sys/kernel/tracing", "/sys/kernel/debug/tracing"} {
		if _, err := os.Stat(filepath.Join(folder, "events/raw_syscalls")); err == nil {
			return folder, nil
		}
	}
	return "", errors.New("tracefs is not mounted, or not ours to read")
}

func eventID(folder, event string) (uint64, error) {
	b, err := os.ReadFile(filepath.Join(folder, "events", event, "id"))
	if err != nil {
		return 0, err
	}
	return strconv.ParseUint(strings.TrimSpace(string(b)), 10, 64)
}
