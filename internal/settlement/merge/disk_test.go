package merge

import (
	"bufio"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// fullDisk takes so many bytes and then no more.
type fullDisk struct{ room int }

func (d *fullDisk) Write(p []byte) (int, error) {
	if len(p) > d.room {
		n := d.room
		d.room = 0
		return n, syscall.ENOSPC
	}
	d.room -= len(p)
	return len(p), nil
}

// wantFull fails unless err says that the disk is full and what to do, and nothing is left
// in the folders but what was there before.
func wantFull(t *testing.T, err error, dirs ...string) {
	t.Helper()
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "the disk is full; free") {
		t.Errorf("%v", err)
	}
	for _, dir := range dirs {
		for _, name := range names(t, dir) {
			content, _ := os.ReadFile(filepath.Join(dir, name))
			if string(content) != "before" && string(content) != manifestBefore {
				t.Errorf("left %s of %d bytes in %s", name, len(content), dir)
			}
		}
	}
}

const manifestBefore = `{"kind": "merged"}`

// before puts a merged file from before into dir.
func before(t *testing.T, dir string) {
	t.Helper()
	path := filepath.Join(dir, reportFileName)
	if err := os.WriteFile(path, []byte("before"), 0o600); err != nil {
		t.Fatal(err)
	}
	beside(t, path, manifestBefore)
}

func TestMergeDiskFullInjected(t *testing.T) {
	for name, spoil := range map[string]func(m *merge, disk *fullDisk){
		"report":    func(m *merge, disk *fullDisk) { m.out.FailOn(disk, nil) },
		"bad lines": func(m *merge, disk *fullDisk) { m.rejected.out = bufio.NewWriterSize(disk, 4096) },
	} {
		for _, room := range []int{0, 10_000} {
			in := seats(t, strings.Repeat(line(1)[:500]+"\n", 50)+lines(manyOf(20)...), lines(manyOf(40)...))
			out, rejects := t.TempDir(), t.TempDir()
			before(t, out)
			m, err := newMerge(Options{Inputs: in, OutDir: out, SkipBad: filepath.Join(rejects, "bad")})
			if err != nil {
				t.Fatal(err)
			}
			spoil(m, &fullDisk{room})
			err = m.read(t.Context())
			if err == nil {
				err = m.write(t.Context())
			}
			m.close()
			t.Run(name, func(t *testing.T) { wantFull(t, withAdvice(err), out, rejects) })
		}
	}
}

func manyOf(n uint64) (all []string) {
	for i := range n {
		all = append(all, line(i))
	}
	return all
}

// A real disk that is full: of the sort, of the report, of the bad lines.
func TestMergeDiskFull(t *testing.T) {
	small := mergeDisk(t)
	if small == "" {
		return // said by mergeDisk; the injected faults above remain
	}
	in := manyLines(t, 20_000)
	bad := seats(t, strings.Repeat(strings.Repeat("x", 1000)+"\n", 3000), lines(line(1)))
	for name, o := range map[string]Options{
		"sort":      {Inputs: in, OutDir: t.TempDir(), TempDir: small},
		"report":    {Inputs: in, OutDir: small, TempDir: t.TempDir()},
		"both":      {Inputs: in, OutDir: small},
		"bad lines": {Inputs: bad, OutDir: t.TempDir(), SkipBad: filepath.Join(small, "bad")},
	} {
		t.Run(name, func(t *testing.T) {
			before(t, o.OutDir)
			_, err := Merge(t.Context(), o)
			wantFull(t, err, small, o.OutDir)
		})
	}
	// What fits goes well on the same disk.
	if _, err := Merge(t.Context(), Options{Inputs: seats(t, lines(line(2)), lines(line(1))), OutDir: small}); err != nil {
		t.Error(err)
	}
}

// mergeDisk mounts a disk of 1 MiB, or says why not and returns "".
func mergeDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := mountSmall(dir); err != nil {
		t.Logf("NO REAL FULL DISK: %v (needs root and Linux, this is %s); only injected faults were tested", err, runtime.GOOS)
		return ""
	}
	t.Cleanup(func() {
		if err := unmount(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}
