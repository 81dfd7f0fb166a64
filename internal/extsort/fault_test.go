package extsort

import (
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
)

// badFile is a temporary file that goes wrong.
type badFile struct {
	*os.File
	room   int // bytes until the disk is full; below 0 it never is
	spoil  func(p []byte, off int64)
	closed *int
}

func (f *badFile) Write(p []byte) (int, error) {
	if f.room >= 0 && len(p) > f.room {
		n, _ := f.File.Write(p[:f.room])
		f.room = 0
		return n, syscall.ENOSPC
	}
	f.room -= len(p)
	return f.File.Write(p)
}

func (f *badFile) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.File.ReadAt(p, off)
	if f.spoil != nil {
		f.spoil(p[:n], off)
	}
	return n, err
}

func (f *badFile) Close() error {
	*f.closed++
	return f.File.Close()
}

func withFile(t *testing.T, f *badFile) *Sorter {
	t.Helper()
	s := New(t.TempDir(), 0)
	s.create = func(dir string) (file, error) {
		var err error
		f.File, err = os.CreateTemp(dir, "")
		f.closed = new(int)
		return f, err
	}
	return s
}

// runAll adds records, sorts and reads until something fails.
func runAll(s *Sorter, recs [][]byte) (read int, err error) {
	for _, r := range recs {
		if err := s.Add(r); err != nil {
			return 0, err
		}
	}
	r, err := s.Sort()
	for ; err == nil; read++ {
		_, err = r.Next()
	}
	return read - 1, err
}

func TestDiskFull(t *testing.T) {
	recs := random(3, 20_000, 100)
	whole := func() int { // bytes that the sort writes if it may
		f := &badFile{room: -1}
		s := withFile(t, f)
		if n, err := runAll(s, recs); !errors.Is(err, io.EOF) || n != len(recs) {
			t.Fatal(n, err)
		}
		size := s.spill.size
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		return int(size)
	}()
	for _, room := range []int{0, 1, 5000, whole / 2, whole * 9 / 10, whole - 1} {
		f := &badFile{room: room}
		s := withFile(t, f)
		read, err := runAll(s, recs)
		if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "free some, or name another folder") || read > 0 {
			t.Errorf("with room for %d of %d bytes: %d read, %v", room, whole, read, err)
		}
		if again := s.Add(nil); !errors.Is(again, err) {
			t.Errorf("after it: %v", again)
		}
		if err := s.Close(); err != nil || *f.closed != 1 {
			t.Errorf("Close: %v, %d times", err, *f.closed)
		}
	}
}

// For any bytes that the disk garbles or loses there is an error, and never io.EOF.
func TestDamage(t *testing.T) {
	recs := random(3, 5000, 100)
	for name, spoil := range map[string]func(p []byte, off int64){
		"a bit of the payload":  func(p []byte, off int64) { flip(p, 5000-off, 1) },
		"a length":              func(p []byte, off int64) { flip(p, -off, 0xff) },
		"a length's high byte":  func(p []byte, off int64) { flip(p, 3-off, 0xff) },
		"a checksum":            func(p []byte, off int64) { flip(p, 4-off, 1) },
		"everything is zero":    func(p []byte, _ int64) { clear(p) },
		"the first block alone": func(p []byte, off int64) { flip(p, 100-off, 0x80) },
	} {
		f := &badFile{room: -1, spoil: spoil}
		s := withFile(t, f)
		if read, err := runAll(s, recs); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %d read, %v", name, read, err)
		}
		_ = s.Close()
	}
	f := &badFile{room: -1}
	s := withFile(t, f)
	for _, r := range recs {
		if err := s.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Truncate(s.spill.size / 2); err != nil {
		t.Fatal(err)
	}
	if read, err := runAll(s, nil); !errors.Is(err, ErrDamaged) {
		t.Errorf("truncated: %d read, %v", read, err)
	}
	_ = s.Close()
}

// A run that is lost as a whole breaks no checksum; the count shows it.
func TestLostRun(t *testing.T) {
	s := New(t.TempDir(), 0)
	add(t, s, random(3, 5000, 100))
	s.spill.runs = s.spill.runs[1:]
	if read, err := runAll(s, nil); !errors.Is(err, ErrDamaged) || read == 0 {
		t.Errorf("%d read, %v", read, err)
	}
}

func flip(p []byte, i int64, mask byte) {
	if i >= 0 && i < int64(len(p)) {
		p[i] ^= mask
	}
}
