package files

import (
	"io/fs"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// A secret on a read-only volume cannot be changed there.
func TestModeAdvice(t *testing.T) {
	defer func() { statfs = unix.Statfs }()
	for flags, want := range map[bool]string{false: "change it with: chmod 600 /s/key", true: "defaultMode: 0400, or 0440 with fsGroup"} {
		statfs = func(_ string, volume *unix.Statfs_t) error {
			if volume.Flags = 0; flags {
				volume.Flags = readOnlyFlag
			}
			return nil
		}
		if got := ModeAdvice("/s/key", "chmod 600"); !strings.Contains(got, want) {
			t.Errorf("read-only %v: %s", flags, got)
		}
	}
}

func TestHandedByRoot(t *testing.T) {
	ours := []int{1000, 2000}
	for _, c := range []struct {
		perm     fs.FileMode
		uid, gid int
		want     bool
	}{
		{0o440, 0, 2000, true},
		{0o640, 0, 1000, true},
		{0o440, 0, 3000, false}, // another group's
		{0o440, 0, 0, false},
		{0o440, 1000, 1000, false}, // ours: root need not give it to a group
		{0o444, 0, 2000, false},
		{0o460, 0, 2000, false},
		{0o450, 0, 2000, false},
	} {
		if got := handedByRoot(c.perm, c.uid, c.gid, append(ours, 0)); got != c.want {
			t.Errorf("%04o %d:%d: %v", c.perm, c.uid, c.gid, got)
		}
	}
}
