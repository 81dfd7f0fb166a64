package trial

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/tradefront/tradefront/internal/files"
	"github.com/tradefront/tradefront/internal/loadtest"
)

// answersRoom is how many bytes of lines wait for the next second at most.
const answersRoom = 64 << 10

// answersFile gets one line of JSON for each login that was answered, whole lines at a time and once a second at least.
//
// Crash here: the file has the lines up to the last second.
type answersFile struct {
	file   *os.File
	lines  bytes.Buffer
	failed error // the first; nothing is written after it
}

// createAnswers begins the file anew, in place of an earlier one of its kind.
func createAnswers(path string) (*answersFile, error) {
	if err := replaceableAnswers(path); err != nil {
		return nil, err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("--answers: %w", err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("--answers: %w", err)
	}
	return &answersFile{file: file}, nil
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
		_, a.failed = a.file.Write(a.lines.Bytes())
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

// replaceableAnswers refuses a file that is there and has no answers: a slip of the hand must not take a key.
func replaceableAnswers(path string) error {
	head, err := headOf(path)
	switch {
	case err != nil:
		return fmt.Errorf("--answers: %w", err)
	case len(head) == 0 || bytes.HasPrefix(head, []byte(`{"record_id":"`)):
		return nil
	}
	return fmt.Errorf("--answers: %s is there, and has no answers of a load test; name another file", path)
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
