package testmain

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// prefix of the folders; their kind and the number of the process that made one follow.
const prefix = "tradefront-"

// MkdirTemp makes a temporary folder below parent, or below os.TempDir for "". Who made it
// removes it; if that process ends before, a later RemoveLeftovers does.
func MkdirTemp(parent, kind string) (string, error) {
	RemoveLeftovers(kind)
	return os.MkdirTemp(parent, fmt.Sprintf("%s%s-%d-", prefix, kind, os.Getpid()))
}

// RemoveLeftovers removes the folders of that kind whose processes have died.
func RemoveLeftovers(kind string) {
	for _, parent := range []string{os.TempDir(), memory, short} {
		if parent == "" {
			continue
		}
		dirs, _ := filepath.Glob(filepath.Join(parent, prefix+kind+"-*")) // the only error is a bad pattern
		for _, dir := range dirs {
			owner, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), prefix+kind+"-"), "-")
			pid, err := strconv.Atoi(owner)
			if err == nil && syscall.Kill(pid, 0) == syscall.ESRCH {
				_ = os.RemoveAll(dir) // best effort: it may be another user's
			}
		}
	}
}
