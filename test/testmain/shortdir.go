package testmain

import (
	"os"
	"testing"
)

// shortEnough is how long the path of the folder for temporary files may be for a socket below it: the path of a Unix socket has at most 107 bytes,
// for HAProxy 97, and this leaves a program's name for it some forty.
const shortEnough = 50

// short is the parent of temporary folders where that path is longer.
const short = "/tmp"

// ShortDir is a folder for Unix sockets, which is removed at the end of the test. Its path is short, also where that of t.TempDir is not: that
// one has the test's name in it, and TMPDIR may itself be too long on a machine whose memory has no room.
func ShortDir(t testing.TB) string {
	t.Helper()
	parent := os.TempDir()
	if len(parent) > shortEnough {
		parent = short
	}
	dir, err := os.MkdirTemp(parent, "tf")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}
