package files

import (
	"io/fs"
	"os"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

// ModeAdvice is what to do about a mode that lets others in: the command chmod, or, on a read-only
// volume, a mode at the file's origin.
func ModeAdvice(path, chmod string) string {
	if readOnly(path) {
		return "its volume is read-only, so set the mode where the file comes from " +
			"(a secret of Kubernetes: defaultMode: 0400, or 0440 with fsGroup)"
	}
	return "change it with: " + chmod + " " + path
}

// statfs is replaced by tests.
var statfs = unix.Statfs

// readOnlyFlag is ST_RDONLY, and MNT_RDONLY elsewhere.
const readOnlyFlag = 1

func readOnly(path string) bool {
	var volume unix.Statfs_t
	return statfs(path, &volume) == nil && volume.Flags&readOnlyFlag != 0
}

// HandedByRoot reports whether root owns a file that only one group of this process may read beside it:
// 0440 or 0640 root:GROUP, as packages and Kubernetes (fsGroup) do it. That is as private as a file of
// our own, for root can read every file. Root's own group does not count.
func HandedByRoot(info fs.FileInfo) bool {
	file, known := info.Sys().(*syscall.Stat_t)
	if !known {
		return false
	}
	groups, err := os.Getgroups()
	return err == nil && handedByRoot(info.Mode().Perm(), int(file.Uid), int(file.Gid), append(groups, os.Getegid()))
}

func handedByRoot(perm fs.FileMode, uid, gid int, groups []int) bool {
	return perm&^0o640 == 0 && uid == 0 && gid != 0 && slices.Contains(groups, gid)
}
