package built

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// text is a builder of a "program" with that text; it counts its calls.
func text(calls *atomic.Int64, s string) func(path string) error {
	return func(path string) error {
		calls.Add(1)
		return os.WriteFile(path, []byte(s), 0o700)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(got)
}

func TestOpenedIsBuiltOnce(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	var calls atomic.Int64
	for range 2 {
		f, err := Opened("one", text(&calls, "file"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(f)
		if err := errors.Join(err, f.Close()); err != nil || string(got) != "file" {
			t.Errorf("read %q, %v", got, err)
		}
	}
	if n := calls.Load(); n != 1 {
		t.Errorf("built %d times", n)
	}
	failed := errors.New("no initdb")
	if _, err := Opened("two", func(string) error { return failed }); !errors.Is(err, failed) {
		t.Errorf("what cannot be built: %v", err)
	}
}

// A folder is built once, has nothing of a build that failed, and is removed when no run asks for it.
func TestFolderIsBuiltOnce(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	var calls atomic.Int64
	build := func(file string, err error) func(string) error {
		return func(path string) error {
			return errors.Join(os.Mkdir(path, 0o700), text(&calls, file)(filepath.Join(path, file)), err)
		}
	}
	cut := errors.New("cut off")
	if _, err := Folder("one", build("half", cut)); !errors.Is(err, cut) {
		t.Errorf("got %v, want %v", err, cut)
	}
	var folder string
	for range 2 {
		var err error
		if folder, err = Folder("one", build("whole", nil)); err != nil {
			t.Fatal(err)
		}
		if files, err := os.ReadDir(folder); err != nil || len(files) != 1 || files[0].Name() != "whole" {
			t.Errorf("it has %v, %v", files, err)
		}
	}
	if n := calls.Load(); n != 2 {
		t.Errorf("built %d times", n)
	}
	removeOld(filepath.Dir(folder), time.Now().Add(keep+time.Hour))
	if _, err := os.Stat(folder); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder that no run asks for is kept: %v", err)
	}
}

func TestManyAsksBuildOnce(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	var calls atomic.Int64
	var all sync.WaitGroup
	dir := t.TempDir()
	paths := []string{"a", "b", "c", "d"}
	for _, p := range paths {
		all.Go(func() {
			if err := Kept(filepath.Join(dir, p), "one", text(&calls, "program")); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for _, p := range paths {
		if got := read(t, filepath.Join(dir, p)); got != "program" {
			t.Errorf("%s: %q", p, got)
		}
	}
	if n := calls.Load(); n != 1 {
		t.Errorf("built %d times", n)
	}
}

func TestFailedBuildIsNotKept(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	var calls atomic.Int64
	path := filepath.Join(t.TempDir(), "program")
	cut := errors.New("cut off")
	err := Kept(path, "one", func(path string) error {
		return errors.Join(os.WriteFile(path, []byte("half"), 0o700), cut)
	})
	if !errors.Is(err, cut) {
		t.Errorf("got %v, want %v", err, cut)
	}
	if err := Kept(path, "one", text(&calls, "whole")); err != nil {
		t.Fatal(err)
	}
	if got := read(t, path); got != "whole" {
		t.Errorf("got %q", got)
	}
}

// A renewed program does not change one that was taken before, and one that no run asks for is removed.
func TestRenewedAndRemoved(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	dir := t.TempDir()
	var calls atomic.Int64
	old, renewed := filepath.Join(dir, "old"), filepath.Join(dir, "new")
	byRename := func(s string) func(string) error {
		return func(path string) error {
			return errors.Join(text(&calls, s)(path+".other"), os.Rename(path+".other", path))
		}
	}
	if err := errors.Join(Renewed(old, "one", byRename("1")), Renewed(renewed, "one", byRename("2"))); err != nil {
		t.Fatal(err)
	}
	if got := read(t, old) + read(t, renewed); got != "12" {
		t.Errorf("got %q, want 12", got)
	}
	kept := filepath.Join(cache, "tradefront-tests", "one")
	before := time.Now().Add(-keep - time.Hour)
	if err := os.Chtimes(kept+".lock", before, before); err != nil {
		t.Fatal(err)
	}
	if err := Kept(filepath.Join(dir, "other"), "other", text(&calls, "3")); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(kept); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a program that no run asks for is kept: %v", err)
	}
	if got := read(t, old); got != "1" {
		t.Errorf("the program that a test took: %q", got)
	}
}

// A copy can be run at once, also while other goroutines start processes: one that was forked while the copy was open for writing
// would keep the kernel from running it.
func TestCopyRunsBesideStarts(t *testing.T) {
	shm, err := os.MkdirTemp("/dev/shm", "built")
	if err != nil {
		t.Skip("no second file system, to which a program is copied: ", err)
	}
	defer os.RemoveAll(shm)
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	program, err := exec.LookPath("true")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	var starts sync.WaitGroup
	for range 4 {
		starts.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					_ = exec.Command(program).Run()
				}
			}
		})
	}
	for i := range 100 {
		path := filepath.Join(shm, fmt.Sprint(i))
		err := Kept(path, "true", func(path string) error { return exec.Command("cp", program, path).Run() })
		if err == nil {
			err = exec.Command(path).Run()
		}
		if err != nil {
			t.Errorf("copy %d: %v", i, err)
			break
		}
		os.Remove(path)
	}
	close(done)
	starts.Wait()
}
