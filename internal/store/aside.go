package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tradefront/tradefront/internal/durable"
	"github.com/tradefront/tradefront/internal/files"
)

// Aside is a local store that was damaged when a front started: the front set it aside
// whole, nothing of it deleted, and began a new one.
type Aside struct {
	Path  string    // its main file; the log is beside it, with -wal behind the name
	Time  time.Time // when it was set aside, to the second
	Bytes int64     // file and log
}

const (
	asideWord     = ".corrupt-"   // path.corrupt-TIME
	recoveredWord = ".recovered-" // the same, once its records are in a sound store again
	asideLayout   = "20060102T150405Z"
	// pendingWord names the file that holds the name to set the store aside under, from
	// the decision until all its files have moved.
	pendingWord = ".set-aside"
	// damageWord names the file that says what damage was met while running.
	damageWord = ".damaged"
	// maxNote bounds what is read of either.
	maxNote = 1 << 20
)

// fileSuffixes are those of the files that make up one local store, with what was noted of
// its damage; the main one is last.
var fileSuffixes = []string{damageWord, "-shm", "-wal", ""}

// SetAside lists what was set aside from the local store at path and has not been recovered,
// oldest first. It reads names only.
func SetAside(path string) ([]Aside, error) {
	path = RealPath(path)
	entries, err := os.ReadDir(filepath.Dir(path)) // sorted, and so are the times
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	var found []Aside
	for _, e := range entries {
		at, ok := asideTime(filepath.Base(path), e.Name())
		if !ok {
			continue
		}
		a := Aside{Path: filepath.Join(filepath.Dir(path), e.Name()), Time: at}
		for _, suffix := range []string{"", "-wal"} {
			if info, err := os.Stat(a.Path + suffix); err == nil {
				a.Bytes += info.Size()
			}
		}
		found = append(found, a)
	}
	return found, nil
}

// asideTime is when the file of that name was set aside; false if it is another file.
func asideTime(base, name string) (time.Time, bool) {
	stamp, ok := strings.CutPrefix(name, base+asideWord)
	if !ok {
		return time.Time{}, false
	}
	at, err := time.Parse(asideLayout, stamp)
	return at, err == nil
}

// MoveAside sets the local store at path aside, its log with it. The caller is the only
// front on it and has not opened it.
//
// If we crash in here, either nothing has moved, or the pending file stands and
// FinishAside moves the rest; until then nobody opens what is left at path, so that no old
// log ever meets a new file.
func MoveAside(path string, now time.Time) (Aside, error) {
	path = RealPath(path)
	if err := refuseInUse(path); err != nil {
		return Aside{}, err
	}
	now = now.UTC().Truncate(time.Second)
	name := func() string { return filepath.Base(path) + asideWord + now.Format(asideLayout) }
	for exists(filepath.Join(filepath.Dir(path), name())) {
		now = now.Add(time.Second) // two within a second
	}
	if err := files.Write(path+pendingWord, []byte(name()), 0o600); err != nil {
		return Aside{}, fmt.Errorf("store: %w", err)
	}
	if err := syncFolder(path); err != nil {
		return Aside{}, err
	}
	target := filepath.Join(filepath.Dir(path), name())
	if err := FinishAside(path); err != nil {
		return Aside{}, err
	}
	return Aside{Path: target, Time: now}, nil
}

// FinishAside moves what a MoveAside that did not come to its end has left at path; without
// one it does nothing. A front calls it before it looks at the store.
func FinishAside(path string) error {
	path = RealPath(path)
	name, err := files.Read(path+pendingWord, maxNote)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if _, ok := asideTime(filepath.Base(path), string(name)); !ok {
		return fmt.Errorf("store: %s holds no name of a store set aside: look at it, and remove it", path+pendingWord)
	}
	target := filepath.Join(filepath.Dir(path), string(name))
	for _, suffix := range fileSuffixes {
		if exists(path+suffix) && !exists(target+suffix) {
			if err := os.Rename(path+suffix, target+suffix); err != nil {
				return fmt.Errorf("store: %w", err)
			}
		}
	}
	if err := createPrivate(target); err != nil { // a log that lost its file is found by the file's name
		return fmt.Errorf("store: %w", err)
	}
	// The moves before the end of the pending state: a crash between them repeats nothing.
	if err := syncFolder(path); err != nil {
		return err
	}
	if err := os.Remove(path + pendingWord); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return syncFolder(path)
}

// refuseHalfAside keeps everybody but the front from opening a store half of which has moved.
func refuseHalfAside(path string) error {
	if exists(path + pendingWord) {
		return fmt.Errorf("store: %s is being set aside: start the front, which finishes that, and try again", path)
	}
	return nil
}

// refuseInUse asks for a lock that every open connection of SQLite denies (it keeps a
// shared lock in WAL mode): moving the files away under a process that uses them would
// let it write an old log's pages into a new file.
func refuseInUse(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	defer f.Close()
	// SQLite's locking bytes: pending, reserved and the shared range.
	lock := unix.Flock_t{Type: unix.F_WRLCK, Start: 0x40000000, Len: 512}
	if err := unix.FcntlFlock(f.Fd(), unix.F_SETLK, &lock); err != nil {
		return fmt.Errorf("store: %s is damaged and has to be set aside, but another process has it open: end that first (%w)", path, err)
	}
	return nil
}

// RealPath is the name of a local store without symbolic links, as SQLite resolves it: the log
// stands beside the file, not beside a link to it, and a store has one lock whatever it is called.
func RealPath(path string) string {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		return target
	}
	if dir, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil { // the file is not there yet
		return filepath.Join(dir, filepath.Base(path))
	}
	return path
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// syncFolder makes the names in path's folder durable.
func syncFolder(path string) error {
	if err := durable.SyncFolder(filepath.Dir(path)); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}
