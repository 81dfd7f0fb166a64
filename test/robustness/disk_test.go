package robustness

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// noDisks is why this system lets us mount no disk; nil if it does.
var noDisks error

// localDisk holds a local store, in a long run with the embedded driver for hours. The front takes no login with less than store.min_free
// on it, which is 256 MiB. A fault that fills the disk writes all of it.
func localDisk() int64 {
	if *duration > 0 {
		return 512 << 20
	}
	return 320 << 20
}

// disk is a folder that a fault can fill.
type disk struct {
	t   *testing.T
	dir string
}

// newDisk mounts a small disk; without the right to, it is a folder, and not filled.
func newDisk(t *testing.T, bytes int64) *disk {
	t.Helper()
	dir, err := os.MkdirTemp("", "tradefront-robustness-disk-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(dir) })
	if err := os.Chmod(dir, 0o777); err != nil { // PostgreSQL runs as another user
		t.Fatal(err)
	}
	if noDisks == nil {
		if err := mountDisk(dir, bytes); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = unmountDisk(dir) })
	}
	return &disk{t, dir}
}

// fill writes until nothing more fits. The last bytes are taken one by one: who shares a
// page with the ballast finds room otherwise.
func (d *disk) fill() {
	d.t.Helper()
	f, err := os.Create(d.ballast())
	if err != nil {
		d.t.Fatal(err)
	}
	defer f.Close()
	nothing := make([]byte, 1<<20)
	for size := len(nothing); size > 0; {
		if _, err = f.Write(nothing[:size]); errors.Is(err, syscall.ENOSPC) {
			size /= 2
		} else if err != nil {
			d.t.Fatal(err)
		}
	}
}

// free makes room again.
func (d *disk) free() {
	d.t.Helper()
	if err := os.Remove(d.ballast()); err != nil {
		d.t.Fatal(err)
	}
}

func (d *disk) ballast() string { return filepath.Join(d.dir, "ballast") }
