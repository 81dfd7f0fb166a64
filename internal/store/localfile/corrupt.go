package localfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tradefront/tradefront/internal/files"
)

// CorruptStore is a local store that was damaged when a front started: the front set it aside
// whole, nothing of it deleted, and began a new one.
type CorruptStore struct {
	Path  string    // its main file; the log is beside it, with -wal behind the name
	Time  time.Time // when it was set aside, to the second
	Bytes int64     // file and log
}

const (
	CorruptSuffix   = ".corrupt-"   // path.corrupt-TIME
	RecoveredSuffix = ".recovered-" // the same, once its records are in a sound store again
	timeLayout      = "20060102T150405Z"
	// pendingSuffix names the file that holds the name to set the store aside under, from
	// the decision until all its files have moved.
	pendingSuffix = ".set-aside"
	// DamageSuffix names the file that says what damage was met while running.
	DamageSuffix = ".damaged"
	// maxNote bounds what is read of either.
	maxNote = 1 << 20
)

// Suffixes are those of the files that make up one local store, with what was noted of
// its damage; the main one is last.
var Suffixes = []string{DamageSuffix, "-shm", "-wal", ""}

// ListCorrupt lists what was set aside from the local store at path and has not been recovered,
// oldest first. It reads names only.
func ListCorrupt(path string) ([]CorruptStore, error) {
	path = RealPath(path)
	entries, err := os.ReadDir(filepath.Dir(path)) // sorted, and so are the times
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	var found []CorruptStore
	for _, e := range entries {
		at, ok := corruptTime(filepath.Base(path), e.Name())
		if !ok {
			continue
		}
		a := CorruptStore{Path: filepath.Join(filepath.Dir(path), e.Name()), Time: at}
		for _, suffix := range []string{"", "-wal"} {
			if info, err := os.Stat(a.Path + suffix); err == nil {
				a.Bytes += info.Size()
			}
		}
		found = append(found, a)
	}
	return found, nil
}

// corruptTime is when the file of that name was set aside; false if it is another file.
func corruptTime(base, name string) (time.Time, bool) {
	stamp, ok := strings.CutPrefix(name, base+CorruptSuffix)
	if !ok {
		return time.Time{}, false
	}
	at, err := time.Parse(timeLayout, stamp)
	return at, err == nil
}

// MoveCorrupt sets the local store at path aside, its log with it. The caller is the only
// front on it and has not opened it.
//
// If we crash in here, either nothing has moved, or the pending file stands and
// FinishAside moves the rest; until then nobody opens what is left at path, so that no old
// log ever meets a new file.
func MoveCorrupt(path string, now time.Time) (CorruptStore, error) {
	path = RealPath(path)
	if err := refuseInUse(path); err != nil {
		return CorruptStore{}, err
	}
	now = now.UTC().Truncate(time.Second)
	name := func() string { return filepath.Base(path) + CorruptSuffix + now.Format(timeLayout) }
	for Exists(filepath.Join(filepath.Dir(path), name())) {
		now = now.Add(time.Second) // two within a second
	}
	if err := files.Write(path+pendingSuffix, []byte(name()), 0o600); err != nil {
		return CorruptStore{}, fmt.Errorf("store: %w", err)
	}
	if err := SyncFolder(path); err != nil {
		return CorruptStore{}, err
	}
	target := filepath.Join(filepath.Dir(path), name())
	if err := FinishMove(path); err != nil {
		return CorruptStore{}, err
	}
	return CorruptStore{Path: target, Time: now}, nil
}

// FinishMove moves what a MoveAside that did not come to its end has left at path; without
// one it does nothing. A front calls it before it looks at the store.
func FinishMove(path string) error {
	path = RealPath(path)
	name, err := files.Read(path+pendingSuffix, maxNote)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if _, ok := corruptTime(filepath.Base(path), string(name)); !ok {
		return fmt.Errorf("store: %s holds no name of a store set aside: look at it, and remove it", path+pendingSuffix)
	}
	target := filepath.Join(filepath.Dir(path), string(name))
	for _, suffix := range Suffixes {
		if Exists(path+suffix) && !Exists(target+suffix) {
			if err := os.Rename(path+suffix, target+suffix); err != nil {
				return fmt.Errorf("store: %w", err)
			}
		}
	}
	if err := CreatePrivate(target); err != nil { // a log that lost its file is found by the file's name
		return fmt.Errorf("store: %w", err)
	}
	// The moves before the end of the pending state: a crash between them repeats nothing.
	if err := SyncFolder(path); err != nil {
		return err
	}
	if err := os.Remove(path + pendingSuffix); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return SyncFolder(path)
}

// RefuseHalfMoved keeps everybody but the front from opening a store half of which has moved.
func RefuseHalfMoved(path string) error {
	if Exists(path + pendingSuffix) {
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

func Exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// SyncFolder makes the names in path's folder durable.
func SyncFolder(path string) error {
	if err := files.SyncFolder(filepath.Dir(path)); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}
