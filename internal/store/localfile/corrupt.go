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

// CorruptStore is a local store that was damaged when a front started. The front moved it away
// whole, deleted nothing of it, and began a new one.
type CorruptStore struct {
	Path  string    // its main file; the WAL is Path-wal
	Time  time.Time // when it was moved, to the second
	Bytes int64     // file and WAL
}

// Suffixes of a corrupt store's names.
const (
	CorruptSuffix   = ".corrupt-"   // path.corrupt-TIME
	RecoveredSuffix = ".recovered-" // the same, once its records are in a sound store again
	timeLayout      = "20060102T150405Z"
	// moveSuffix names the file that holds the corrupt store's new name, from the decision to move
	// it until all its files have moved.
	moveSuffix = ".set-aside"
	// DamageSuffix names the file that says what damage was met while running.
	DamageSuffix = ".damaged"
	// maxNote is how many bytes are read of either at most.
	maxNote = 1 << 20
)

// Suffixes are those of the files that make up one local store, and of the note about its damage.
// The main file is last, so that a move that ended early is not taken for a whole one.
var Suffixes = []string{DamageSuffix, "-shm", "-wal", ""}

// ListCorrupt lists the corrupt stores that were moved away from path and are not recovered, oldest
// first. It reads names and sizes only.
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
		corrupt := CorruptStore{Path: filepath.Join(filepath.Dir(path), e.Name()), Time: at}
		for _, suffix := range []string{"", "-wal"} {
			if info, err := os.Stat(corrupt.Path + suffix); err == nil {
				corrupt.Bytes += info.Size()
			}
		}
		found = append(found, corrupt)
	}
	return found, nil
}

// corruptTime is when the corrupt store of that name was moved; false if the name is another file's.
func corruptTime(base, name string) (time.Time, bool) {
	stamp, ok := strings.CutPrefix(name, base+CorruptSuffix)
	if !ok {
		return time.Time{}, false
	}
	at, err := time.Parse(timeLayout, stamp)
	return at, err == nil
}

// MoveCorrupt moves the local store at path away, its WAL with it. The caller is the only front on
// it and has not opened it.
//
// If we crash in here, either nothing has moved, or the file PATH.set-aside is there and FinishMove
// moves the rest. Until then no process opens what is left at path, so that no old WAL ever meets a
// new file.
func MoveCorrupt(path string, now time.Time) (CorruptStore, error) {
	path = RealPath(path)
	if err := refuseInUse(path); err != nil {
		return CorruptStore{}, err
	}
	now = now.UTC().Truncate(time.Second)
	name := func() string { return filepath.Base(path) + CorruptSuffix + now.Format(timeLayout) }
	for Exists(filepath.Join(filepath.Dir(path), name())) {
		now = now.Add(time.Second) // another one was moved in the same second
	}
	if err := files.Write(path+moveSuffix, []byte(name()), 0o600); err != nil {
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

// FinishMove moves what a MoveCorrupt that ended early has left at path; without one it does
// nothing. A front calls it before it looks at the store.
func FinishMove(path string) error {
	path = RealPath(path)
	name, err := files.Read(path+moveSuffix, maxNote)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if _, ok := corruptTime(filepath.Base(path), string(name)); !ok {
		return fmt.Errorf("store: %s holds no name of a corrupt store: look at it, and remove it", path+moveSuffix)
	}
	target := filepath.Join(filepath.Dir(path), string(name))
	for _, suffix := range Suffixes {
		if Exists(path+suffix) && !Exists(target+suffix) {
			if err := os.Rename(path+suffix, target+suffix); err != nil {
				return fmt.Errorf("store: %w", err)
			}
		}
	}
	if err := CreatePrivate(target); err != nil { // ListCorrupt finds a WAL without its file by the file's name
		return fmt.Errorf("store: %w", err)
	}
	// The renames must be durable before PATH.set-aside goes: else a crash would leave a half-moved
	// store that looks whole.
	if err := SyncFolder(path); err != nil {
		return err
	}
	if err := os.Remove(path + moveSuffix); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return SyncFolder(path)
}

// RefuseHalfMoved is an error while a move is not finished: only the front that finishes it may open
// the store.
func RefuseHalfMoved(path string) error {
	if Exists(path + moveSuffix) {
		return fmt.Errorf("store: %s is damaged and not yet moved away: start the front, which finishes that, and try again", path)
	}
	return nil
}

// refuseInUse is an error while another process has the store open. It asks for a lock that every
// open connection of SQLite denies (a connection keeps a shared lock in WAL mode). A process whose
// files are moved away while it uses them could write an old WAL's pages into a new file.
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
		return fmt.Errorf("store: %s is damaged and has to be moved away, but another process has it open: end that first (%w)", path, err)
	}
	return nil
}

// RealPath is the name of a local store without symbolic links, as SQLite resolves it: the WAL is
// beside the file, not beside a link to it, and a store has one lock for all names that it is opened by.
func RealPath(path string) string {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		return target
	}
	if dir, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil { // the file is not there yet
		return filepath.Join(dir, filepath.Base(path))
	}
	return path
}

// FileOf is RealPath for a process that may write to the store. Root follows the links of root alone: the daemon's user owns the folder,
// and could lead what a command of root does to any file of the machine.
func FileOf(path string) (string, error) {
	if os.Geteuid() != 0 {
		return RealPath(path), nil
	}
	target, err := files.BehindLinks(path, 0)
	if foreign, is := errors.AsType[*files.ForeignLinkError](err); is {
		return "", fmt.Errorf("store: %s is a symbolic link that root does not own, and root does not follow it: "+
			"run the command as the front's user, or name the file itself as store.path", foreign.Path)
	}
	if err != nil {
		return "", fmt.Errorf("store: %w", err)
	}
	if folder, err := filepath.EvalSymlinks(filepath.Dir(target)); err == nil {
		target = filepath.Join(folder, filepath.Base(target))
	}
	return target, nil
}

// Exists reports whether there is a file, or a link, of that name.
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
