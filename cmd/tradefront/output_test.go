package main

import (
	"bytes"
	"strings"
	"syscall"
	"testing"
)

// fullDisk has room for some bytes.
type fullDisk struct{ room int }

func (d *fullDisk) Write(b []byte) (int, error) {
	if len(b) > d.room {
		return 0, syscall.ENOSPC
	}
	d.room -= len(b)
	return len(b), nil
}

// TestAnOutputThatIsCutOffFails: a script that keeps what a command prints for people, and looks at the exit status, does not take a part for all.
func TestAnOutputThatIsCutOffFails(t *testing.T) {
	newSite(t)
	for _, command := range []string{"version", "app list -c tradefront.yaml", "config defaults", "report status -c tradefront.yaml", "help", "version -o json"} {
		whole := tradefront("", strings.Fields(command)...)
		if whole.status != exitDone || whole.out == "" {
			t.Fatalf("%s: %+v", command, whole)
		}
		for _, room := range []int{0, len(whole.out) - 1} {
			var errOut bytes.Buffer
			status := run(strings.Fields(command), nil, strings.NewReader(""), &fullDisk{room}, &errOut)
			if status != exitFailed || !strings.Contains(errOut.String(), "no space left on device") {
				t.Errorf("%s with room for %d of %d bytes: exit status %d, %q", command, room, len(whole.out), status, errOut.String())
			}
		}
	}
	var errOut bytes.Buffer
	if run([]string{"--lang", "zh", "version"}, nil, strings.NewReader(""), &fullDisk{}, &errOut); errOut.String() != "tradefront: 命令已执行，但无法写出其输出：磁盘空间不足\n" {
		t.Errorf("%q", errOut.String())
	}
}
