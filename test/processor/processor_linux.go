package processor

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Time is what a process has used so far, in nanoseconds: its threads that have ended too, its children not. It
// is 0 of a process that has ended.
func Time(pid int) time.Duration {
	// The kernel's clock of another process (CPUCLOCK_SCHED). /proc/PID/stat has the same time in steps of 10 ms.
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|2), &t); err != nil {
		return 0
	}
	return time.Duration(t.Nano())
}

// Family is what a process and its children have used, those that have ended included.
func Family(t testing.TB, pids []int) time.Duration {
	t.Helper()
	all := waitedTime(t, pids[0])
	for _, pid := range pids {
		all += Time(pid)
	}
	return all
}

// waitedTime is what the ended children of a process used.
func waitedTime(t testing.TB, pid int) time.Duration {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	// The name in parentheses may hold spaces; cutime and cstime are the 16th and 17th field.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	var ticks int64
	for _, f := range fields[13:15] {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * time.Second / 100 // USER_HZ
}
