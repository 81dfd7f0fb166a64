package localfile

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// walWriteLock is the byte of the WAL's index whose lock is the right to write.
const walWriteLock = 120

// looks is how often LockHolder reads the kernel's list of locks: a lock that goes while the list is read moves the others up, so that one
// may be passed over.
const looks = 5

// LockHolder is the other process that has the write lock, as "pid 12 (sqlite3)"; "" if it is not
// known. Only Linux tells.
func LockHolder(path string) string {
	inode := strconv.FormatUint(identify(path+"-shm").inode, 10)
	for range looks {
		locks, err := os.ReadFile("/proc/locks")
		if err != nil {
			return ""
		}
		for line := range strings.Lines(string(locks)) {
			if pid := holds(strings.Fields(line), inode); pid > 0 && pid != os.Getpid() {
				command, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm")
				return fmt.Sprintf("pid %d (%s)", pid, strings.TrimSpace(string(command)))
			}
		}
	}
	return ""
}

// holds reads a line of /proc/locks: "1: POSIX ADVISORY WRITE 12 fd:01:34 120 120".
func holds(f []string, inode string) (pid int) {
	if len(f) < 8 || f[3] != "WRITE" || !strings.HasSuffix(f[5], ":"+inode) {
		return 0
	}
	first, firstErr := strconv.Atoi(f[6])
	last, lastErr := strconv.Atoi(f[7])
	pid, err := strconv.Atoi(f[4])
	if firstErr != nil || lastErr != nil || err != nil || walWriteLock < first || walWriteLock > last {
		return 0
	}
	return pid
}
