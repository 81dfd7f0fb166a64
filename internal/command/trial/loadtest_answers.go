package trial

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"github.com/tradefront/tradefront/internal/files"
	"github.com/tradefront/tradefront/internal/loadtest"
)

// answersRoom is how many bytes of lines wait for the next second at most.
const answersRoom = 64 << 10

// answersFile gets one line of JSON for each login that was answered, whole lines at a time and once a second at least.
//
// Crash here: the file has the lines up to the last second.
type answersFile struct {
	file   linesFile
	lines  bytes.Buffer
	size   int64 // of the whole lines that it has
	failed error // the first; nothing is written after it
}

// linesFile is what an answersFile needs of an *os.File.
type linesFile interface {
	io.WriteCloser
	Truncate(size int64) error
	Sync() error
}

// createAnswers begins the file anew, in place of an earlier one of its kind.
func createAnswers(path string) (*answersFile, error) {
	if err := removeAnswers(path); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("--answers: %w", err)
	}
	_ = unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB) // a file system without locks has no test for two runs
	return &answersFile{file: file}, nil
}

// removeAnswers removes the file of an earlier run, and no other.
func removeAnswers(path string) error {
	if err := replaceableAnswers(path); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("--answers: %w", err)
	}
	return nil
}

func (a *answersFile) add(answer *loadtest.Answer) {
	if err := json.NewEncoder(&a.lines).Encode(answer); a.failed == nil {
		a.failed = err
	}
	if a.lines.Len() >= answersRoom {
		a.flush()
	}
}

func (a *answersFile) flush() {
	if a.failed == nil {
		n, err := a.file.Write(a.lines.Bytes())
		a.size += int64(bytes.LastIndexByte(a.lines.Bytes()[:n], '\n') + 1)
		if err != nil {
			a.failed = errors.Join(err, a.file.Truncate(a.size)) // a part of a line could not be read
		}
	}
	a.lines.Reset()
}

// hooks adds the file to those of a run.
func (a *answersFile) hooks(h loadtest.Hooks) loadtest.Hooks {
	watch := h.Watch
	h.Answered = a.add
	h.Watch = func(s loadtest.Status) {
		a.flush()
		if watch != nil {
			watch(s)
		}
	}
	return h
}

// close makes the file durable, and says if it lacks a line.
func (a *answersFile) close() error {
	a.flush()
	if err := errors.Join(a.failed, a.file.Sync(), a.file.Close()); err != nil {
		return fmt.Errorf("--answers lacks logins that were answered: %w", err)
	}
	return nil
}

// checkAnswers refuses before the run what could not be written after it.
func checkAnswers(path string) error {
	if path == "" {
		return nil
	}
	if err := replaceableAnswers(path); err != nil {
		return err
	}
	return checkFolder("--answers", path)
}

// replaceableAnswers refuses a file that is there and has no answers, since a slip of the hand must not take a key, and one that another run
// writes, whose answers would be lost.
func replaceableAnswers(path string) error {
	head, err := headOf(path)
	switch {
	case err != nil:
		return fmt.Errorf("--answers: %w", err)
	case len(head) > 0 && !bytes.HasPrefix(head, []byte(`{"record_id":"`)):
		return fmt.Errorf("--answers: %s is there, and has no answers of a load test; name another file", path)
	case isWritten(path):
		return fmt.Errorf("--answers: another run writes %s; name another file", path)
	}
	return nil
}

// isWritten reports whether a run that goes on writes the answers at path.
func isWritten(path string) bool {
	f, err := files.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	return errors.Is(unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB), unix.EWOULDBLOCK)
}

// headOf is what a file begins with; nothing of one that is not there.
func headOf(path string) ([]byte, error) {
	f, err := files.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, 4096))
}

// checkFolder refuses a path in whose folder no file can be made.
func checkFolder(flag, path string) error {
	f, err := files.Create(path, 0o600)
	if err != nil {
		return fmt.Errorf("%s: %w", flag, err)
	}
	return f.Cleanup()
}
