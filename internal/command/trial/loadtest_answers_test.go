package trial

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/loadtest/result"
)

// TestAnswersOfARunThatGoesOnStay: another run refuses their file before it begins, and takes its place once the run has ended.
func TestAnswersOfARunThatGoesOnStay(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.ndjson")
	first, err := createAnswers(path)
	if err != nil {
		t.Fatal(err)
	}
	first.add(&result.Answer{RecordID: "x"})
	first.flush()
	if err := checkAnswers(path); err == nil || !strings.Contains(err.Error(), "another run writes "+path) {
		t.Errorf("%v", err)
	}
	if _, err := createAnswers(path); err == nil {
		t.Error("two runs write one file")
	}
	if text, err := os.ReadFile(path); err != nil || !bytes.HasPrefix(text, []byte(`{"record_id":"x"`)) {
		t.Errorf("%q, %v", text, err)
	}
	if err := first.close(); err != nil {
		t.Fatal(err)
	}
	if err := checkAnswers(path); err != nil {
		t.Error(err)
	}
}

// fullDisk has room for so many bytes.
type fullDisk struct {
	bytes.Buffer
	room int
}

var errFull = errors.New("no space left")

func (f *fullDisk) Write(b []byte) (int, error) {
	if room := f.room - f.Len(); len(b) > room {
		n, _ := f.Buffer.Write(b[:room])
		return n, errFull
	}
	return f.Buffer.Write(b)
}

func (f *fullDisk) Truncate(size int64) error { f.Buffer.Truncate(int(size)); return nil }
func (f *fullDisk) Sync() error               { return nil }
func (f *fullDisk) Close() error              { return nil }

// TestAnswersOnAFullDiskAreWholeLines: a part of a line would make the file one that no comparison reads.
func TestAnswersOnAFullDiskAreWholeLines(t *testing.T) {
	t.Parallel()
	line := &answersFile{file: &fullDisk{room: 1 << 20}}
	line.add(&result.Answer{RecordID: "x"})
	length := line.lines.Len()
	disk := &fullDisk{room: 3*length + length/2}
	a := &answersFile{file: disk}
	for range 2 {
		a.add(&result.Answer{RecordID: "x"})
		a.flush()
	}
	for range 3 {
		a.add(&result.Answer{RecordID: "x"})
	}
	if err := a.close(); !errors.Is(err, errFull) {
		t.Errorf("%v", err)
	}
	if text := disk.String(); len(text) != 3*length || !strings.HasSuffix(text, "}\n") {
		t.Errorf("%d bytes of %d a line: %q", len(text), length, text)
	}
}

// TestNoOneFileOfAnswersLosesNoResult: what was measured is kept, and says where the answers are.
func TestNoOneFileOfAnswersLosesNoResult(t *testing.T) {
	t.Parallel()
	l := loadtestRun{answers: filepath.Join(t.TempDir(), "a.ndjson"), share: loadtestShare{generators: 2}}
	if err := os.WriteFile(l.answersOf(0), []byte("{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(l.answersOf(1), 0o700); err != nil { // what cannot be read
		t.Fatal(err)
	}
	found, err := l.withAnswers(&result.Result{Counts: result.Counts{LoggedIn: 7}}, nil)
	if err != nil || found == nil || found.Counts.LoggedIn != 7 || !strings.Contains(found.Unproven, l.answersOf(0)+" to "+l.answersOf(1)) {
		t.Errorf("%+v, %v", found, err)
	}
	if _, err := os.Stat(l.answersOf(0)); err != nil {
		t.Error(err)
	}
	if _, err := l.withAnswers(nil, errFull); !errors.Is(err, errFull) {
		t.Errorf("%v", err)
	}
}

// TestGeneratorsReplaceAnswersAlone: also of files that are named as the generators' own would be, and no answers of an earlier run stay
// that a comparison would take for those of this one.
func TestGeneratorsReplaceAnswersAlone(t *testing.T) {
	t.Parallel()
	l := loadtestRun{answers: filepath.Join(t.TempDir(), "a.ndjson"), share: loadtestShare{generators: 2}}
	for path, text := range map[string]string{l.answers: `{"record_id":"x"}`, l.answersOf(0): `{"record_id":"x"}`, l.answersOf(1): "a key"} {
		if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.removeAnswers(); err == nil || !strings.Contains(err.Error(), l.answersOf(1)+" is there, and has no answers") {
		t.Errorf("%v", err)
	}
	if text, err := os.ReadFile(l.answersOf(1)); err != nil || string(text) != "a key\n" {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := os.Stat(l.answers); err == nil {
		t.Error("answers of an earlier run stay")
	}
}
